/**
 * Every destination through the resolver, in process: status of its MX, of the addresses of its hosts and of their TLSA records.
 * What a check makes of it is for the checker's own tests; here it is held that the DNS of the lab is as it says.
 */
import { decodeMx, Name, RRType } from '@mailanchor/dns';
import {
  createResolver,
  parseRootHints,
  parseTrustAnchors,
  type Resolution,
  type ValidatingResolver,
} from '@mailanchor/dnssec';
import { createAuthorityTransport, createLabNetwork, type LabNetwork, SERVERS } from '@mailanchor/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** 25 as all mail hosts, and a port of the lab's own. */
const PORTS = [25, 12525];

let lab: LabNetwork;
let resolver: ValidatingResolver;
beforeAll(async () => {
  lab = await createLabNetwork({ mailPort: PORTS[1]! });
  resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints),
    trustAnchors: parseTrustAnchors(lab.trustAnchor),
    transport: createAuthorityTransport(lab.network),
  });
});
afterAll(() => resolver.close());

const outcome = ({ status, kind }: Resolution): string => `${status} ${kind}`;
const ask = (name: string, type: number): Promise<Resolution> => resolver.resolve(Name.fromText(name), type);

interface Expected {
  readonly mx: string;
  /** Of each MX host, by preference. */
  readonly address?: readonly string[];
  readonly tlsa?: readonly string[];
}

const GOOD: Expected = { mx: 'secure answer', address: ['secure answer'], tlsa: ['secure answer'] };
const ABSENT: Expected = { ...GOOD, tlsa: ['secure nxdomain'] };
const UNSIGNED: Expected = { mx: 'insecure answer', address: ['insecure answer'], tlsa: ['insecure answer'] };
const BOGUS: Expected = { mx: 'bogus failure' };

/** Those that differ from a good one. */
const DIFFERENT: Readonly<Record<string, Expected>> = {
  'no-mx.example': { mx: 'secure nodata' },
  'alias-to-unsigned.example': { ...GOOD, address: ['insecure answer'] },
  'expired.example': BOGUS,
  'forged-mx.example': BOGUS,
  'bogus-ds.example': BOGUS,
  'expired-tlsa.example': { ...GOOD, tlsa: ['bogus failure'] },
  'broken-denial.example': { ...GOOD, tlsa: ['bogus failure'] },
  'tlsa-servfail.example': { ...GOOD, tlsa: ['indeterminate failure'] },
  'unsigned.example': { ...GOOD, mx: 'insecure answer' },
  'unsigned.test': UNSIGNED,
  'unknown-algorithm.example': UNSIGNED,
  'signed-unsigned-host.example': { ...UNSIGNED, mx: 'secure answer' },
  'no-tlsa.example': ABSENT,
  'null-mx.example': { mx: 'secure answer' },
  'no-such-domain.example': { mx: 'secure nxdomain' },
  'partial.example': {
    mx: 'secure answer',
    address: ['secure answer', 'secure answer'],
    tlsa: ['secure answer', 'secure nxdomain'],
  },
  'backup-down.example': {
    mx: 'secure answer',
    address: ['secure answer', 'secure answer'],
    tlsa: ['secure answer', 'secure answer'],
  },
};

/** The TLSA base domain where it is not the MX host itself. */
const BASES: Readonly<Record<string, string>> = { 'mx.cname-mx.example': 'mail.cname-mx.example' };

test('statuses of every destination', async () => {
  for (const { domain } of lab.destinations) {
    const expected = DIFFERENT[domain] ?? GOOD;
    const mx = await ask(domain, RRType.MX);
    expect(outcome(mx), `${domain} MX`).toBe(expected.mx);
    const hosts = mx.records
      .map(({ rdata }) => decodeMx(rdata))
      .filter(({ exchange }) => !exchange.isRoot)
      .sort((a, b) => a.preference - b.preference)
      .map(({ exchange }) => exchange.toString().slice(0, -1));
    expect(hosts, domain).toHaveLength(expected.address?.length ?? 0);
    for (const [i, host] of hosts.entries()) {
      expect(outcome(await ask(host, RRType.A)), `${host} A`).toBe(expected.address![i]);
      for (const port of PORTS) {
        const name = `_${port}._tcp.${BASES[host] ?? host}`;
        expect(outcome(await ask(name, RRType.TLSA)), name).toBe(expected.tlsa![i]);
      }
    }
  }
});

test('the table of differences names destinations that exist', () => {
  const domains = lab.destinations.map(({ domain }) => domain);
  expect(Object.keys(DIFFERENT).filter((domain) => !domains.includes(domain))).toEqual([]);
});

test('aliases have the status of each link', async () => {
  const alias = await ask('alias.example', RRType.MX);
  expect(alias.aliases.map(({ kind, status }) => [kind, status])).toEqual([['CNAME', 'secure']]);
  const dname = await ask('mail.dname.example', RRType.MX);
  expect(dname.aliases.map(({ kind, status }) => [kind, status])).toEqual([['DNAME', 'secure']]);
  const host = await ask('mx.alias-to-unsigned.example', RRType.A);
  expect(host.aliases.map(({ kind, status }) => [kind, status])).toEqual([['CNAME', 'secure']]);
});

test('switches at run time: a zone breaks and heals, servers strip DNSSEC', async () => {
  const { network, zone: find, ...rest } = await createLabNetwork({ only: ['good-311.example'] });
  const zone = find('good-311.example');
  const mx = async (): Promise<string> => {
    // Without what an earlier one has kept.
    const fresh = createResolver({
      rootHints: parseRootHints(rest.rootHints),
      trustAnchors: parseTrustAnchors(rest.trustAnchor),
      transport: createAuthorityTransport(network),
    });
    const resolution = await fresh.resolve(zone.origin, RRType.MX);
    await fresh.close();
    return outcome(resolution);
  };
  expect(await mx()).toBe('secure answer');
  zone.signing!.setFaults([{ kind: 'corrupt' }]);
  expect(await mx()).toBe('bogus failure');
  zone.signing!.setFaults([]);
  expect(await mx()).toBe('secure answer');
  for (const address of SERVERS.operators) {
    network.server(address).faults = [{ kind: 'strip-dnssec', below: zone.origin }];
  }
  expect(await mx()).toBe('bogus failure');
});
