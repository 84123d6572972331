/**
 * A resolution as the DNS response that a client gets. Pure: what may be claimed to whom is decided here and nowhere else.
 *
 * AD only for what is secure, and only to a client that knows the bit (rfc6840#section-5.7, rfc6840#section-5.8). Signatures and proofs
 * only to a client that asks for them (rfc4035#section-3.2.1). Bogus data never, unless the client says that it checks for itself (CD).
 */
import {
  type Edns,
  encodeExtendedError,
  type Message,
  type Name,
  type Question,
  Rcode,
  type ResourceRecord,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import type { Reason, Resolution, UncheckedAnswer } from '@mailanchor/dnssec';

export interface Response {
  readonly message: Message;
  /** Seconds for which it answers others that ask the same; 0: for nobody else. */
  readonly ttl: number;
}

/** Octets of an explanation: a sentence, not a page, and the response stays small. */
const MAX_TEXT = 160;
/** Seconds that a failure is remembered at least (RFC 9520: a failure is not asked for again at once). */
const MIN_FAILURE_TTL = 1;
/** Seconds that unchecked data is kept at most: nobody vouches for it. */
const MAX_UNCHECKED_TTL = 60;

const DNSSEC_TYPES: ReadonlySet<number> = new Set([RRType.RRSIG, RRType.NSEC, RRType.NSEC3]);
const DENIAL_TYPES: ReadonlySet<number> = new Set([RRType.SOA, RRType.NSEC, RRType.NSEC3, RRType.RRSIG]);

/** The response to a client without CD. */
export function respond(query: Message, question: Question, resolution: Resolution): Response {
  const { status, rcode, reason } = resolution;
  const wantsProof = query.edns?.do ?? false;
  if (resolution.kind === 'failure') {
    const { ttl, overlong = [] } = resolution;
    // What a DNAME makes too long a name of is no answer, but the DNAME is told (rfc6672#section-3.1).
    const answers = shown(overlong, question, wantsProof, ttl);
    const message = responseTo(query, { ra: true, rcode, answers, ...explanation(reason) });
    return { message, ttl: Math.max(MIN_FAILURE_TTL, ttl) };
  }
  const negative = resolution.kind !== 'answer' || rcode === Rcode.NXDOMAIN;
  const answers = shown(resolution.answer, question, wantsProof, resolution.ttl);
  // Of an answer only the proof that a wildcard gave it belongs to it; of a denial the SOA tells how long it holds (rfc2308#section-3).
  const authorities = shown(resolution.authority, question, wantsProof, resolution.ttl).filter(({ type }) =>
    negative ? DENIAL_TYPES.has(type) : wantsProof && DNSSEC_TYPES.has(type),
  );
  const message = responseTo(query, {
    ra: true,
    ad: status === 'secure' && (wantsProof || query.ad),
    cd: false,
    rcode,
    answers,
    authorities,
    ...explanation(reason),
  });
  return { message, ttl: leastTtl(message, resolution.ttl) };
}

/** The response to a client with CD, or to what nobody can prove: as the servers say it, AD never set (rfc4035#section-3.2.2, rfc4035#section-3.2.3). */
export function respondUnchecked(query: Message, question: Question, unchecked: UncheckedAnswer): Response {
  const wantsProof = query.edns?.do ?? false;
  const { rcode, reason } = unchecked;
  const maxTtl = Math.min(MAX_UNCHECKED_TTL, unchecked.ttl);
  const message = responseTo(query, {
    ra: true,
    ad: false,
    cd: query.cd,
    rcode,
    answers: shown(unchecked.answer, question, wantsProof, maxTtl),
    authorities: shown(unchecked.authority, question, wantsProof, maxTtl).filter(({ type }) =>
      DENIAL_TYPES.has(type),
    ),
    ...explanation(reason),
  });
  return { message, ttl: leastTtl(message, maxTtl) };
}

function explanation(reason: Reason | undefined): { edns?: Partial<Edns> } {
  if (!reason) return {};
  return { edns: { options: [encodeExtendedError(reason.ede, short(reason.text))] } };
}

/** Names within are ASCII already; whatever else there is must not be cut in the middle of a character. */
function short(text: string): string {
  if (Buffer.byteLength(text) <= MAX_TEXT) return text;
  let cut = text.slice(0, MAX_TEXT - 3);
  while (Buffer.byteLength(cut) > MAX_TEXT - 3) cut = cut.slice(0, -1);
  return `${cut.replace(/[\ud800-\udbff]$/, '')}...`;
}

function shown(
  records: readonly ResourceRecord[],
  question: Question,
  wantsProof: boolean,
  maxTtl: number,
): ResourceRecord[] {
  const result: ResourceRecord[] = [];
  for (const record of records) {
    if (!wantsProof && record.type !== question.type && DNSSEC_TYPES.has(record.type)) continue;
    // The question's own spelling of its name: what a client that varies letter case expects, and the shortest encoding.
    const name: Name = record.name.equals(question.name) ? question.name : record.name;
    result.push({ ...record, name, ttl: Math.min(record.ttl, maxTtl) });
  }
  return result;
}

function leastTtl({ answers, authorities }: Message, limit: number): number {
  let ttl = limit;
  for (const record of answers) ttl = Math.min(ttl, record.ttl);
  for (const record of authorities) ttl = Math.min(ttl, record.ttl);
  // Nothing that says how long it holds: for nobody but the asker.
  return answers.length + authorities.length === 0 ? Math.min(ttl, 1) : ttl;
}
