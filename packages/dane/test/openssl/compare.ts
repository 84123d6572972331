/** Our verdict and OpenSSL's in the same terms, and which differences are decided. */
import { createHash } from 'node:crypto';
import { Certificate, type DaneVerdict, type TlsaRecord } from '../../src/index.ts';
import { type Judgement, judgeDane } from '../../src/judgement.ts';
import type { MismatchReason } from '../../src/path-rules.ts';
import { importPublicKey } from '../../src/public-key.ts';
import { weakDigest, weakKey } from '../../src/signature.ts';
import type { DaneCase } from './cases.ts';
import type { Peer, PeerCase, PeerVerdict } from './peer.ts';

/** X509_V_ERR_* in the words of a mismatch. */
const REASONS: Readonly<Record<number, MismatchReason>> = {
  1: 'untrusted', // unspecified
  2: 'untrusted', // unable to get issuer certificate
  6: 'bad-signature', // unable to decode issuer public key
  7: 'bad-signature',
  9: 'not-yet-valid',
  10: 'expired',
  13: 'untrusted', // notBefore cannot be read
  14: 'untrusted', // notAfter cannot be read
  18: 'untrusted', // self-signed certificate
  19: 'untrusted', // self-signed certificate in chain
  20: 'untrusted', // unable to get local issuer certificate
  21: 'untrusted', // unable to verify the first certificate
  22: 'untrusted', // chain too long
  25: 'path-length',
  26: 'purpose',
  32: 'not-a-ca', // key usage does not include certificate signing
  34: 'untrusted', // unhandled critical extension
  40: 'untrusted', // proxy certificates not allowed
  41: 'untrusted', // invalid or inconsistent certificate extension
  47: 'name-constraint',
  48: 'name-constraint',
  49: 'name-constraint', // minimum and maximum
  51: 'name-constraint', // unsupported type
  52: 'name-constraint', // unsupported syntax of the constraint
  53: 'name-constraint', // unsupported syntax of the name
  62: 'name-mismatch',
  65: 'no-match',
  66: 'untrusted', // EE certificate key too weak
  67: 'bad-signature', // CA certificate key too weak
  68: 'bad-signature', // CA signature digest algorithm too weak
  79: 'not-a-ca',
  94: 'untrusted', // explicit EC parameters
};

/** One line that says all that must be alike. */
export type Outcome = string;

export function ourOutcome(verdict: DaneVerdict): Outcome {
  if (verdict.kind === 'match') return `match ${verdict.depth} by record ${verdict.record}`;
  if (verdict.kind === 'unusable') return 'unusable';
  return `${verdict.reason} ${verdict.depth}`;
}

export function peerOutcome(verdict: PeerVerdict): Outcome {
  if (verdict.kind !== 'judged') return verdict.kind;
  const { code, depth, record } = verdict;
  if (code === 0) return `match ${depth} by record ${record}`;
  return `${REASONS[code] ?? `error ${code}`} ${depth}`;
}

export interface Difference {
  readonly one: DaneCase;
  readonly ours: Outcome;
  readonly theirs: Outcome;
  readonly text: string;
}

export interface Comparison {
  readonly cases: number;
  readonly alike: number;
  /** outcome by kind of word, of OpenSSL */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly decided: ReadonlyMap<string, readonly Difference[]>;
  readonly undecided: readonly Difference[];
}

interface Judged {
  readonly one: DaneCase;
  readonly judgement: Judgement;
  readonly theirs: PeerVerdict;
}

interface Explanation {
  readonly without: PeerCase;
  /** what it must come to, if not what ours is */
  readonly outcome?: Outcome;
}

/**
 * A difference that is meant: `holds` says when it may be, and `explain`, if there, makes the case without what is decided, on
 * which OpenSSL must come to our outcome.
 */
interface Decision {
  readonly name: string;
  readonly holds: (judged: Judged) => boolean;
  readonly explain?: (judged: Judged) => Explanation;
}

const accepted = ({ theirs }: Judged): boolean => theirs.kind === 'judged' && theirs.code === 0;
const refusedFor = ({ judgement: { verdict } }: Judged, reason: MismatchReason): boolean =>
  verdict.kind === 'mismatch' && verdict.reason === reason;
const leafOf = ({ one }: Judged): Certificate | undefined => Certificate.tryParse(one.chain[0]!);

const isBareKey = ({ usage, selector, matching }: TlsaRecord): boolean =>
  usage === 2 && selector === 1 && matching === 0;

/** The documented ones: README.md, "Beside OpenSSL". */
const DECISIONS: readonly Decision[] = [
  {
    name: 'OpenSSL crashes',
    holds: ({ theirs }) => theirs.kind === 'crashed',
  },
  {
    // OpenSSL goes up one way and never back; given our path alone, it must accept it.
    name: 'another path is good',
    holds: (judged) => judged.judgement.verdict.kind === 'match' && !accepted(judged),
    explain: ({ one, judgement: { path, verdict } }) => {
      const chain = path.map(({ der }) => der);
      const top = chain.at(-1)!;
      const record = verdict.kind === 'match' ? one.records[verdict.record] : undefined;
      if (record && record.usage >= 2) return { without: { ...one, chain, records: [record], ca: [] } };
      // A given CA comes before the certificates that were sent, whatever its key: the anchor is named by a record instead.
      const digest = createHash('sha256').update(top).digest();
      const records = [{ usage: 2, selector: 0, matching: 1, data: digest }];
      return { without: { ...one, chain, records, ca: [] }, outcome: `match ${chain.length - 1}` };
    },
  },
  {
    name: 'step-up is not serverAuth',
    holds: (judged) =>
      refusedFor(judged, 'purpose') && judged.one.twists.some((twist) => twist.includes('EKU step-up')),
  },
  {
    name: 'name constraints hold for a wildcard common name',
    holds: (judged) =>
      refusedFor(judged, 'name-constraint') &&
      leafOf(judged)?.dnsNames.length === 0 &&
      (leafOf(judged)?.commonNames.some((name) => name.startsWith('*.')) ?? false),
  },
  {
    name: 'an excluded host is excluded from wildcards',
    holds: (judged) =>
      refusedFor(judged, 'name-constraint') &&
      (leafOf(judged)?.dnsNames.some((name) => name.startsWith('*.')) ?? false),
  },
  {
    name: 'unreadable names are no reason to go by the common name',
    holds: (judged) =>
      refusedFor(judged, 'name-mismatch') && leafOf(judged)?.extensions.unreadableNames === true,
  },
  {
    name: 'a bare key must be strong',
    holds: ({ one, theirs, judgement: { verdict } }) => {
      const record = theirs.kind === 'judged' ? one.records[theirs.record ?? -1] : undefined;
      const key = record && isBareKey(record) ? importPublicKey(record.data) : null;
      return verdict.kind === 'mismatch' && key !== null && weakKey(key) !== undefined;
    },
  },
  {
    name: 'what a bare key signed must be readable, and signed with a strong digest',
    holds: ({ one, theirs, judgement: { verdict } }) => {
      const record = theirs.kind === 'judged' ? one.records[theirs.record ?? -1] : undefined;
      if (verdict.kind !== 'mismatch' || !record || !isBareKey(record)) return false;
      return one.chain
        .map((der) => Certificate.tryParse(der))
        .some(
          (certificate) =>
            certificate && (certificate.extensions.problems.length > 0 || weakDigest(certificate)),
        );
    },
  },
];

export const DECISION_NAMES: readonly string[] = DECISIONS.map(({ name }) => name);

interface Open {
  readonly difference: Difference;
  /** of the decision */
  readonly name: string;
  readonly explanation: Explanation | undefined;
}

export function compare(cases: readonly DaneCase[], peer: Peer): Comparison {
  const theirs = peer.judge(cases);
  const outcomes = new Map<string, number>();
  const decided = new Map<string, Difference[]>();
  const undecided: Difference[] = [];
  const open: Open[] = [];
  let alike = 0;
  for (const [n, one] of cases.entries()) {
    const judged: Judged = { one, judgement: judgeDane(one), theirs: theirs[n]! };
    const { verdict } = judged.judgement;
    const text = verdict.kind === 'mismatch' ? verdict.text : '';
    const difference = { one, ours: ourOutcome(verdict), theirs: peerOutcome(judged.theirs), text };
    const word = difference.theirs.split(' ')[0]!;
    outcomes.set(word, (outcomes.get(word) ?? 0) + 1);
    const decision = DECISIONS.find(({ holds }) => holds(judged));
    if (difference.ours === difference.theirs) alike++;
    else if (decision)
      open.push({ difference, name: decision.name, explanation: decision.explain?.(judged) });
    else undecided.push(difference);
  }
  const explained = peer.judge(open.flatMap(({ explanation }) => explanation?.without ?? []));
  let next = 0;
  for (const { difference, name, explanation } of open) {
    const again = explanation ? peerOutcome(explained[next++]!) : difference.ours;
    // Of a case with fewer records the number of the record is another.
    if (withoutRecord(again) !== (explanation?.outcome ?? withoutRecord(difference.ours)))
      undecided.push(difference);
    else decided.set(name, [...(decided.get(name) ?? []), difference]);
  }
  return { cases: cases.length, alike, outcomes, decided, undecided };
}

const withoutRecord = (outcome: Outcome): Outcome => outcome.replace(/ by record.*/, '');

/** For people who look into a difference. */
export function describeDifference({ one, ours, theirs, text }: Difference): string {
  const records = one.records
    .map(({ usage, selector, matching }) => `${usage} ${selector} ${matching}`)
    .join(', ');
  return [
    `case ${one.id}: ours ${ours}, OpenSSL's ${theirs}`,
    ...(text ? [`  ${text}`] : []),
    `  records ${records}; names ${one.names.join(', ')}; mode ${one.mode}${one.eeNames ? ', names for usage 3' : ''}`,
    ...one.twists.map((twist) => `  ${twist}`),
  ].join('\n');
}
