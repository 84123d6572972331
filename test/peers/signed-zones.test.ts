/**
 * Zones signed by `dnssec-signzone` and by `ldns-signzone`, served by NSD: each question gets the status that the RFCs give it,
 * and Unbound agrees on status, rcode and records.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  agrees,
  type Comparison,
  compareWithUnbound,
  describeComparison,
  mailanchor,
  type RaisedNetwork,
} from './bed.ts';
import { raiseSignedNetwork, ZONES } from './signed-network.ts';
import { describeWithBed } from './with-bed.ts';

/**
 * Owner relative to the zone, type, and what must come of it. Where denial rests on a span that opt-out leaves open, the answer
 * is insecure (rfc5155#section-9.2): those have two columns.
 */
const QUESTIONS: readonly (readonly [owner: string, type: string, signed: string, optOut?: string])[] = [
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

/** Where the tool decides. */
const BY_TOOL: Readonly<Record<string, string>> = {
  // Under opt-out BIND makes no NSEC3 for an unsigned delegation and ldns makes one.
  'plain.ldns-optout. DS': 'secure NOERROR',
};

/** Why one answer of `zone` must be what it is. */
function wanted(zone: string, [owner, type, signed, optOut = signed]: (typeof QUESTIONS)[number]): string {
  const { denial, expired } = ZONES[zone]!;
  // The DS of the zone is the root's to sign, whatever became of the zone's own signatures.
  if (expired && `${owner} ${type}` !== ' DS') return 'bogus';
  return BY_TOOL[`${owner}.${zone}. ${type}`] ?? (denial === 'opt-out' ? optOut : signed);
}

describeWithBed('zones signed by others, served by NSD', () => {
  let raised: RaisedNetwork | undefined;
  let compared: ReadonlyMap<string, Comparison> = new Map();
  const full = (zone: string, owner: string): string => (owner === '' ? `${zone}.` : `${owner}.${zone}.`);

  beforeAll(async () => {
    raised = await raiseSignedNetwork();
    const questions = Object.keys(ZONES).flatMap((zone) =>
      QUESTIONS.map(([owner, type]) => [full(zone, owner), type] as const),
    );
    const answers = await compareWithUnbound(raised.network, questions);
    compared = new Map(answers.map((one) => [`${one.name} ${one.type}`, one]));
  });

  afterAll(() => raised?.lower());

  const zones = Object.entries(ZONES).map(([zone, signing]) => ({ zone, ...signing }));

  test.for(zones)('$zone ($algorithm): each question gets its status', ({ zone }) => {
    const got: Record<string, string> = {};
    const want: Record<string, string> = {};
    for (const question of QUESTIONS) {
      const key = `${full(zone, question[0])} ${question[1]}`;
      const { status, rcode } = compared.get(key)!.ours;
      got[key] = status === 'bogus' ? status : `${status} ${rcode}`;
      want[key] = wanted(zone, question);
    }
    expect(got).toEqual(want);
  });

  test.for(zones)('$zone: Unbound agrees', ({ zone }) => {
    const differing = [...compared.values()].filter(
      (one) => (one.name === `${zone}.` || one.name.endsWith(`.${zone}.`)) && !agrees(one),
    );
    expect(differing.map(describeComparison)).toEqual([]);
  });

  test.for([
    ['_25._tcp.mx.ldns-nsec3', 'TLSA', 0, 'secure', 'NOERROR'],
    ['absent.bind-optout', 'A', 0, 'insecure', 'NXDOMAIN'],
    ['www.bind-expired', 'A', 1, 'bogus', 'SERVFAIL'],
  ] as const)('the command: %s %s', async ([name, type, exit, status, rcode]) => {
    const run = await mailanchor(raised!.network, ['resolve', name, type, '--json']);
    expect(run.status).toBe(exit);
    expect(JSON.parse(run.stdout)).toMatchObject({ name: `${name}.`, type, status, rcode });
  });
});
