/** What one authoritative server says of an owner of TLSA records. */
import {
  DnsError,
  decodeSoa,
  decodeTlsa,
  type Name,
  RRType,
  rcodeToText,
  type TlsaData,
} from '@mailanchor/dns';
import type { AuthoritativeServer, ServerAnswer, SpokenAnswer } from '@mailanchor/smtp';
import { sameTlsaSet, tlsaSetText, tlsaText } from './tlsa-set.ts';

/** One server, by one of its addresses. */
export interface ServerView {
  /** Of its NS record, with a trailing dot. */
  readonly name: string;
  /** Null where the name has none that is asked. */
  readonly address: string | null;
  /**
   * `has-it`: exactly the RRset, and its signature validates. `differs`: answers something else. `unsigned`: no chain of trust leads there.
   * `bogus`: what it answers does not validate. `no-answer`: silent, refusing or without the zone. `not-asked`: no way to it from here, no time.
   */
  readonly state: 'has-it' | 'differs' | 'unsigned' | 'bogus' | 'no-answer' | 'not-asked';
  /** Of the zone, as the server has it. */
  readonly serial: number | null;
  /** TLSA records that it answers with, as in a master file; null where it does not speak of the name, or they cannot be read. */
  readonly records: readonly string[] | null;
  /** What it answers, or why there is no answer. */
  readonly text: string;
}

export function viewOf(
  server: AuthoritativeServer,
  answers: readonly ServerAnswer[],
  owner: Name,
  expected: readonly TlsaData[],
): ServerView {
  const own = answers.filter((answer) => answer.server === server);
  const soa = own.find(({ type }) => type === RRType.SOA);
  const answer = own.find(({ type, name }) => type === RRType.TLSA && name.equals(owner));
  const view = {
    name: server.name.toString(),
    address: server.address,
    serial: (soa && serialOf(soa)) ?? null,
  };
  // A server that does not have the zone is asked for nothing more: its answer for the SOA says why.
  return { ...view, ...stateOf(answer ?? soa, answer !== undefined, expected) };
}

function stateOf(
  answer: ServerAnswer | undefined,
  isForTlsa: boolean,
  expected: readonly TlsaData[],
): Pick<ServerView, 'state' | 'text' | 'records'> {
  const records = null;
  if (answer === undefined) return { state: 'not-asked', records, text: 'not asked' };
  switch (answer.outcome) {
    case 'not-asked':
      return { state: 'not-asked', records, text: answer.text };
    case 'silent':
      return { state: 'no-answer', records, text: answer.text };
    case 'refused':
      return { state: 'no-answer', records, text: `answers ${rcodeToText(answer.rcode)}` };
    case 'referral':
      return { state: 'no-answer', records, text: 'sends elsewhere' };
    case 'alias':
      return { state: 'differs', records, text: 'has an alias there' };
    default:
      return isForTlsa && answer.authoritative
        ? spokenState(answer, expected)
        : { state: 'no-answer', records, text: 'does not have the zone' };
  }
}

function spokenState(
  { records, status, reason }: SpokenAnswer,
  expected: readonly TlsaData[],
): Pick<ServerView, 'state' | 'text' | 'records'> {
  const found = records.map(({ rdata }) => tryDecode(rdata));
  const whole = found.filter((record) => record !== undefined);
  const texts = whole.length === found.length ? whole.map(tlsaText) : null;
  const has = `has ${setText(found)}`;
  const why = reason ? `: ${reason.text}` : '';
  const told = (state: ServerView['state'], text: string) => ({ state, records: texts, text });
  if (status === 'bogus') return told('bogus', `${has}, bogus${why}`);
  if (status === 'insecure') return told('unsigned', `${has}, not signed${why}`);
  if (status !== 'secure') return told('not-asked', `${has}, not validated${why}`);
  return told(isExactly(found, expected) ? 'has-it' : 'differs', has);
}

/** A name server of which nobody knows where it is. */
export function withoutAddress(name: Name): ServerView {
  return {
    name: name.toString(),
    address: null,
    state: 'no-answer',
    serial: null,
    records: null,
    text: 'its name has no address that can be asked from here',
  };
}

/** `ns2.example.org (192.0.2.2): has no TLSA records, serial 12, elsewhere 15` */
export function viewText({ name, address, serial, text }: ServerView, newest: number | undefined): string {
  const behind =
    serial === null
      ? ''
      : serial === newest
        ? `, serial ${serial}`
        : `, serial ${serial}, elsewhere ${newest}`;
  return `${name.replace(/(.)\.$/, '$1')}${address === null ? '' : ` (${address})`}: ${text}${behind}`;
}

export function newestSerial(servers: readonly ServerView[]): number | undefined {
  let newest: number | undefined;
  for (const { serial } of servers) {
    // Serials are compared around the clock (rfc1982#section-3).
    if (serial !== null && (newest === undefined || ((serial - newest) | 0) > 0)) newest = serial;
  }
  return newest;
}

function serialOf(answer: ServerAnswer): number | undefined {
  if (answer.outcome !== 'answer' || answer.type !== RRType.SOA || !answer.authoritative) return undefined;
  const [soa] = answer.records;
  try {
    return soa && decodeSoa(soa.rdata).serial;
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}

/** Undefined for data that is too short to be a TLSA record. */
export function tryDecode(rdata: Uint8Array): TlsaData | undefined {
  try {
    return decodeTlsa(rdata);
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}

export function isExactly(
  records: readonly (TlsaData | undefined)[],
  expected: readonly TlsaData[],
): boolean {
  const whole = records.filter((record) => record !== undefined);
  return whole.length === records.length && sameTlsaSet(whole, expected);
}

export function setText(records: readonly (TlsaData | undefined)[]): string {
  const whole = records.filter((record) => record !== undefined);
  return whole.length === records.length ? tlsaSetText(whole) : 'TLSA records that cannot be read';
}
