/** What a server's signed answers mean: to a question for the records, and to an update. */
import {
  DnsError,
  decodeTlsa,
  type Message,
  type Name,
  Rcode,
  RRType,
  rcodeToText,
  type SignedReply,
  type TlsaData,
  TsigError,
  type TsigKey,
} from '@mailanchor/dns';
import { durationText } from './duration-text.ts';
import type { PublishOutcome, TlsaChange } from './publisher.ts';

/** What the primary server itself has at the owner. */
export type Seen =
  | { readonly kind: 'records'; readonly records: readonly TlsaData[]; readonly ttl: number | undefined }
  /** An alias stands there, or the name lies in a zone below: TLSA records do not belong there. */
  | { readonly kind: 'elsewhere'; readonly text: string }
  /** It does not take our signature: then it takes no update either. */
  | { readonly kind: 'refused'; readonly text: string }
  /** It does not say: only updates may be allowed. */
  | { readonly kind: 'unknown' };

export function readSeen({ message, verdict }: SignedReply, change: TlsaChange, key: TsigKey): Seen {
  if (verdict.kind === 'rejected') return { kind: 'refused', text: rejectedText(verdict, key) };
  if (verdict.kind !== 'signed') return { kind: 'unknown' };
  const { owner, zone } = change;
  const { rcode, aa, answers, authorities } = message;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return { kind: 'unknown' };
  const alias = answers.find(
    ({ type, name }) =>
      (type === RRType.CNAME && name.equals(owner)) || (type === RRType.DNAME && owner.isBelow(name)),
  );
  if (alias) {
    const kind = alias.type === RRType.CNAME ? 'CNAME' : 'DNAME';
    return {
      kind: 'elsewhere',
      text: `${alias.name} is an alias (${kind}): TLSA records belong where it points`,
    };
  }
  const cut = authorities.find(({ type, name }) => type === RRType.NS && name.isBelow(zone));
  if (!aa && cut && owner.isAtOrBelow(cut.name))
    return { kind: 'elsewhere', text: `${owner} lies in the zone ${cut.name}, which ${zone} delegates` };
  if (!aa) return { kind: 'unknown' };
  return readRecords(message, owner);
}

function readRecords({ answers }: Message, owner: Name): Seen {
  const own = answers.filter(({ type, name }) => type === RRType.TLSA && name.equals(owner));
  try {
    return { kind: 'records', records: own.map(({ rdata }) => decodeTlsa(rdata)), ttl: own[0]?.ttl };
  } catch (error) {
    // Records that cannot be read are none that we expect: the prerequisite decides.
    if (error instanceof DnsError) return { kind: 'unknown' };
    throw error;
  }
}

/** What became of an update. `unmet`: its prerequisites did not hold, and what stands there now decides. */
export type UpdateReply =
  | Exclude<PublishOutcome, { kind: 'unchanged' | 'conflict' }>
  | { readonly kind: 'unmet' };

const UNMET: ReadonlySet<number> = new Set([Rcode.NXRRSET, Rcode.YXRRSET, Rcode.NXDOMAIN, Rcode.YXDOMAIN]);

export function readUpdateReply(
  { message, verdict }: SignedReply,
  { zone, owner }: TlsaChange,
  key: TsigKey,
): UpdateReply {
  const { rcode } = message;
  const said = rcodeToText(rcode);
  if (verdict.kind === 'rejected') return { kind: 'refused', text: rejectedText(verdict, key) };
  if (verdict.kind === 'bad')
    return { kind: 'failed', text: `its answer (${said}) proves nothing: ${verdict.text}` };
  const name = keyName(key);
  const refusals: Readonly<Record<number, string>> = {
    [Rcode.REFUSED]: `the key ${name} may not change ${owner} TLSA there, or updates are not allowed at all (REFUSED)`,
    [Rcode.NOTAUTH]: `it is not the primary server of the zone ${zone}, or the key ${name} may not change it (NOTAUTH)`,
    [Rcode.NOTZONE]: `${owner} does not lie in the zone ${zone} (NOTZONE)`,
    [Rcode.NOTIMP]: 'it takes no updates (NOTIMP)',
    [Rcode.FORMERR]: 'it cannot read the update (FORMERR)',
  };
  const refusal = refusals[rcode];
  if (verdict.kind === 'unsigned') {
    // What PowerDNS says to a key, a secret or a time that does not fit.
    if (rcode === Rcode.REFUSED)
      return {
        kind: 'refused',
        text: `it refuses and does not say why (REFUSED, without signature): look at the key ${name} and its secret, the clock of this machine, and what the key may change`,
      };
    // Without a signature anybody on the way may have said it: a refusal is told on, a success is not believed.
    return refusal
      ? { kind: 'refused', text: `${refusal}, in an answer without signature` }
      : { kind: 'failed', text: `its answer (${said}) is not signed and proves nothing` };
  }
  if (rcode === Rcode.NOERROR) return { kind: 'done' };
  if (UNMET.has(rcode)) return { kind: 'unmet' };
  return refusal ? { kind: 'refused', text: refusal } : { kind: 'failed', text: `it answered ${said}` };
}

function rejectedText(
  { error, text, skewSeconds }: Extract<SignedReply['verdict'], { kind: 'rejected' }>,
  key: TsigKey,
): string {
  const name = keyName(key);
  if (error === TsigError.BADKEY) return `it has no key ${name} for ${key.algorithm} (BADKEY)`;
  if (error === TsigError.BADSIG) return `its secret of the key ${name} is another one (BADSIG)`;
  if (error !== TsigError.BADTIME) return `it does not take the signature of the key ${name} (${text})`;
  if (skewSeconds === undefined) return 'the clocks differ by more than 5 minutes (BADTIME)';
  const by = durationText(Math.abs(skewSeconds));
  return `the clock of this machine is ${by} ${skewSeconds > 0 ? 'behind' : 'ahead of'} the server's (BADTIME)`;
}

function keyName({ name }: TsigKey): string {
  return name.toString().replace(/\.$/, '');
}
