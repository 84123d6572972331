import { createConnection } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type SessionOptions, type SessionResult } from '../src/session.ts';
import { type MadeCertificate, makeCertificate } from './certificates.ts';
import {
  type MailHost,
  type MailHostScript,
  startMailHost,
  XMPP_STARTTLS,
  XMPP_STREAM,
} from './fake-mail-host.ts';

let root: MadeCertificate;
let intermediate: MadeCertificate;
let leaf: MadeCertificate;
let stranger: MadeCertificate;
const hosts: MailHost[] = [];

beforeAll(() => {
  root = makeCertificate({ cn: 'Test Root', ca: true });
  intermediate = makeCertificate({ cn: 'Test Intermediate', ca: true, issuer: root });
  leaf = makeCertificate({ cn: 'mx.test', names: ['mx.test'], issuer: intermediate });
  stranger = makeCertificate({ cn: 'Stranger', ca: true });
});

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

async function start(script: MailHostScript = {}): Promise<MailHost> {
  const host = await startMailHost({ chain: [leaf, intermediate], ...script });
  hosts.push(host);
  return host;
}

const QUICK = { connectMs: 300, replyMs: 150, tlsMs: 150, totalMs: 2000, quitMs: 50 };

async function open(script: MailHostScript, options: Partial<SessionOptions> = {}): Promise<SessionResult> {
  const { address, port } = await start(script);
  return openSession({
    address,
    port,
    protocol: 'smtp',
    servername: 'mx.test',
    limits: QUICK,
    ...options,
  });
}

describe('a session that succeeds', () => {
  it('rule 24: sends the TLSA base domain as SNI and speaks TLS 1.2 or newer', async () => {
    const host = await start();
    const result = await openSession({
      address: host.address,
      port: host.port,
      protocol: 'smtp',
      servername: 'base.test',
      helo: 'checker.test',
    });
    expect(result).toMatchObject({
      kind: 'established',
      greeting: 'mail.test ESMTP',
      starttls: true,
      tls: { protocol: 'TLSv1.3', servername: 'base.test' },
    });
    expect(host.servernames).toEqual(['base.test']);
    await host.idle();
    expect(host.commands).toEqual(['EHLO checker.test', 'STARTTLS', 'tls EHLO checker.test', 'tls QUIT']);
  });

  it('rule 24: TLS 1.2 is enough, TLS 1.1 is not', async () => {
    const two = await open({ secureContext: { maxVersion: 'TLSv1.2' } });
    expect(two).toMatchObject({ kind: 'established', tls: { protocol: 'TLSv1.2' } });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const one = await open({ secureContext: old });
    expect(one).toMatchObject({ kind: 'tls-failed', errorCode: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  it('rule 24: no anonymous suite', async () => {
    const anonymous = { ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' } as const;
    const { kind, chain } = await open({ secureContext: anonymous });
    expect([kind, chain.length]).toEqual(['tls-failed', 0]);
  });

  it('rule 25: capabilities are asked again after TLS, and only those count', async () => {
    const afterTls = '250-mail.test\r\n250-SIZE 1000\r\n250 REQUIRETLS\r\n';
    const { capabilities } = await open({ afterTls });
    expect(capabilities).toEqual(['SIZE', 'REQUIRETLS']);
  });

  const chains: [string, () => MadeCertificate[]][] = [
    ['leaf alone', () => [leaf]],
    ['leaf and intermediate, without the root', () => [leaf, intermediate]],
    ['the root too', () => [leaf, intermediate, root]],
    ['out of order', () => [leaf, root, intermediate]],
    ['with a stranger', () => [leaf, stranger, intermediate]],
    ['twice the same', () => [leaf, intermediate, intermediate]],
  ];
  for (const [title, chain] of chains) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`the chain is what was presented, in wire order: ${title}, ${maxVersion}`, async () => {
        const result = await open({ chain: chain(), secureContext: { maxVersion } });
        expect(result.chain.map((der) => Buffer.from(der).toString('hex'))).toEqual(
          chain().map(({ der }) => Buffer.from(der).toString('hex')),
        );
      });
    }
  }

  it('TLS from the first octet', async () => {
    const result = await open({ implicitTls: true }, { protocol: 'tls' });
    expect(result).toMatchObject({ kind: 'established', starttls: null, tls: { servername: 'mx.test' } });
    expect(result.chain).toHaveLength(2);
  });

  it('without EHLO name it gives its own address as a literal', async () => {
    const host = await start();
    await openSession({ address: host.address, port: host.port, protocol: 'smtp' });
    expect(host.commands[0]).toBe('EHLO [127.0.0.1]');
  });

  it('IPv6', async () => {
    const host = await start({ address: '::1' });
    const result = await openSession({ address: '::1', port: host.port, protocol: 'smtp' });
    expect([result.kind, host.commands[0]]).toEqual(['established', 'EHLO [IPv6:::1]']);
  });

  it('a server that does not answer QUIT costs little and changes nothing', async () => {
    expect(await open({ quit: 'silent' })).toMatchObject({ kind: 'established' });
  });
});

describe('a session that fails', () => {
  const faults: [string, MailHostScript, SessionResult['kind'], RegExp][] = [
    ['greeting 554', { greeting: '554 go away' }, 'greeting-refused', /554 go away/],
    ['greeting 450', { greeting: '450 busy' }, 'greeting-refused', /450 busy/],
    ['greeting 421', { greeting: '421 too many' }, 'greeting-refused', /421/],
    ['greeting of another code', { greeting: '354 send' }, 'protocol-error', /354/],
    ['a greeting that is none', { greeting: 'SSH-2.0-OpenSSH_9.6' }, 'protocol-error', /SSH-2.0/],
    [
      'control characters',
      { greeting: '554 \u001b[31mred\u0007\u0000' },
      'greeting-refused',
      /554 +\[31mred$/,
    ],
    ['codes that change', { greeting: '220-a\r\n221 b' }, 'protocol-error', /220 to 221/],
    ['closed before the greeting', { greeting: 'close' }, 'closed', /greeting/],
    ['no greeting', { greeting: 'silent' }, 'reply-timeout', /greeting/],
    ['a banner of 10 MB', { greeting: 'flood' }, 'too-much-data', /2048 octets/],
    ['a greeting without end', { greeting: 'lines' }, 'protocol-error', /more than 128 lines/],
    ['an octet at a time', { greeting: 'trickle' }, 'reply-timeout', /greeting/],
    ['EHLO 421', { ehlo: '421 closing' }, 'service-closing', /421 closing/],
    ['EHLO 450', { ehlo: '450 later' }, 'ehlo-refused', /450 later/],
    ['EHLO and HELO refused', { ehlo: '550 no' }, 'ehlo-refused', /550 no/],
    ['EHLO closed', { ehlo: 'close' }, 'closed', /EHLO/],
    ['EHLO unanswered', { ehlo: 'silent' }, 'reply-timeout', /EHLO/],
    ['a server from before EHLO', { ehlo: '502 what', helo: '250 hello' }, 'starttls-not-offered', /no EHLO/],
    ['rule 26: STARTTLS not offered', { ehlo: '250-x\r\n250 8BITMIME' }, 'starttls-not-offered', /not offer/],
    ['rule 26: XSTARTTLS is not STARTTLS', { ehlo: '250-x\r\n250 XSTARTTLS' }, 'starttls-not-offered', /not/],
    [
      'rule 26: STARTTLS refused for now',
      { starttls: '454 no TLS now' },
      'starttls-refused',
      /454 no TLS now/,
    ],
    ['rule 26: STARTTLS refused', { starttls: '502 unknown' }, 'starttls-refused', /502/],
    ['STARTTLS 421', { starttls: '421 closing' }, 'service-closing', /421/],
    ['STARTTLS unanswered', { starttls: 'silent' }, 'reply-timeout', /STARTTLS/],
    ['connection reset at STARTTLS', { starttls: 'reset' }, 'closed', /STARTTLS/],
    ['rule 25: data behind STARTTLS', { inject: '250 injected\r\n' }, 'injected-data', /between/],
    ['rule 25: half a line behind STARTTLS', { inject: '2' }, 'injected-data', /between/],
    ['no handshake', { handshake: 'silent' }, 'tls-timeout', /too long/],
    ['closed instead of a handshake', { handshake: 'close' }, 'tls-failed', /TLS/],
    ['no TLS after STARTTLS', { handshake: 'garbage' }, 'tls-failed', /TLS handshake/],
    [
      'an answer to a command not yet sent',
      { ehlo: '250-a\r\n250 STARTTLS\r\n220 go\r\n' },
      'protocol-error',
      /before STARTTLS/,
    ],
    ['closed right after the handshake', { afterTls: 'close' }, 'tls-failed', /closed/],
    ['EHLO refused after TLS', { afterTls: '550 no' }, 'ehlo-refused', /550/],
    ['EHLO unanswered after TLS', { afterTls: 'silent' }, 'reply-timeout', /EHLO/],
  ];
  for (const [title, script, kind, text] of faults) {
    it(`${title}: ${kind}`, async () => {
      const result = await open(script);
      expect(result).toMatchObject({ kind, text: expect.stringMatching(text) });
      await hosts[0]!.idle();
    });
  }

  it('a failure after the handshake still has the chain', async () => {
    const { chain, tls } = await open({ afterTls: '550 no' });
    expect([chain.length, tls?.protocol]).toEqual([2, 'TLSv1.3']);
  });

  it('reads no more of a flood than its limits', async () => {
    let read = 0;
    const { address, port } = await start({ greeting: 'flood' });
    await openSession({
      address,
      port,
      protocol: 'smtp',
      connect: (to) => {
        const socket = createConnection(to);
        socket.on('close', () => {
          read = socket.bytesRead;
        });
        return socket;
      },
    });
    await hosts[0]!.idle();
    expect(read).toBeLessThan(400_000);
  });

  it('connection refused', async () => {
    const { address, port, close } = await startMailHost();
    await close();
    const result = await openSession({ address, port, protocol: 'smtp' });
    expect(result).toMatchObject({ kind: 'connect-refused', errorCode: 'ECONNREFUSED', starttls: null });
  });

  it('a connection that is never answered', async () => {
    const { address, port } = await start();
    const result = await openSession({
      address,
      port,
      protocol: 'smtp',
      limits: { connectMs: 20 },
      // A socket that is never told to connect stays silent, as behind a firewall that drops.
      connect: () =>
        new (
          createConnection({ port, host: address }).destroy().constructor as typeof import('node:net').Socket
        )(),
    });
    expect(result.kind).toBe('connect-timeout');
  });

  it('no such source address', async () => {
    const { address, port } = await start();
    const result = await openSession({ address, port, protocol: 'smtp', localAddress: '192.0.2.1' });
    expect(result.kind).toBe('no-route');
  });

  it('the whole session has a deadline, whatever the single steps have', async () => {
    const limits = { replyMs: 60_000, totalMs: 60 };
    const result = await open({ ehlo: 'silent' }, { limits });
    expect(result.kind).toBe('deadline');
  });

  it('refuses an EHLO name with a line break', async () => {
    await expect(open({}, { helo: 'a\r\nMAIL FROM:<>' })).rejects.toMatchObject({ code: 'bad-option' });
  });
});

describe('IMAP, POP3, ManageSieve and XMPP', () => {
  const imap = { dialect: 'imap', greeting: '* OK [CAPABILITY IMAP4rev2 STARTTLS] ready' } as const;
  const pop3 = { dialect: 'pop3', greeting: '+OK ready' } as const;
  const capabilities = '"IMPLEMENTATION" "Test 1"\r\n"STARTTLS"\r\n"SASL" ""\r\n';
  const sieve = { dialect: 'sieve', greeting: `${capabilities}OK "ready"` } as const;
  const xmpp = { dialect: 'xmpp' } as const;
  const features = (text: string) => ({ ...xmpp, stream: `${XMPP_STREAM}${text}` });
  const cases: [string, SessionOptions['protocol'], MailHostScript, SessionResult['kind'], RegExp][] = [
    ['ManageSieve', 'sieve', sieve, 'established', /TLS/],
    [
      'ManageSieve without STARTTLS',
      'sieve',
      { ...sieve, greeting: '"SIEVE" "fileinto"\r\nOK' },
      'starttls-not-offered',
      /does not offer/,
    ],
    ['ManageSieve says BYE', 'sieve', { ...sieve, greeting: 'BYE "busy"' }, 'greeting-refused', /busy/],
    ['ManageSieve refuses', 'sieve', { ...sieve, starttls: 'NO "not now"' }, 'starttls-refused', /not now/],
    ['ManageSieve data behind STARTTLS', 'sieve', { ...sieve, inject: 'OK\r\n' }, 'injected-data', /between/],
    [
      'ManageSieve without end',
      'sieve',
      { ...sieve, greeting: '"X" "y"\r\n'.repeat(70) },
      'protocol-error',
      /64 lines/,
    ],
    ['SMTP on the ManageSieve port', 'sieve', { greeting: '220 smtp' }, 'protocol-error', /220 smtp/],
    ['XMPP', 'xmpp-client', xmpp, 'established', /TLS/],
    ['XMPP between servers', 'xmpp-server', xmpp, 'established', /TLS/],
    [
      'XMPP refuses',
      'xmpp-client',
      { ...xmpp, starttls: "<failure xmlns='x'/>" },
      'starttls-refused',
      /failure/,
    ],
    [
      'XMPP proceeds in another namespace',
      'xmpp-client',
      { ...xmpp, starttls: "<proceed xmlns='x'/>" },
      'starttls-refused',
      /proceed/,
    ],
    [
      'XMPP without STARTTLS',
      'xmpp-client',
      features('<stream:features><bind xmlns="x"/></stream:features>'),
      'starttls-not-offered',
      /does not offer/,
    ],
    [
      'XMPP without features',
      'xmpp-client',
      features('<stream:features/>'),
      'starttls-not-offered',
      /does not offer/,
    ],
    [
      'XMPP ends the stream',
      'xmpp-client',
      features("<stream:error><host-unknown xmlns='x'/></stream:error></stream:stream>"),
      'greeting-refused',
      /host-unknown/,
    ],
    ['XMPP data behind proceed', 'xmpp-client', { ...xmpp, inject: '<a/>' }, 'injected-data', /between/],
    [
      'XMPP data behind the features',
      'xmpp-client',
      features(`${XMPP_STARTTLS}<message/>`),
      'protocol-error',
      /talks before/,
    ],
    ['XMPP without end', 'xmpp-client', features('<a/>'.repeat(9)), 'protocol-error', /not an XMPP stream/],
    [
      'XMPP very deep',
      'xmpp-client',
      features(`<stream:features>${'<a>'.repeat(20)}`),
      'protocol-error',
      /too deep/,
    ],
    [
      'XMPP many tags',
      'xmpp-client',
      features(`<stream:features>${'<a/>'.repeat(300)}`),
      'protocol-error',
      /256 tags/,
    ],
    [
      'XMPP tag without end',
      'xmpp-client',
      features(`<stream:features a='${'x'.repeat(5000)}`),
      'too-much-data',
      /2048/,
    ],
    [
      'XMPP quote without end',
      'xmpp-client',
      features(`<stream:features a='${'>'.repeat(3000)}`),
      'too-much-data',
      /2048/,
    ],
    ['XMPP silent', 'xmpp-client', features(''), 'reply-timeout', /stream/],
    [
      'XMPP document type',
      'xmpp-client',
      { ...xmpp, stream: '<!DOCTYPE a>' },
      'protocol-error',
      /not an XMPP stream/,
    ],
    ['IMAP', 'imap', imap, 'established', /TLS/],
    ['IMAP says BYE', 'imap', { ...imap, greeting: '* BYE busy' }, 'greeting-refused', /BYE busy/],
    [
      'IMAP logged in already',
      'imap',
      { ...imap, greeting: '* PREAUTH hello' },
      'starttls-refused',
      /PREAUTH/,
    ],
    ['IMAP refuses', 'imap', { ...imap, starttls: 'a1 BAD what' }, 'starttls-refused', /a1 BAD what/],
    [
      'IMAP untagged without end',
      'imap',
      { ...imap, starttls: '* x\r\n'.repeat(65) },
      'protocol-error',
      /64 lines/,
    ],
    ['IMAP data behind STARTTLS', 'imap', { ...imap, inject: '* OK\r\n' }, 'injected-data', /between/],
    ['SMTP on the IMAP port', 'imap', { greeting: '220 smtp' }, 'protocol-error', /220 smtp/],
    ['POP3', 'pop3', pop3, 'established', /TLS/],
    [
      'POP3 greets with an error',
      'pop3',
      { ...pop3, greeting: '-ERR busy' },
      'greeting-refused',
      /-ERR busy/,
    ],
    ['POP3 refuses', 'pop3', { ...pop3, starttls: '-ERR what' }, 'starttls-refused', /-ERR what/],
    ['POP3 silent', 'pop3', { ...pop3, starttls: 'silent' }, 'reply-timeout', /STLS/],
  ];
  for (const [title, protocol, script, kind, text] of cases) {
    it(`${title}: ${kind}`, async () => {
      const result = await open(script, { protocol });
      expect(result).toMatchObject({ kind, text: expect.stringMatching(text) });
      expect(result.chain).toHaveLength(kind === 'established' ? 2 : 0);
      await hosts[0]!.idle();
    });
  }
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'TLS from the first octet, %s: the server sees the handshake to its end',
  async (maxVersion) => {
    const host = await start({ implicitTls: true, secureContext: { maxVersion } });
    const { address, port } = host;
    const result = await openSession({ address, port, protocol: 'tls', servername: 'mx.test' });
    expect(result.kind).toBe('established');
    await host.idle();
    expect(host.servernames).toEqual(['mx.test']);
  },
);

describe('abort', () => {
  const places: [string, MailHostScript][] = [
    ['greeting', { greeting: 'silent' }],
    ['EHLO', { ehlo: 'silent' }],
    ['handshake', { handshake: 'silent' }],
    ['EHLO after TLS', { afterTls: 'silent' }],
    ['QUIT', { quit: 'silent' }],
  ];
  for (const [place, script] of places) {
    it(`during ${place}: rejects with the signal's reason and leaves no socket`, async () => {
      const host = await start(script);
      const stop = new AbortController();
      const limits = { replyMs: 60_000, tlsMs: 60_000, quitMs: 60_000 };
      const pending = openSession({
        address: host.address,
        port: host.port,
        protocol: 'smtp',
        limits,
        signal: stop.signal,
        connect: (to) => {
          const socket = createConnection(to);
          // The server's last words before it falls silent.
          const wanted = { greeting: 0, EHLO: 1, handshake: 2 }[place] ?? 3;
          let seen = 0;
          if (wanted === 0) socket.once('connect', () => stop.abort(new Error('stop')));
          socket.on('data', () => {
            if (++seen === wanted) stop.abort(new Error('stop'));
          });
          if (wanted === 3)
            setImmediate(function look() {
              const last = place === 'QUIT' ? /^tls QUIT/ : /^tls EHLO/;
              if (host.commands.some((line) => last.test(line))) stop.abort(new Error('stop'));
              else setImmediate(look);
            });
          return socket;
        },
      });
      await expect(pending).rejects.toThrow('stop');
      await host.idle();
    });
  }

  it('before it begins', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(openSession({ address: '127.0.0.1', port: 1, protocol: 'smtp', signal })).rejects.toThrow(
      'stop',
    );
  });
});
