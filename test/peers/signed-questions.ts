/** The questions asked of every zone that others have signed, and what must come of each. */
import type { Question } from './compare.ts';
import { ZONES } from './signed-network.ts';

export type SignedQuestion = readonly [owner: string, type: string, signed: string, optOut?: string];

/**
 * Owner relative to the zone, type, and what must come of it. Where denial rests on a span that opt-out leaves open, the answer
 * is insecure (rfc5155#section-9.2): those have two columns.
 */
export const QUESTIONS: readonly SignedQuestion[] = [
  // Data
  ['', 'SOA', 'secure NOERROR'],
  ['', 'DNSKEY', 'secure NOERROR'],
  ['', 'MX', 'secure NOERROR'],
  ['mx', 'A', 'secure NOERROR'],
  ['mx', 'AAAA', 'secure NOERROR'],
  ['_25._tcp.mx', 'TLSA', 'secure NOERROR'],
  ['a\\.b', 'TXT', 'secure NOERROR'],
  ['sp\\032ace', 'TXT', 'secure NOERROR'],
  // No such type, also at empty names
  ['www', 'AAAA', 'secure NOERROR'],
  ['', 'TLSA', 'secure NOERROR'],
  ['', 'DS', 'secure NOERROR'],
  ['_tcp.mx', 'TLSA', 'secure NOERROR'],
  ['b.deep', 'A', 'secure NOERROR'],
  ['deep', 'TXT', 'secure NOERROR'],
  // No such name
  ['absent', 'A', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  ['_25._tcp.www', 'TLSA', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  ['x.y.z.absent', 'MX', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  ['a.b', 'TXT', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  // Wildcards
  ['any.wild', 'A', 'secure NOERROR', 'insecure NOERROR'],
  ['far.any.wild', 'MX', 'secure NOERROR', 'insecure NOERROR'],
  ['any.wild', 'TLSA', 'secure NOERROR', 'insecure NOERROR'],
  ['wild', 'A', 'secure NOERROR'],
  ['*.wild', 'A', 'secure NOERROR'],
  ['any.wildalias', 'A', 'secure NOERROR', 'insecure NOERROR'],
  // Aliases
  ['alias', 'A', 'secure NOERROR'],
  ['alias', 'CNAME', 'secure NOERROR'],
  ['alias2', 'A', 'secure NOERROR'],
  ['alias2', 'TLSA', 'secure NOERROR'],
  ['lost', 'A', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  ['x.dn', 'A', 'secure NOERROR'],
  ['y.dn', 'A', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  ['dn', 'A', 'secure NOERROR'],
  ['tochild', 'A', 'secure NOERROR'],
  ['toplain', 'A', 'insecure NOERROR'],
  // Zone cuts
  ['child', 'DS', 'secure NOERROR'],
  ['www.child', 'A', 'secure NOERROR'],
  ['_25._tcp.mx.child', 'TLSA', 'secure NOERROR'],
  ['absent.child', 'A', 'secure NXDOMAIN', 'insecure NXDOMAIN'],
  ['www.plain', 'A', 'insecure NOERROR'],
  ['_25._tcp.mx.plain', 'TLSA', 'insecure NOERROR'],
  ['_25._tcp.www.plain', 'TLSA', 'insecure NXDOMAIN'],
  ['plain', 'DS', 'secure NOERROR', 'insecure NOERROR'],
];

/** The question with its owner's full name. */
export function questionOf(zone: string, [owner, type]: SignedQuestion): Question {
  return [owner === '' ? `${zone}.` : `${owner}.${zone}.`, type];
}

/** Where the tool decides. */
const BY_TOOL: Readonly<Record<string, string>> = {
  // Under opt-out BIND makes no NSEC3 for an unsigned delegation and ldns makes one.
  'plain.ldns-optout. DS': 'secure NOERROR',
};

/** Why one answer of `zone` must be what it is. */
export function wanted(zone: string, [owner, type, signed, optOut = signed]: SignedQuestion): string {
  const { denial, expired } = ZONES[zone]!;
  // The DS of the zone is the root's to sign, whatever became of the zone's own signatures.
  if (expired && `${owner} ${type}` !== ' DS') return 'bogus';
  return BY_TOOL[`${owner}.${zone}. ${type}`] ?? (denial === 'opt-out' ? optOut : signed);
}
