/** Each kind of channel against a real one of its kind: an SMTP server, a web server, a command. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Alert } from './alert.ts';
import type { Envelope } from './channel.ts';
import type { ExecChannelSettings, MailChannelSettings, WebhookChannelSettings } from './channel-settings.ts';
import { openChannels } from './channels.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-channels-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const ALERT: Alert = {
  id: 'alert-1',
  episode: 'episode-1',
  kind: 'raised',
  target: 'example.org',
  severity: 'error',
  code: 'tlsa-mismatch',
  subject: 'mx.example.org',
  text: 'No usable TLSA record matches the certificate.',
  effect: 'Senders that validate DANE defer mail for this host.',
  fix: '_25._tcp.mx.example.org. 3600 IN TLSA 3 1 1 00',
  since: '2026-11-25T12:00:00.000Z',
  at: '2026-11-25T12:01:00.000Z',
  flapping: false,
};
const ENVELOPE: Envelope = {
  id: 'delivery-1',
  madeAt: Date.UTC(2026, 10, 25, 12, 2),
  host: 'here.example',
  alerts: [ALERT],
};
/** Quoted-printable undone. */
const decoded = (mail: string): string =>
  Buffer.from(
    mail
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
const TLS = issueCertificate(new Seed('channels'), 'smtp', {
  subject: 'localhost',
  names: ['localhost'],
  notBefore: Date.UTC(2026, 0, 1),
  notAfter: Date.UTC(2036, 0, 1),
});
const SIGNAL = new AbortController().signal;

const MAIL: MailChannelSettings = {
  kind: 'mail',
  name: 'mail',
  least: 'info',
  timeoutMs: 2000,
  to: ['a@example.org', 'b@example.org'],
  from: 'watch@example.org',
  host: '127.0.0.1',
  port: 0,
  tls: 'may',
  ca: undefined,
  user: undefined,
  passwordFile: undefined,
  sendmail: undefined,
};
const WEBHOOK: WebhookChannelSettings = {
  kind: 'webhook',
  name: 'hook',
  least: 'info',
  timeoutMs: 500,
  url: new URL('http://127.0.0.1/'),
  secretFile: undefined,
  ca: undefined,
};
const EXEC: ExecChannelSettings = { kind: 'exec', name: 'exec', least: 'info', timeoutMs: 5000, command: [] };

const open = async (settings: MailChannelSettings | WebhookChannelSettings | ExecChannelSettings) =>
  (await openChannels([settings], 'here.example'))[0]!;
const file = (name: string, text: string): { path: string; from: string } => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { path, from: name };
};

describe('mail', () => {
  async function server(
    options: SMTPServerOptions = {},
  ): Promise<{ port: number; mails: string[]; recipients: string[] }> {
    const mails: string[] = [];
    const recipients: string[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      cert: toPem([TLS]),
      key: TLS.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      onData(stream, session, done) {
        let text = '';
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        stream.on('end', () => {
          mails.push(text);
          recipients.push(...session.envelope.rcptTo.map(({ address }) => address));
          done();
        });
      },
      ...options,
    });
    smtp.on('error', () => {});
    const listening = smtp.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    closing.push(() => new Promise<void>((resolve) => smtp.close(() => resolve())));
    return { port: (listening.address() as AddressInfo).port, mails, recipients };
  }

  test('to all addresses, with STARTTLS by a certificate of nobody', async () => {
    const { port, mails, recipients } = await server();
    const channel = await open({ ...MAIL, port });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toEqual({ kind: 'delivered' });
    expect(recipients).toEqual(['a@example.org', 'b@example.org']);
    expect(mails[0]).toMatch(
      /^Subject: \[mailanchor\] error: tlsa-mismatch mx\.example\.org \(example\.org\)\r$/m,
    );
    expect(mails[0]).toMatch(/^Message-ID: <delivery-1@here\.example>\r$/m);
    expect(mails[0]).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(decoded(mails[0]!)).toContain('    _25._tcp.mx.example.org. 3600 IN TLSA 3 1 1 00\r\n');
  });

  test('what is told of one problem refers to one message, from its beginning to its end', async () => {
    const { port, mails } = await server();
    const channel = await open({ ...MAIL, port });
    await channel.deliver(ENVELOPE, SIGNAL);
    await channel.deliver(
      { ...ENVELOPE, id: 'delivery-2', alerts: [{ ...ALERT, id: 'alert-2', kind: 'resolved' }] },
      SIGNAL,
    );
    const references = mails.map((mail) => /^References: (\S+)\r$/m.exec(mail)?.[1]);
    expect(references[0]).toMatch(/^<[0-9a-f]{32}@here\.example>$/);
    expect(references[1]).toBe(references[0]);
  });

  test('a server whose certificate must be verified and cannot be: not delivered', async () => {
    const { port, mails } = await server();
    const channel = await open({ ...MAIL, port, tls: 'require' });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toMatchObject({ kind: 'failed' });
    expect(mails).toEqual([]);
  });

  test('with a password', async () => {
    const { port, mails } = await server({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _, done) {
        if (username === 'me' && password === 'secret') done(null, { user: 'me' });
        else done(new Error('no'));
      },
    });
    const right = await open({ ...MAIL, port, user: 'me', passwordFile: file('password', 'secret\n') });
    const wrong = await open({ ...MAIL, port, user: 'me', passwordFile: file('wrong', 'guess\n') });
    expect(await right.deliver(ENVELOPE, SIGNAL)).toEqual({ kind: 'delivered' });
    expect(await wrong.deliver(ENVELOPE, SIGNAL)).toMatchObject({ kind: 'failed' });
    expect(mails).toHaveLength(1);
  });

  test('a mail that is refused for good, and one that is not', async () => {
    const refusing = (responseCode: number) =>
      server({
        onData(stream, _, done) {
          stream.resume();
          stream.on('end', () => done(Object.assign(new Error('not this one'), { responseCode })));
        },
      });
    for (const [code, kind] of [
      [554, 'refused'],
      [451, 'failed'],
    ] as const) {
      const channel = await open({ ...MAIL, port: (await refusing(code)).port });
      expect(await channel.deliver(ENVELOPE, SIGNAL)).toMatchObject({ kind });
    }
  });

  test('nobody listens, or nobody speaks', async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const slow = await open({ ...MAIL, port, timeoutMs: 200 });
    expect(await slow.deliver(ENVELOPE, SIGNAL)).toMatchObject({ kind: 'failed' });
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
    const closed = await open({ ...MAIL, port, timeoutMs: 1000 });
    expect(await closed.deliver(ENVELOPE, SIGNAL)).toMatchObject({
      kind: 'failed',
      text: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('lines of the network cannot add headers', async () => {
    const { port, mails } = await server();
    const channel = await open({ ...MAIL, port });
    const evil = { ...ALERT, subject: 'x\r\nBcc: evil@example.net', id: 'x\r\nX-Evil: 1' };
    await channel.deliver({ ...ENVELOPE, alerts: [evil] }, SIGNAL);
    const head = mails[0]!.split('\r\n\r\n')[0]!;
    expect(head).not.toMatch(/^(Bcc|X-Evil):/im);
  });

  test('by a sendmail program', async () => {
    const program = join(folder, 'sendmail');
    writeFileSync(program, `#!/bin/sh\necho "$@" > ${folder}/arguments\ncat > ${folder}/mail\n`);
    chmodSync(program, 0o755);
    const channel = await open({ ...MAIL, sendmail: program });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toEqual({ kind: 'delivered' });
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe(
      '-i -f watch@example.org a@example.org b@example.org\n',
    );
    expect(readFileSync(join(folder, 'mail'), 'utf8')).toContain('tlsa-mismatch');
  });
});

describe('webhook', () => {
  interface Got {
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }
  async function server(answer: (response: ServerResponse) => void): Promise<{ url: URL; got: Got[] }> {
    const got: Got[] = [];
    const web: Server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        got.push({ headers: request.headers, body });
        answer(response);
      });
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    closing.push(() => {
      web.close();
      web.closeAllConnections();
    });
    return { url: new URL(`http://127.0.0.1:${(web.address() as AddressInfo).port}/hook?x=1`), got };
  }
  const answering =
    (status: number, headers = {}) =>
    (response: ServerResponse) =>
      response.writeHead(status, headers).end('x'.repeat(100_000));

  test('a POST that its receiver can verify', async () => {
    const { url, got } = await server(answering(204));
    const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
    const channel = await open({ ...WEBHOOK, url, secretFile: file('secret', `${secret}\n`) });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toEqual({ kind: 'delivered' });
    const [{ headers, body }] = got as [Got];
    // As the receiver of https://www.standardwebhooks.com does it.
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = createHmac('sha256', '0123456789abcdef0123456789abcdef').update(signed).digest();
    const [version, signature = ''] = String(headers['webhook-signature']).split(',');
    expect(version).toBe('v1');
    expect(timingSafeEqual(Buffer.from(signature, 'base64'), expected)).toBe(true);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    expect(headers['webhook-id']).toBe('delivery-1');
    expect(JSON.parse(body)).toEqual({
      version: 1,
      id: 'delivery-1',
      madeAt: '2026-11-25T12:02:00.000Z',
      host: 'here.example',
      alerts: [ALERT],
    });
  });

  test.each([
    [200, 'delivered'],
    [202, 'delivered'],
    [302, 'failed'],
    [404, 'failed'],
    [410, 'refused'],
    [413, 'refused'],
    [500, 'failed'],
  ])('%i: %s', async (status, kind) => {
    const { url, got } = await server(answering(status, { location: '/elsewhere' }));
    const channel = await open({ ...WEBHOOK, url });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toMatchObject({ kind });
    expect(got).toHaveLength(1);
    expect(got[0]!.headers['webhook-signature']).toBeUndefined();
  });

  test('no answer in time, and none at all', async () => {
    const { url } = await server(() => {});
    const channel = await open({ ...WEBHOOK, url, timeoutMs: 100 });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toEqual({
      kind: 'failed',
      text: 'no answer within 0.1 s',
    });
    const nobody = await open({ ...WEBHOOK, url: new URL('http://127.0.0.1:9/') });
    expect(await nobody.deliver(ENVELOPE, SIGNAL)).toMatchObject({
      kind: 'failed',
      text: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('a secret that could be guessed is refused', async () => {
    await expect(open({ ...WEBHOOK, secretFile: file('short', 'hunter2\n') })).rejects.toThrow(
      /7 octets; 16 are the least/,
    );
  });
});

describe('exec', () => {
  test('JSON on standard input', async () => {
    const channel = await open({ ...EXEC, command: ['sh', '-c', `cat > ${folder}/alerts.json`] });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toEqual({ kind: 'delivered' });
    expect(JSON.parse(readFileSync(join(folder, 'alerts.json'), 'utf8'))).toMatchObject({
      id: 'delivery-1',
      alerts: [{ id: 'alert-1' }],
    });
  });

  test.each<[string, string[], RegExp]>([
    ['another exit status', ['sh', '-c', 'echo out; echo err >&2; exit 3'], /^sh: exit status 3: err$/],
    ['no such program', ['/nowhere/at/all'], /^\/nowhere\/at\/all: .*no such program$/],
    ['ended by a signal', ['sh', '-c', 'kill -9 $$'], /killed by SIGKILL/],
  ])('%s: not delivered', async (_, command, text) => {
    const channel = await open({ ...EXEC, command });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toMatchObject({
      kind: 'failed',
      text: expect.stringMatching(text),
    });
  });

  test('one that does not read what it gets', async () => {
    const channel = await open({ ...EXEC, command: ['true'] });
    const large = {
      ...ENVELOPE,
      alerts: Array.from({ length: 100 }, () => ({ ...ALERT, text: 'x'.repeat(10_000) })),
    };
    expect(await channel.deliver(large, SIGNAL)).toEqual({ kind: 'delivered' });
  });

  test('one that does not end, with what it has begun', async () => {
    const channel = await open({
      ...EXEC,
      timeoutMs: 100,
      command: ['sh', '-c', 'sleep 100 & sleep 100; wait'],
    });
    expect(await channel.deliver(ENVELOPE, SIGNAL)).toEqual({
      kind: 'failed',
      text: 'sh: not done after 0.1 s and killed',
    });
  });

  test('is ended where the service stops', async () => {
    const stop = new AbortController();
    const channel = await open({ ...EXEC, command: ['sleep', '100'] });
    const delivering = channel.deliver(ENVELOPE, stop.signal);
    stop.abort();
    expect(await delivering).toEqual({ kind: 'failed', text: expect.stringMatching(/^sleep: /) });
  });
});
