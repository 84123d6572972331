import { describe, expect, it } from 'vitest';
import type { DomainVerdict, HostVerdict, TargetKind } from '../src/verdict.ts';
import { makeCertificate } from './certificates.ts';
import { IMAPS, srvZone } from './findings-service-cases.ts';
import { ee, intermediate, leaf, other, run, ta, type World } from './world.ts';

const tls = { '192.0.2.1': { implicitTls: true } };
const zone = (tlsa: string, srv = '10 0 993 mx.example.net.') => `${IMAPS}. 300 IN SRV ${srv}
  mx.example.net. 300 IN A 192.0.2.1
  _993._tcp.mx.example.net. 300 IN TLSA ${tlsa}`;
const named = (name: string) => makeCertificate({ cn: name, names: [name], issuer: intermediate });
const presenting = (name: string) => ({
  '192.0.2.1': { implicitTls: true, chain: [named(name), intermediate] },
});

/** rule 29: services that are found through SRV records (rfc7673). */
const services: [string, World, TargetKind, DomainVerdict, HostVerdict[]][] = [
  ['good 3 1 1', { zone: zone(ee(leaf)) }, 'srv-service', 'protected', ['verified']],
  ['another key', { zone: zone(ee(other)) }, 'srv-service', 'broken', ['mismatch']],
  [
    '2 1 1 and the name of the target',
    { zone: zone(ta(intermediate)), servers: presenting('mx.example.net') },
    'srv-service',
    'protected',
    ['verified'],
  ],
  [
    '2 1 1 and the name of the service domain',
    { zone: zone(ta(intermediate)), servers: presenting('example.org') },
    'srv-service',
    'protected',
    ['verified'],
  ],
  [
    '2 1 1 and another name',
    { zone: zone(ta(intermediate)), servers: presenting('example.net') },
    'srv-service',
    'broken',
    ['mismatch'],
  ],
  [
    'SRV insecure: TLSA is not asked for, a match would mean nothing',
    { zone: zone(ee(leaf)), table: { status: { 'example.org': 'insecure' } } },
    'srv-service',
    'unprotected',
    ['no-dane'],
  ],
  [
    'SRV bogus',
    { zone: zone(ee(leaf)), table: { failures: { [`${IMAPS} SRV`]: { status: 'bogus' } } } },
    'srv-service',
    'broken',
    [],
  ],
  [
    'SRV lookup fails',
    { zone: zone(ee(leaf)), table: { failures: { [`${IMAPS} SRV`]: { status: 'indeterminate' } } } },
    'srv-service',
    'unknown',
    [],
  ],
  [
    'target in an unsigned zone',
    { zone: zone(ee(leaf)), table: { status: { 'example.net': 'insecure' } } },
    'srv-service',
    'unprotected',
    ['no-dane'],
  ],
  [
    'TLSA lookup of the target fails',
    {
      zone: zone(ee(leaf)),
      table: { failures: { '_993._tcp.mx.example.net TLSA': { status: 'indeterminate' } } },
    },
    'srv-service',
    'broken',
    ['deferred'],
  ],
  ['target .', { zone: `${IMAPS}. 300 IN SRV 0 0 0 .` }, 'no-such-service', 'unprotected', []],
  ['no SRV records', { zone: 'example.org. 300 IN A 192.0.2.1' }, 'no-such-service', 'unprotected', []],
  [
    'two targets, the second without TLSA',
    {
      zone: srvZone(`${IMAPS}. 300 IN SRV 20 0 994 mx.example.net.`),
    },
    'srv-service',
    'partial',
    ['verified', 'no-dane'],
  ],
];

describe('rule 29: a service found through SRV records', () => {
  for (const [title, world, kind, verdict, hosts] of services) {
    it(`${title}: ${verdict}`, async () => {
      const { check } = await run({ servers: tls, target: IMAPS, ...world });
      expect([check.kind, check.verdict, ...check.hosts.map((host) => host.verdict)]).toEqual([
        kind,
        verdict,
        ...hosts,
      ]);
    });
  }

  it('TLSA is asked for at the target and its port, SNI is the target', async () => {
    const { check, asked } = await run({
      zone: zone(ee(leaf)),
      servers: tls,
      target: IMAPS,
    });
    expect(asked).toContain('_993._tcp.mx.example.net. 52');
    expect(check.hosts[0]).toMatchObject({
      port: 993,
      preference: 10,
      referenceNames: ['mx.example.net', 'example.org'],
    });
    expect(check.dns.srv).toEqual({
      owner: IMAPS,
      records: [{ priority: 10, weight: 0, port: 993, target: 'mx.example.net' }],
    });
    expect(check.hosts[0]?.sessions[0]?.tls?.servername).toBe('mx.example.net');
  });

  it('without TLSA records SNI is the service domain (rfc7673#section-4.1)', async () => {
    const { check } = await run({
      zone: `${IMAPS}. 300 IN SRV 1 1 993 mx.example.net.\nmx.example.net. 300 IN A 192.0.2.1`,
      servers: tls,
      target: IMAPS,
    });
    expect(check.hosts[0]?.sessions[0]?.tls?.servername).toBe('example.org');
  });
});

describe('XMPP', () => {
  const xmpp = { '192.0.2.1': { dialect: 'xmpp' } } as const;
  const SRV = '_xmpp-client._tcp.example.org. 300 IN SRV 5 0 5222 mx.example.net.';
  const host = `mx.example.net. 300 IN A 192.0.2.1
    _5222._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`;

  it('by SRV records; the stream is opened to the domain', async () => {
    const { check, commands } = await run({
      zone: `${SRV}\n${host}`,
      servers: xmpp,
      target: 'xmpp-client:example.org',
    });
    expect([check.kind, check.verdict]).toEqual(['srv-service', 'protected']);
    expect(commands['192.0.2.1']?.[1]).toMatch(/^<stream:stream to='example\.org' .*xmlns='jabber:client'/);
  });

  it('without SRV records at the domain itself (rfc6120#section-3.2.2)', async () => {
    const { check, codes } = await run({
      zone: host,
      servers: xmpp,
      target: 'xmpp-client://mx.example.net',
    });
    expect([check.kind, check.verdict, check.hosts[0]?.port]).toEqual(['srv-service', 'protected', 5222]);
    expect(codes).toContain('srv-none');
  });

  it('an SRV lookup that fails is no absence: nothing is connected to', async () => {
    const { check, commands } = await run({
      zone: host,
      table: { failures: { '_xmpp-client._tcp.mx.example.net SRV': { status: 'indeterminate' } } },
      servers: xmpp,
      target: 'xmpp-client://mx.example.net',
    });
    expect([check.verdict, commands['192.0.2.1']]).toEqual(['unknown', []]);
  });

  it('by host and port', async () => {
    const { check } = await run({ zone: host, servers: xmpp, target: 'mx.example.net:5222' });
    expect([check.kind, check.verdict]).toEqual(['host', 'protected']);
  });
});

it('findings on other services speak of clients, not of mail', async () => {
  const worlds: World[] = [
    { zone: zone(ee(other)), servers: tls, target: IMAPS },
    { zone: zone('1 1 1 00'), servers: tls, target: IMAPS },
    { zone: zone(ee(leaf)), servers: { '192.0.2.1': null }, target: IMAPS },
    {
      zone: `mx.example.net. 300 IN A 192.0.2.1\n_143._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`,
      servers: { '192.0.2.1': { dialect: 'imap', greeting: '* OK hi', starttls: 'a1 NO' } },
      target: 'imap://mx.example.net',
    },
  ];
  for (const world of worlds) {
    const { check } = await run(world);
    expect(check.findings.length).toBeGreaterThan(0);
    for (const { effect = '', fix = '' } of check.findings) {
      expect(effect).not.toMatch(/sender|\bmail\b|defer/i);
      expect(fix).not.toMatch(/postfix/i);
    }
  }
});
