/** Cases of the findings on services that are found through SRV records; `findings.test.ts` runs them with the others. */
import { ee, leaf, type World } from './world.ts';

/** `_imaps._tcp.example.org` at mx.example.net:993, and `tlsa` there. */
export function srvZone(...more: string[]): string {
  return [
    '_imaps._tcp.example.org. 300 IN SRV 10 0 993 mx.example.net.',
    'mx.example.net. 300 IN A 192.0.2.1',
    `_993._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`,
    ...more,
  ].join('\n');
}

export const IMAPS = '_imaps._tcp.example.org';
const servers = { '192.0.2.1': { implicitTls: true } };
const world = (zone: string, more: Partial<World> = {}): World => ({ zone, servers, target: IMAPS, ...more });
const second = [
  '_imaps._tcp.example.org. 300 IN SRV 20 0 993 b.example.net.',
  'b.example.net. 300 IN A 192.0.2.1',
];

export const SERVICE_CASES = [
  {
    code: 'srv-lookup-fails',
    when: 'the SRV lookup gets no answer',
    world: world(srvZone(), {
      table: { failures: { [`${IMAPS} SRV`]: { status: 'indeterminate', text: 'timeout' } } },
    }),
    severity: 'error',
    subject: IMAPS,
    text: /timeout/,
    fix: `mailanchor resolve ${IMAPS} SRV --explain`,
  },
  {
    code: 'srv-none',
    when: 'there are no SRV records',
    world: world('example.org. 300 IN A 192.0.2.1'),
    severity: 'notice',
    subject: IMAPS,
    text: /has no SRV records/,
  },
  {
    code: 'srv-not-offered',
    when: 'the target is the root',
    world: world(`${IMAPS}. 300 IN SRV 0 0 0 .`),
    severity: 'info',
    subject: IMAPS,
    text: /does not offer this service/,
  },
  {
    code: 'srv-mixed',
    when: 'the root is beside other targets',
    world: world(srvZone(`${IMAPS}. 300 IN SRV 0 0 0 .`)),
    severity: 'warning',
    subject: IMAPS,
    text: /beside other SRV records/,
    fix: /Remove/,
  },
  {
    code: 'srv-unsigned',
    when: 'the SRV records are insecure',
    world: world(srvZone(), { table: { status: { 'example.org': 'insecure' } } }),
    severity: 'warning',
    subject: IMAPS,
    text: /not signed with DNSSEC/,
    fix: /Sign the zone example\.org/,
  },
  {
    code: 'srv-partial',
    when: 'one of two targets has no TLSA records',
    world: world(srvZone(...second)),
    severity: 'warning',
    subject: IMAPS,
    text: /1 of 2 servers .* without are b\.example\.net/,
  },
  {
    code: 'srv-cname',
    when: 'the target is an alias',
    world: world(`${IMAPS}.      300 IN SRV   0 0 993 a.example.net.
      a.example.net.  300 IN CNAME mx.example.net.
      mx.example.net. 300 IN A     192.0.2.1`),
    severity: 'notice',
    subject: 'a.example.net',
    text: /is an alias of mx\.example\.net/,
    fix: /mx\.example\.net/,
  },
  {
    code: 'srv-address',
    when: 'the target is an address',
    world: world(`${IMAPS}. 300 IN SRV 0 0 993 192.0.2.1.`),
    severity: 'error',
    subject: '192.0.2.1',
    text: /must name a host/,
    fix: /Give the host a name/,
  },
] as const;
