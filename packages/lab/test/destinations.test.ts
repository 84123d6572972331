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
import { DIFFERENT, statusesOf, tlsaBase } from './statuses.ts';

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

test('statuses of every destination', async () => {
  for (const { domain } of lab.destinations) {
    const expected = statusesOf(domain);
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
        const name = `_${port}._tcp.${tlsaBase(host)}`;
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
