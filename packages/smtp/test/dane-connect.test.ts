import * as net from 'node:net';
import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { afterEach, describe, expect, it } from 'vitest';
import { daneConnect } from '../src/dane-connect.ts';
import type { DaneConnection, DaneConnectOptions, DaneRefused } from '../src/dane-connect-types.ts';
import { type MadeCertificate, makeCertificate } from './certificates.ts';
import { type MailHost, type MailHostScript, startMailHost } from './fake-mail-host.ts';
import { ee, intermediate, leaf, NOW, other, root, ta } from './world.ts';

const servers: MailHost[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Scene {
  readonly tlsa?: readonly string[];
  readonly zone?: string;
  readonly table?: Omit<FakeTable, 'zone'>;
  /** By address; null refuses. */
  readonly hosts?: Readonly<Record<string, MailHostScript | null>>;
  readonly options?: Partial<DaneConnectOptions>;
}

/** mx.example.net:993 with TLS from the first octet. */
async function connect({
  tlsa = [ee(leaf)],
  zone,
  table,
  hosts,
  options,
}: Scene = {}): Promise<DaneConnection> {
  const text = [
    'mx.example.net. 300 IN A 192.0.2.1',
    ...tlsa.map((record) => `_993._tcp.mx.example.net. 300 IN TLSA ${record}`),
  ].join('\n');
  const started = new Map<string, MailHost>();
  for (const [address, script] of Object.entries(hosts ?? { '192.0.2.1': {} })) {
    const server = await startMailHost({ implicitTls: true, chain: [leaf, intermediate], ...script });
    started.set(address, server);
    if (script === null) await server.close();
    else servers.push(server);
  }
  return daneConnect({
    host: 'mx.example.net',
    service: 'imaps',
    resolver: new FakeResolver({ zone: zone ?? text, ...table }),
    clock: () => NOW,
    timeoutMs: 2000,
    dial: ({ host }: net.TcpNetConnectOpts) => {
      const server = started.get(host ?? '');
      return net.connect({ host: server?.address ?? '127.0.0.1', port: server?.port ?? 1 });
    },
    ...options,
  } as DaneConnectOptions);
}

const refusal = (connection: DaneConnection): DaneRefused => {
  if (connection.kind === 'refused') return connection;
  connection.socket.destroy();
  throw new Error('connected');
};
const connected = (connection: DaneConnection) => {
  if (connection.kind === 'connected') {
    connection.socket.destroy();
    return connection;
  }
  throw new Error(`${connection.reason}: ${connection.text}`);
};
const pem = ({ pem: text }: MadeCertificate): string => text;

describe('a verified socket', () => {
  it('by a TLSA record', async () => {
    const result = connected(await connect());
    expect(result).toMatchObject({
      authenticated: 'dane',
      host: 'mx.example.net',
      port: 993,
      address: '192.0.2.1',
      match: { kind: 'match', usage: 3 },
      tls: { servername: 'mx.example.net' },
    });
  });

  it('what the server says at once is there to be read', async () => {
    const server = net.createServer();
    const result = await connect({
      zone: `mx.example.net. 300 IN A 192.0.2.1\n_143._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`,
      hosts: { '192.0.2.1': { implicitTls: false, dialect: 'imap', greeting: '* OK hello' } },
      options: { service: 'imap' },
    });
    server.close();
    if (result.kind !== 'connected') throw new Error(result.text);
    const { socket } = result;
    expect(socket.readableFlowing).toBe(null);
    socket.write('a2 CAPABILITY\r\n');
    const answer = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answer).toMatch(/^502/);
    socket.destroy();
  });

  it('SMTP: nothing is said after the handshake', async () => {
    const result = await connect({
      zone: `mx.example.net. 300 IN A 192.0.2.1\n_25._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`,
      hosts: { '192.0.2.1': { implicitTls: false } },
      options: { service: 'smtp', helo: 'client.test' },
    });
    connected(result);
    expect(servers[0]!.commands).toEqual(['EHLO client.test', 'STARTTLS']);
  });

  it('the SRV target of a domain; the certificate may be for the domain', async () => {
    const certificate = makeCertificate({ cn: 'x', names: ['example.org'], issuer: intermediate });
    const result = connected(
      await connect({
        zone: `_imaps._tcp.example.org. 300 IN SRV 0 0 4993 mx.example.net.
          mx.example.net. 300 IN A 192.0.2.1
          _4993._tcp.mx.example.net. 300 IN TLSA ${ta(intermediate)}`,
        hosts: { '192.0.2.1': { chain: [certificate, intermediate] } },
        options: { host: undefined, domain: 'example.org' } as Partial<DaneConnectOptions>,
      }),
    );
    expect(result).toMatchObject({ authenticated: 'dane', host: 'mx.example.net', port: 4993 });
  });

  it('the second SRV target where the first cannot be verified', async () => {
    const result = connected(
      await connect({
        zone: `_imaps._tcp.example.org. 300 IN SRV 0 0 993 a.example.net.
          _imaps._tcp.example.org. 300 IN SRV 1 0 993 mx.example.net.
          a.example.net. 300 IN A 192.0.2.9
          _993._tcp.a.example.net. 300 IN TLSA ${ee(other)}
          mx.example.net. 300 IN A 192.0.2.1
          _993._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`,
        hosts: { '192.0.2.9': {}, '192.0.2.1': {} },
        options: { host: undefined, domain: 'example.org' } as Partial<DaneConnectOptions>,
      }),
    );
    expect(result.host).toBe('mx.example.net');
  });

  it.each<[string, MailHostScript | null]>([
    ['refuses connections', null],
    ['presents another key', { chain: [other, intermediate] }],
    ['has no TLS', { implicitTls: false, greeting: '220 hello' }],
    ['is silent', { mute: true }],
  ])('the second address where the first %s', async (_, first) => {
    const result = connected(
      await connect({
        zone: `mx.example.net. 300 IN AAAA 2001:db8::1
          mx.example.net. 300 IN A 192.0.2.1
          _993._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`,
        hosts: { '2001:db8::1': first, '192.0.2.1': {} },
        options: { attemptDelayMs: 30 },
      }),
    );
    expect(result.address).toBe('192.0.2.1');
    // The address that lost is let go.
    if (first) await servers[0]!.idle();
  });

  it('by the public CAs where there is proof that DANE does not apply, and the caller takes that', async () => {
    const options = { require: 'dane-or-pkix', ca: [pem(root)] } as const;
    const scenes: Scene[] = [
      { tlsa: [], options },
      { table: { status: { 'example.net': 'insecure' } }, options },
      { tlsa: ['3 1 1 abcd'], options },
    ];
    for (const scene of scenes) {
      expect(connected(await connect(scene))).toMatchObject({ authenticated: 'pkix', match: null });
    }
  });

  it('each connection presents its chain: no session is resumed', async () => {
    const records = { tlsa: [ee(leaf)] };
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (let i = 0; i < 3; i++) {
        const scene = { ...records, hosts: { '192.0.2.1': { secureContext: { maxVersion } } } };
        const result = await connect(scene);
        if (result.kind !== 'connected') throw new Error(result.text);
        // Tickets come behind the handshake: wait for what comes with them.
        result.socket.resume();
        await new Promise(setImmediate);
        expect(result.socket.isSessionReused()).toBe(false);
        result.socket.destroy();
      }
    }
  });

  it('the options of a caller cannot slip in a session or a looser check', async () => {
    const options = { session: Buffer.from('x'), rejectUnauthorized: false, checkServerIdentity: () => {} };
    const result = await connect({ tlsa: [ee(other)], options: options as Partial<DaneConnectOptions> });
    expect(refusal(result).reason).toBe('mismatch');
  });
});

describe('a refusal', () => {
  const cases: [string, Scene, DaneRefused['reason'], RegExp][] = [
    ['another key', { tlsa: [ee(other)] }, 'mismatch', /no usable TLSA record/i],
    [
      'another key, PKIX allowed: no fallback',
      { tlsa: [ee(other)], options: { require: 'dane-or-pkix', ca: [pem(root)] } },
      'mismatch',
      /TLSA record/,
    ],
    [
      'another name under usage 2',
      { tlsa: [ta(intermediate)], hosts: { '192.0.2.1': { chain: [other, intermediate] } } },
      'mismatch',
      /other\.example/,
    ],
    ['no TLSA records', { tlsa: [] }, 'no-dane', /no TLSA records/],
    ['an unsigned zone', { table: { status: { 'example.net': 'insecure' } } }, 'no-dane', /insecure/],
    ['no usable record', { tlsa: ['3 1 1 abcd'] }, 'unusable', /can be used/],
    [
      'a bogus lookup, PKIX allowed',
      {
        table: { failures: { '_993._tcp.mx.example.net TLSA': { status: 'bogus', text: 'expired' } } },
        options: { require: 'dane-or-pkix', ca: [pem(root)] },
      },
      'bogus',
      /expired/,
    ],
    [
      'a lookup without answer, PKIX allowed',
      {
        table: { failures: { '_993._tcp.mx.example.net TLSA': { status: 'indeterminate' } } },
        options: { require: 'dane-or-pkix', ca: [pem(root)] },
      },
      'lookup-failed',
      /mx\.example\.net/,
    ],
    ['no address', { zone: 'example.net. 300 IN A 192.0.2.1' }, 'no-address', /mx\.example\.net/],
    ['nobody listens', { hosts: { '192.0.2.1': null } }, 'unreachable', /refused/],
    [
      'no TLS',
      { hosts: { '192.0.2.1': { implicitTls: false, greeting: '220 hi' } } },
      'tls-failed',
      /TLS handshake/,
    ],
    [
      'no time',
      { hosts: { '192.0.2.1': { mute: true } }, options: { timeoutMs: 100 } },
      'timeout',
      /no time|too long/,
    ],
    [
      'a name that the CA does not vouch for',
      {
        tlsa: [],
        hosts: { '192.0.2.1': { chain: [other, intermediate] } },
        options: { require: 'dane-or-pkix', ca: [pem(root)] },
      },
      'pkix-failed',
      /mx\.example\.net/,
    ],
    ['a CA that nobody trusts', { tlsa: [], options: { require: 'dane-or-pkix' } }, 'pkix-failed', /./],
  ];
  for (const [title, scene, reason, text] of cases) {
    it(`${title}: ${reason}`, async () => {
      const result = refusal(await connect(scene));
      expect(result).toMatchObject({ reason, text: expect.stringMatching(text) });
      expect(result).not.toHaveProperty('socket');
      for (const server of servers) await server.idle();
    });
  }

  const imap = 'mx.example.net. 300 IN A 192.0.2.1\n_143._tcp.mx.example.net. 300 IN TLSA';
  it.each<[string, MailHostScript]>([
    ['is refused', { starttls: 'a1 NO' }],
    ['is followed by data (CVE-2011-0411)', { inject: '* OK\r\n' }],
  ])('STARTTLS %s', async (_, script) => {
    const result = await connect({
      zone: `${imap} ${ee(leaf)}`,
      hosts: { '192.0.2.1': { implicitTls: false, dialect: 'imap', greeting: '* OK', ...script } },
      options: { service: 'imap' },
    });
    expect(refusal(result).reason).toBe('starttls');
    await servers[0]!.idle();
  });

  const SRV = `_imaps._tcp.example.org. 300 IN SRV 0 0 993 mx.example.net.
    mx.example.net. 300 IN A 192.0.2.1
    _993._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}`;
  const domain = { host: undefined, domain: 'example.org' } as Partial<DaneConnectOptions>;
  const srv: [string, Scene, DaneRefused['reason']][] = [
    [
      'SRV insecure: the records of the target mean nothing',
      { table: { status: { 'example.org': 'insecure' } } },
      'no-dane',
    ],
    [
      'SRV insecure, PKIX: the name of the target is not enough',
      {
        table: { status: { 'example.org': 'insecure' } },
        options: { ...domain, require: 'dane-or-pkix', ca: [pem(root)] } as Partial<DaneConnectOptions>,
      },
      'pkix-failed',
    ],
    ['SRV bogus', { table: { failures: { '_imaps._tcp.example.org SRV': { status: 'bogus' } } } }, 'bogus'],
    ['no SRV', { zone: 'example.org. 300 IN A 192.0.2.1' }, 'not-offered'],
    ['SRV .', { zone: '_imaps._tcp.example.org. 300 IN SRV 0 0 0 .' }, 'not-offered'],
  ];
  for (const [title, scene, reason] of srv) {
    it(`${title}: ${reason}`, async () => {
      expect(refusal(await connect({ zone: SRV, options: domain, ...scene })).reason).toBe(reason);
    });
  }

  it('says what was tried', async () => {
    const { attempts } = refusal(await connect({ tlsa: [ee(other)] }));
    expect(attempts).toEqual([
      expect.objectContaining({
        host: 'mx.example.net',
        address: '192.0.2.1',
        match: expect.objectContaining({ kind: 'mismatch' }),
      }),
    ]);
  });

  it('abort rejects with its reason and leaves no socket', async () => {
    const stop = new AbortController();
    const result = connect({
      hosts: { '192.0.2.1': { mute: true } },
      options: { signal: stop.signal },
    });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(result).rejects.toThrow('enough');
    await servers[0]!.idle();
  });

  it.each<[object, RegExp]>([
    [{ service: 'gopher' }, /service must be one of https/],
    [{ service: undefined }, /service must be/],
    [{ host: undefined }, /one of them/],
    [{ domain: 'example.org' }, /one of them/],
    [{ port: 0 }, /port/],
    [{ helo: 'a b' }, /EHLO/],
    [{ host: 'a b' }, /not a domain name/],
    [{ host: undefined, domain: 'example.org', service: 'https' }, /not located by SRV/],
  ])('options that cannot be: %j', async (options, message) => {
    await expect(connect({ options: options as Partial<DaneConnectOptions> })).rejects.toThrow(message);
  });
});
