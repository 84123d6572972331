import { Name } from '@mailanchor/dns';
import { FakeResolver, type Resolution, type Resolver, type Status, type ZoneLink } from '@mailanchor/dnssec';
import { describe, expect, it } from 'vitest';
import { checkDestination } from '../src/check-destination.ts';

/** The zone-signing example of rfc4034#section-5.4: its key, and the DS that belongs to it. */
const KEY =
  'AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==';
const KEY_TAG = 60485;

function link(zone: string, status: Status, via: ZoneLink['via'], note?: string): ZoneLink {
  const base = { zone: Name.fromText(zone), status, via, ds: [], keys: [] };
  return note === undefined ? base : { ...base, note };
}

const CHAIN = [
  link('.', 'secure', 'anchor'),
  link('com', 'secure', 'ds'),
  link('example.com', 'insecure', 'none', 'NSEC proves that there is no DS'),
];

async function unsigned(zone: string, chain: readonly ZoneLink[], domain = 'dskey.example.com') {
  const inner = new FakeResolver({
    zone: `dskey.example.com. 300 IN MX 10 mx.example.net.\n${zone}`,
    status: { com: 'insecure' },
    failures: { 'mx.example.net *': { status: 'indeterminate' } },
  });
  const resolver: Resolver = {
    resolve: async (name, type, options): Promise<Resolution> => ({
      ...(await inner.resolve(name, type, options)),
      chain,
    }),
    close() {},
  };
  const check = await checkDestination(domain, { resolver, connect: false });
  return { check, finding: check.findings.find(({ code }) => code === 'domain-unsigned') };
}

describe('domain-unsigned', () => {
  it('says which zone, and that the zone above signs', async () => {
    const { check, finding } = await unsigned('', CHAIN);
    expect(check.dns.unsigned).toEqual({
      zone: 'example.com',
      parent: 'com',
      note: 'NSEC proves that there is no DS',
      ds: [],
    });
    expect(finding?.text).toBe(
      'The zone example.com of dskey.example.com is not signed with DNSSEC (NSEC proves that there is no DS).',
    );
    expect(finding?.fix).toMatch(/it belongs in the zone above, com, which is signed/);
  });

  it('prints the DS of a zone that signs and has none', async () => {
    const zone = `dskey.example.com. 300 IN DNSKEY 256 3 5 ${KEY}`;
    const chain = [...CHAIN.slice(0, 2), link('dskey.example.com', 'insecure', 'none')];
    const { check, finding } = await unsigned(zone, chain);
    // rfc4509#section-2.3 has this digest.
    const ds = `dskey.example.com. 3600 IN DS ${KEY_TAG} 5 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a`;
    expect(check.dns.unsigned?.ds).toEqual([ds]);
    expect(finding?.text).toMatch(/^dskey\.example\.com signs with DNSSEC, but there is no DS record/);
    expect(finding?.fix?.split('\n').at(-1)).toBe(ds);
  });

  it('prefers keys that are entry points, and passes over what is no zone key', async () => {
    const flags = [0, 256, 257].map((f) => `dskey.example.com. 300 IN DNSKEY ${f} 3 5 ${KEY}`).join('\n');
    const chain = [...CHAIN.slice(0, 2), link('dskey.example.com', 'insecure', 'none')];
    const { check } = await unsigned(flags, chain);
    expect(check.dns.unsigned?.ds).toHaveLength(1);
    expect(check.dns.unsigned?.ds[0]).toMatch(new RegExp(`DS ${KEY_TAG + 1} 5 2 `));
  });

  it('asks for no keys where a DS exists and its algorithm is unknown', async () => {
    const zone = `dskey.example.com. 300 IN DNSKEY 257 3 5 ${KEY}`;
    const chain = [
      ...CHAIN.slice(0, 2),
      link('dskey.example.com', 'insecure', 'ds', 'unknown algorithm 100'),
    ];
    const { check, finding } = await unsigned(zone, chain);
    expect(check.dns.unsigned?.ds).toEqual([]);
    expect(finding?.text).toMatch(/unknown algorithm 100/);
  });
});
