import { describe, expect, it } from 'vitest';
import type { CheckProgress } from '../src/check-options.ts';
import { type OpenSession, openSession as openOne } from '../src/session.ts';
import type { DomainVerdict, HostVerdict } from '../src/verdict.ts';
import { makeCertificate } from './certificates.ts';
import { ee, intermediate, leaf, NOW, other, root, run, ta, type World, zoneOf } from './world.ts';

const expired = makeCertificate({
  cn: 'mx.example.net',
  names: ['mx.example.net'],
  issuer: intermediate,
  notAfter: '2026-01-01T00:00:00Z',
});

const TWO = `${zoneOf(ee(leaf))}
  example.org.     300 IN MX 20 mx2.example.net.
  mx2.example.net. 300 IN A  192.0.2.2`;

/** The destinations that an operator meets, each with its verdict. */
const destinations: [string, World, DomainVerdict, HostVerdict[]][] = [
  ['good 3 1 1', { zone: zoneOf(ee(leaf)) }, 'protected', ['verified']],
  ['good 2 1 1 of the intermediate', { zone: zoneOf(ta(intermediate)) }, 'protected', ['verified']],
  [
    'good 3 1 1 with an expired certificate',
    { zone: zoneOf(ee(expired)), servers: { '192.0.2.1': { chain: [expired] } } },
    'protected',
    ['verified'],
  ],
  ['mismatch after a renewed key', { zone: zoneOf(ee(other)) }, 'broken', ['mismatch']],
  [
    'wrong name under 2 1 1',
    { zone: zoneOf(ta(intermediate)), servers: { '192.0.2.1': { chain: [other, intermediate] } } },
    'broken',
    ['mismatch'],
  ],
  ['2 1 1 of a CA that is not sent', { zone: zoneOf(ta(root)) }, 'broken', ['mismatch']],
  [
    'no STARTTLS with TLSA',
    { zone: zoneOf(ee(leaf)), servers: { '192.0.2.1': { ehlo: '250 mail.test' } } },
    'broken',
    ['deferred'],
  ],
  [
    'data behind STARTTLS',
    { zone: zoneOf(ee(leaf)), servers: { '192.0.2.1': { inject: '250 x\r\n' } } },
    'broken',
    ['deferred'],
  ],
  [
    'unsigned domain with a signed host',
    { zone: zoneOf(ee(leaf)), table: { status: { 'example.org': 'insecure' } } },
    'partial',
    ['verified'],
  ],
  [
    'unsigned domain, mismatch at the signed host',
    { zone: zoneOf(ee(other)), table: { status: { 'example.org': 'insecure' } } },
    'broken',
    ['mismatch'],
  ],
  [
    'signed domain with an unsigned host',
    { zone: zoneOf(ee(leaf)), table: { status: { 'example.net': 'insecure' } } },
    'unprotected',
    ['no-dane'],
  ],
  ['signed without TLSA', { zone: zoneOf() }, 'unprotected', ['no-dane']],
  [
    'signed without TLSA, no STARTTLS either',
    { zone: zoneOf(), servers: { '192.0.2.1': { ehlo: '250 mail.test' } } },
    'unprotected',
    ['no-dane'],
  ],
  [
    'expired signatures: MX bogus',
    { zone: zoneOf(ee(leaf)), table: { failures: { 'example.org MX': { status: 'bogus' } } } },
    'broken',
    [],
  ],
  [
    'MX lookup fails',
    { zone: zoneOf(ee(leaf)), table: { failures: { 'example.org MX': { status: 'indeterminate' } } } },
    'unknown',
    [],
  ],
  [
    'broken denial for TLSA',
    { zone: zoneOf(), table: { failures: { '_25._tcp.mx.example.net TLSA': { status: 'bogus' } } } },
    'broken',
    ['deferred'],
  ],
  [
    'TLSA lookup fails',
    { zone: zoneOf(), table: { failures: { '_25._tcp.mx.example.net TLSA': { status: 'indeterminate' } } } },
    'broken',
    ['deferred'],
  ],
  [
    'address lookup fails',
    { zone: zoneOf(), table: { failures: { 'mx.example.net *': { status: 'indeterminate' } } } },
    'unknown',
    ['deferred'],
  ],
  ['null MX', { zone: 'example.org. 300 IN MX 0 .' }, 'unprotected', []],
  [
    'two hosts of which one without TLSA',
    { zone: TWO, servers: { '192.0.2.1': {}, '192.0.2.2': {} } },
    'partial',
    ['verified', 'no-dane'],
  ],
  [
    'two hosts of which the one without TLSA is down',
    { zone: TWO, servers: { '192.0.2.1': {}, '192.0.2.2': null } },
    'protected',
    ['verified', 'no-dane'],
  ],
  [
    'all records unusable',
    { zone: zoneOf(`1 1 1 ${leaf.spkiSha256}`, '3 1 1 abcd') },
    'partial',
    ['unauthenticated'],
  ],
  [
    'all records unusable and no STARTTLS',
    { zone: zoneOf('3 1 1 abcd'), servers: { '192.0.2.1': { ehlo: '250 x' } } },
    'broken',
    ['deferred'],
  ],
  [
    'server not answering',
    { zone: zoneOf(ee(leaf)), servers: { '192.0.2.1': null } },
    'unknown',
    ['deferred'],
  ],
  [
    'server of a 10 MB banner',
    { zone: zoneOf(ee(leaf)), servers: { '192.0.2.1': { greeting: 'flood' } } },
    'unknown',
    ['deferred'],
  ],
  [
    'server of an octet at a time',
    { zone: zoneOf(ee(leaf)), servers: { '192.0.2.1': { greeting: 'trickle' } } },
    'unknown',
    ['deferred'],
  ],
  ['no mail at all', { zone: 'example.org. 300 IN TXT "x"' }, 'unprotected', ['deferred']],
  ['no such domain', { zone: 'example.net. 300 IN TXT "x"' }, 'unprotected', []],
  [
    'DNS only, all in order',
    { zone: zoneOf(ee(leaf)), options: { connect: false } },
    'unknown',
    [null as unknown as HostVerdict],
  ],
  ['DNS only, no TLSA', { zone: zoneOf(), options: { connect: false } }, 'unprotected', ['no-dane']],
  [
    'DNS only, bogus TLSA',
    {
      zone: zoneOf(),
      options: { connect: false },
      table: { failures: { '_25._tcp.mx.example.net TLSA': { status: 'bogus' } } },
    },
    'broken',
    ['deferred'],
  ],
];

describe('destinations', () => {
  for (const [title, world, verdict, hosts] of destinations) {
    it(`${title}: ${verdict}`, async () => {
      const { check } = await run(world);
      expect([check.verdict, check.hosts.map((host) => host.verdict)]).toEqual([verdict, hosts]);
    });
  }
});

describe('the report', () => {
  it('has the shape of the contract, and is frozen JSON', async () => {
    const { check } = await run({ zone: zoneOf(ee(leaf)) });
    expect(check).toMatchObject({
      target: 'example.org',
      kind: 'mail-domain',
      verdict: 'protected',
      checkedAt: '2026-11-24T00:00:00Z',
      dns: { status: 'secure', outcome: 'answer' },
      hosts: [
        {
          host: 'mx.example.net',
          preference: 10,
          policy: 'dane',
          mxStatus: 'secure',
          addressStatus: 'secure',
          tlsa: { status: 'secure', base: 'mx.example.net', records: [{ usage: 3 }], usable: [{ usage: 3 }] },
          referenceNames: ['mx.example.net', 'example.org'],
          sessions: [
            {
              address: '192.0.2.1',
              port: 25,
              outcome: 'established',
              starttls: true,
              tls: { protocol: 'TLSv1.3', servername: 'mx.example.net' },
              chain: [
                {
                  subject: 'CN=mx.example.net',
                  issuer: 'CN=Test Intermediate',
                  names: ['mx.example.net'],
                  notAfter: '2049-01-01T00:00:00Z',
                  key: 'EC P-256',
                  ca: false,
                  sha256: leaf.sha256,
                  spkiSha256: leaf.spkiSha256,
                },
                { subject: 'CN=Test Intermediate', ca: true, selfSigned: false },
              ],
              match: { kind: 'match', usage: 3, selector: 1, matching: 1, depth: 0, record: 0 },
              matchedRecords: [0],
            },
          ],
          verdict: 'verified',
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(check))).toEqual(check);
    expect(Object.isFrozen(check.hosts[0]?.sessions[0]?.chain[0])).toBe(true);
  });

  it('rule 24: SNI is the TLSA base domain, the expanded name of an alias too', async () => {
    const zone = `
      example.org.     300 IN MX    10 mx.example.org.
      mx.example.org.  300 IN CNAME mx.example.net.
      mx.example.net.  300 IN A     192.0.2.1
      _25._tcp.mx.example.net. 300 IN TLSA ${ta(intermediate)}`;
    const { servernames, check } = await run({ zone });
    expect(servernames['192.0.2.1']).toEqual(['mx.example.net']);
    expect(check.verdict).toBe('protected');
  });

  it('rule 21: under usage 2 the mail domain is a name too, but not by an insecure MX', async () => {
    const byDomain = makeCertificate({ cn: 'x', names: ['example.org'], issuer: intermediate });
    const world = {
      zone: zoneOf(ta(intermediate)),
      servers: { '192.0.2.1': { chain: [byDomain, intermediate] } },
    };
    expect((await run(world)).check.verdict).toBe('protected');
    const insecure = { ...world, table: { status: { 'example.org': 'insecure' } } } as const;
    expect((await run(insecure)).check.hosts[0]?.verdict).toBe('mismatch');
  });

  it('rule 3: a host whose TLSA lookup fails is not connected to', async () => {
    const { commands, check } = await run({
      zone: zoneOf(ee(leaf)),
      table: { failures: { '_25._tcp.mx.example.net TLSA': { status: 'indeterminate' } } },
    });
    expect(commands['192.0.2.1']).toEqual([]);
    expect(check.hosts[0]?.addresses).toEqual(['192.0.2.1']);
  });

  it('every address of a host is connected to, and one that fails breaks it', async () => {
    const zone = `${zoneOf(ee(leaf))}\nmx.example.net. 300 IN A 192.0.2.2`;
    const { check } = await run({ zone, servers: { '192.0.2.1': {}, '192.0.2.2': { chain: [other] } } });
    expect(check.verdict).toBe('broken');
    expect(check.hosts[0]?.sessions.map(({ match }) => match?.kind)).toEqual(['match', 'mismatch']);
  });

  it('`--no-connect` opens nothing', async () => {
    const { commands, check } = await run({ zone: zoneOf(ee(leaf)), options: { connect: false } });
    expect(commands['192.0.2.1']).toEqual([]);
    expect(check.hosts[0]).toMatchObject({ policy: 'dane', sessions: [], verdict: null });
  });

  it('a source address limits the family', async () => {
    const zone = `${zoneOf(ee(leaf))}\nmx.example.net. 300 IN AAAA 2001:db8::1`;
    const { check } = await run({ zone, options: { localAddress: '127.0.0.1' } });
    expect(check.hosts[0]?.sessions.map(({ outcome }) => outcome)).toEqual(['not-tried', 'established']);
    expect(check.verdict).toBe('protected');
  });

  it('a source address of each family', async () => {
    const zone = `${zoneOf(ee(leaf))}\nmx.example.net. 300 IN AAAA 2001:db8::1`;
    const servers = { '192.0.2.1': {}, '2001:db8::1': {} };
    const from: (string | undefined)[] = [];
    const openSession: OpenSession = (options) => {
      from.push(options.localAddress);
      return openOne({ ...options, localAddress: undefined });
    };
    const { check } = await run({
      zone,
      servers,
      options: { localAddress: ['127.0.0.1', '::1'], openSession },
    });
    expect(check.hosts[0]?.sessions.map(({ outcome }) => outcome)).toEqual(['established', 'established']);
    expect(from.toSorted()).toEqual(['127.0.0.1', '::1']);
  });

  it('a host with more addresses than are taken on: as many of each family, and no verdict on the rest', async () => {
    const v6 = Array.from({ length: 60 }, (_, i) => `mx.example.net. 300 IN AAAA 2001:db8::${i + 1}`);
    const { check, finding } = await run({ zone: `${zoneOf(ee(leaf))}\n${v6.join('\n')}` });
    const tried = check.hosts[0]!.sessions.filter(({ outcome }) => outcome !== 'deadline');
    expect(tried).toHaveLength(32);
    // The one that has a server is the IPv4 address, the last of all.
    expect(tried.at(-1)).toMatchObject({ address: '192.0.2.1', outcome: 'established' });
    expect(check.verdict).toBe('unknown');
    const incomplete = check.findings.filter(({ text }) => text.includes('takes on 32 addresses'));
    expect(incomplete).toHaveLength(1);
    expect(incomplete[0]).toMatchObject({
      code: 'check-incomplete',
      subject: expect.stringMatching(/ and 21 more\]$/),
    });
    // Time would not help.
    expect(incomplete[0]!.fix).toBeUndefined();
    expect(finding('check-incomplete').text).toContain('no route from this machine');
  });

  it('the clock judges certificates', async () => {
    const world = {
      zone: zoneOf(ta(intermediate)),
      servers: { '192.0.2.1': { chain: [expired, intermediate] } },
    };
    expect((await run(world)).check.hosts[0]?.sessions[0]?.match).toMatchObject({ reason: 'expired' });
    const before = { ...world, options: { clock: () => Date.UTC(2025, 0, 1) } };
    expect((await run(before)).check.verdict).toBe('protected');
  });

  it('an address literal: no DANE, the session is shown', async () => {
    const { check, asked } = await run({ zone: zoneOf(), target: '[192.0.2.1]' });
    expect(check).toMatchObject({
      kind: 'address-literal',
      verdict: 'unprotected',
      dns: { outcome: 'not-asked' },
    });
    expect(check.hosts[0]?.sessions[0]).toMatchObject({ outcome: 'established', tls: { servername: null } });
    expect(asked).toEqual([]);
  });

  it('tells what it does', async () => {
    const events: CheckProgress[] = [];
    await run({ zone: zoneOf(ee(leaf)), options: { onProgress: (event) => events.push(event) } });
    expect(events.filter(({ kind }) => kind !== 'lookup')).toEqual([
      { kind: 'planned', hosts: ['mx.example.net'] },
      { kind: 'session-start', host: 'mx.example.net', address: '192.0.2.1' },
      { kind: 'session-end', host: 'mx.example.net', address: '192.0.2.1', outcome: 'established' },
    ]);
    expect(events).toContainEqual({ kind: 'lookup', name: '_25._tcp.mx.example.net', type: 'TLSA' });
  });
});

describe('services', () => {
  const service = (port: number, ...tlsa: string[]) =>
    `mx.example.net. 300 IN A 192.0.2.1\n${tlsa.map((t) => `_${port}._tcp.mx.example.net. 300 IN TLSA ${t}`).join('\n')}`;

  it('host:25 speaks STARTTLS; no MX is asked for', async () => {
    const { check, asked } = await run({ zone: service(25, ee(leaf)), target: 'mx.example.net:25' });
    expect(check).toMatchObject({ kind: 'host', verdict: 'protected', hosts: [{ preference: null }] });
    expect(asked.filter((question) => question.endsWith(' 15'))).toEqual([]);
  });
  it('host:587 speaks STARTTLS, with the TLSA of its port', async () => {
    const { check } = await run({ zone: service(587, ee(leaf)), target: 'mx.example.net:587' });
    expect(check).toMatchObject({ verdict: 'protected', hosts: [{ port: 587 }] });
  });
  it('imaps: TLS from the first octet', async () => {
    const servers = { '192.0.2.1': { implicitTls: true } };
    const { check } = await run({ zone: service(993, ee(leaf)), target: 'imaps://mx.example.net', servers });
    expect(check).toMatchObject({ verdict: 'protected', hosts: [{ sessions: [{ starttls: null }] }] });
  });
  it('usage 1 applies outside mail transfer, against the public CAs', async () => {
    const servers = { '192.0.2.1': { implicitTls: true } };
    const zone = service(443, `1 1 1 ${leaf.spkiSha256}`);
    const { check } = await run({ zone, target: 'https://mx.example.net', servers });
    expect(check.hosts[0]).toMatchObject({
      policy: 'dane',
      verdict: 'mismatch',
      sessions: [{ match: { reason: 'untrusted' } }],
    });
  });
});

describe('bounds', () => {
  it('the deadline of the target ends everything with a verdict', async () => {
    const { check } = await run({
      zone: zoneOf(ee(leaf)),
      servers: { '192.0.2.1': { greeting: 'silent' } },
      options: { timeoutMs: 150, sessionLimits: { replyMs: 60_000 } },
    });
    expect(check).toMatchObject({ verdict: 'unknown', hosts: [{ sessions: [{ outcome: 'deadline' }] }] });
  });

  it('abort rejects at once, whatever is under way', async () => {
    const stop = new AbortController();
    const pending = run({
      zone: zoneOf(ee(leaf)),
      servers: { '192.0.2.1': { greeting: 'silent' } },
      options: {
        signal: stop.signal,
        sessionLimits: { replyMs: 60_000 },
        onProgress: ({ kind }) =>
          kind === 'session-start' && setImmediate(() => stop.abort(new Error('stop'))),
      },
    });
    await expect(pending).rejects.toThrow('stop');
  });

  it('no more sessions at a time to one host than wanted', async () => {
    const addresses = Array.from({ length: 6 }, (_, i) => `192.0.2.${i + 1}`);
    const zone =
      zoneOf(ee(leaf)) +
      addresses
        .slice(1)
        .map((a) => `\nmx.example.net. 300 IN A ${a}`)
        .join('');
    const servers = Object.fromEntries(addresses.map((address) => [address, {}]));
    let now = 0;
    let most = 0;
    const onProgress = ({ kind }: CheckProgress): void => {
      if (kind === 'session-start') most = Math.max(most, ++now);
      if (kind === 'session-end') now--;
    };
    const { check } = await run({ zone, servers, options: { onProgress, sessionsPerHost: 2 } });
    expect([check.verdict, most]).toEqual(['protected', 2]);
  });

  it('an MX host with a name that no server has', async () => {
    const label = '\\000\\255'.repeat(31);
    const name = `${label}.${label}.${label}.example`;
    const zone = `example.org. 300 IN MX 10 ${name}.\n${name}. 300 IN A 192.0.2.1\n_25._tcp.${name}. 300 IN TLSA ${ee(leaf)}`;
    const { check } = await run({ zone });
    expect(check.hosts[0]).toMatchObject({ policy: 'dane', verdict: 'verified' });
  });

  it('what cannot be is refused', async () => {
    await expect(run({ zone: '', target: 'a..b' })).rejects.toMatchObject({ code: 'bad-target' });
    for (const options of [{ helo: 'a b' }, { port: 0 }, { port: 65_536 }, { localAddress: 'localhost' }]) {
      await expect(run({ zone: zoneOf(), options })).rejects.toMatchObject({ code: 'bad-option' });
    }
  });

  it('the clock of the tests is where the tests say', () =>
    expect(new Date(NOW).getUTCFullYear()).toBe(2026));
});
