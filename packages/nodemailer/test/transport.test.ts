/** The transport with nodemailer from npm, against hosts of the lab: mail arrives, or it does not leave. */
import {
  createResolver,
  parseRootHints,
  parseTrustAnchors,
  type ValidatingResolver,
} from '@mailanchor/dnssec';
import { type Lab, type MailHost, startLab } from '@mailanchor/lab';
import { policyFetcher, StsCache, type TlsRptEvent } from '@mailanchor/smtp';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DaneSendError } from '../src/errors.ts';
import { type DaneSentInfo, type DaneTransportOptions, daneTransport } from '../src/index.ts';

const ONLY = [
  'good-311.example',
  'good-211.example',
  'backup-down.example',
  'partial.example',
  'shared-key.example',
  'no-tlsa.example',
  'unsigned.example',
  'renewed-key.example',
  'wrong-name.example',
  'no-starttls.example',
  'starttls-refused.example',
  'injected-data.example',
  'expired.example',
  'expired-tlsa.example',
  'broken-denial.example',
  'tlsa-servfail.example',
  'unreachable.example',
  'null-mx.example',
  'no-such-domain.example',
  'sts-only.example',
  'sts-only-name.example',
  'sts-only-unlisted.example',
];

let lab: Lab;
let resolver: ValidatingResolver;
let sts: StsCache;
beforeAll(async () => {
  lab = await startLab({ only: ONLY });
  resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints),
    trustAnchors: parseTrustAnchors(lab.trustAnchor),
    dnsPort: lab.dnsPort,
  });
  sts = new StsCache({
    fetch: policyFetcher({ port: lab.policyPort, ca: [lab.ca], privateAddresses: true }),
  });
});
afterAll(async () => {
  await resolver?.close();
  await lab?.close();
});

const host = (name: string): MailHost => lab.mailHost(name)[0]!;
afterEach(() => {
  for (const name of ['mx.good-311.example', 'mx1.shared-key.example', 'mx2.shared-key.example']) {
    Object.assign(host(name), { refusal: undefined, lacks: [], keepsContent: false });
  }
});

function send(message: SendMailOptions, options: DaneTransportOptions = {}): Promise<DaneSentInfo> {
  const mailer = createTransport(
    daneTransport({ resolver, sts, ca: [lab.ca], port: lab.mailPort, helo: 'client.example', ...options }),
  );
  return mailer.sendMail({ from: 'me@client.example', subject: 'hello', text: 'Hello.\n', ...message });
}

async function refused(message: SendMailOptions, options?: DaneTransportOptions): Promise<DaneSendError> {
  const error: unknown = await send(message, options).then(
    () => new Error('it was sent'),
    (reason: unknown) => reason,
  );
  if (error instanceof DaneSendError) return error;
  throw error;
}

function arrived(): number {
  return lab.destinations.reduce((sum, { expected }) => {
    const hosts = expected.hosts.flatMap(({ host: name }) => lab.mailHost(name));
    return sum + hosts.reduce((count, { received }) => count + received.length, 0);
  }, 0);
}

describe('mail arrives', () => {
  test('over a session authenticated by DANE', async () => {
    const good = host('mx.good-311.example');
    good.keepsContent = true;
    const info = await send({ to: 'you@good-311.example', text: 'A line.\n.\n.. dots\n' });
    expect(info).toMatchObject({
      accepted: ['you@good-311.example'],
      rejected: [],
      deferred: [],
      response: expect.stringMatching(/^250 /),
      envelope: { from: 'me@client.example', to: ['you@good-311.example'] },
      results: [
        { kind: 'accepted', host: 'mx.good-311.example', authenticated: 'dane', secure: true, dsn: false },
      ],
    });
    const mail = good.received.at(-1)!;
    expect(mail).toMatchObject({ from: 'me@client.example', to: ['you@good-311.example'], tls: true });
    expect(mail.content).toContain('Subject: hello\r\n');
    expect(mail.content).toMatch(/\r\n\r\nA line\.\r\n\.\r\n\.\. dots\r\n$/);
    expect(mail.content).toContain(`Message-ID: ${info.messageId}`);
  });

  test('one session a domain, whoever the recipients are; one message for all of them', async () => {
    const good = host('mx.good-311.example');
    const before = { connections: good.connections, arrived: arrived() };
    const info = await send({
      to: ['a@good-311.example', 'B@GOOD-311.example'],
      cc: 'c@good-211.example',
      bcc: 'd@good-311.example',
    });
    expect(info.accepted).toHaveLength(4);
    expect(good.connections).toBe(before.connections + 1);
    expect(arrived()).toBe(before.arrived + 2);
    expect(good.received.at(-1)!.to).toHaveLength(3);
  });

  test.each([
    ['backup-down.example', 'mx1.backup-down.example', 'dane', true],
    ['partial.example', 'mx1.partial.example', 'dane', true],
    ['unsigned.example', 'mx.signed-host.example', 'dane', false],
    ['no-tlsa.example', 'mx.no-tlsa.example', 'encrypted', false],
    ['sts-only.example', 'mx.sts-only.example', 'pkix', true],
  ])('%s', async (domain, name, authenticated, secure) => {
    const { results } = await send({ to: `you@${domain}` });
    expect(results).toMatchObject([{ kind: 'accepted', host: name, authenticated, secure }]);
    expect(host(name).received.at(-1)!.tls).toBe(true);
  });

  test('partly: some recipients have it, of others the reason is told', async () => {
    const info = await send({
      to: ['a@good-311.example', 'b@renewed-key.example', 'c@null-mx.example', 'd@no-such-domain.example'],
    });
    expect(info).toMatchObject({
      accepted: ['a@good-311.example'],
      deferred: ['b@renewed-key.example'],
      rejected: ['c@null-mx.example', 'd@no-such-domain.example'],
    });
    expect(info.results.map(({ reason, status }) => `${reason} ${status}`)).toEqual([
      'reply null',
      'mismatch 4.7.5',
      'null-mx 5.1.10',
      'no-such-domain 5.1.2',
    ]);
  });
});

describe('mail does not leave', () => {
  test.each([
    ['renewed-key.example', 'mismatch'],
    ['wrong-name.example', 'mismatch'],
    ['no-starttls.example', 'starttls'],
    ['starttls-refused.example', 'starttls'],
    ['injected-data.example', 'starttls'],
    ['expired.example', 'bogus'],
    ['expired-tlsa.example', 'bogus'],
    ['broken-denial.example', 'bogus'],
    ['tlsa-servfail.example', 'lookup-failed'],
    ['unreachable.example', 'unreachable'],
    ['sts-only-name.example', 'pkix-failed'],
    ['sts-only-unlisted.example', 'not-listed'],
  ])('%s: %s', async (domain, reason) => {
    const before = arrived();
    const error = await refused({ to: `you@${domain}` });
    expect(error.code).toBe('EDEFERRED');
    expect(error.message).toMatch(new RegExp(`^deferred: you@${domain}: `));
    expect(error.info?.results).toMatchObject([
      { kind: 'deferred', reason, host: null, authenticated: null },
    ]);
    expect(arrived()).toBe(before);
  });

  test.each(['null-mx.example', 'no-such-domain.example'])('%s: for good', async (domain) => {
    expect((await refused({ to: `you@${domain}` })).code).toBe('EREJECTED');
  });

  test('dane-only where there is no DANE', async () => {
    const error = await refused({ to: 'you@no-tlsa.example' }, { mode: 'dane-only' });
    expect(error.info?.results).toMatchObject([{ reason: 'dane-required' }]);
  });

  test('no recipient, and a recipient without a domain', async () => {
    expect((await refused({})).code).toBe('EENVELOPE');
    const error = await refused({ envelope: { from: 'me@client.example', to: ['you'] } });
    expect(error).toMatchObject({ code: 'EREJECTED', info: { results: [{ reason: 'bad-recipient' }] } });
  });

  test('larger than is taken', async () => {
    expect((await refused({ to: 'you@good-311.example' }, { maxOctets: 100 })).code).toBe('EMESSAGE');
    const error = await refused({
      to: 'you@good-311.example',
      text: 'x'.repeat(76).concat('\n').repeat(150_000),
    });
    expect(error).toMatchObject({
      code: 'EREJECTED',
      info: { results: [{ reason: 'size', status: '5.3.4', host: 'mx.good-311.example' }] },
    });
  });

  test('abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(send({ to: 'you@good-311.example', signal })).rejects.toThrow();
  });
});

describe('what the server says', () => {
  const to = ['a@shared-key.example', 'b@shared-key.example'];

  test('rejected for good is not offered to another host', async () => {
    const before = host('mx2.shared-key.example').connections;
    for (const name of ['mx1.shared-key.example', 'mx2.shared-key.example']) {
      host(name).refusal = { at: 'RCPT', code: 550, text: 'no such user', to: /^b@/ };
    }
    const info = await send({ to });
    expect(info).toMatchObject({ accepted: [to[0]], rejected: [to[1]], deferred: [] });
    expect(info.results[1]).toMatchObject({
      reason: 'reply',
      text: expect.stringMatching(/^550 .*no such user/),
    });
    expect(host('mx2.shared-key.example').connections).toBe(before);
  });

  test.each(['MAIL', 'RCPT', 'END'] as const)('deferred at %s: the next host is asked', async (at) => {
    host('mx1.shared-key.example').refusal = { at, code: 451, text: 'later' };
    const { results } = await send({ to });
    expect(results).toMatchObject(Array(2).fill({ kind: 'accepted', host: 'mx2.shared-key.example' }));
  });

  test('deferred by all: the reply is told', async () => {
    for (const name of ['mx1.shared-key.example', 'mx2.shared-key.example']) {
      host(name).refusal = { at: 'MAIL', code: 451, text: 'later' };
    }
    const { code, info } = await refused({ to });
    expect(code).toBe('EDEFERRED');
    expect(info?.results[0]).toMatchObject({ reason: 'reply', text: expect.stringMatching(/^451 .*later/) });
  });

  test('a session that breaks off behind the message: not sent again to another host', async () => {
    const before = host('mx2.shared-key.example').connections;
    host('mx1.shared-key.example').refusal = { at: 'END' };
    const { info } = await refused({ to });
    expect(info?.results[0]).toMatchObject({ kind: 'deferred', reason: 'lost', afterData: true });
    expect(host('mx2.shared-key.example').connections).toBe(before);
  });
});

describe('extensions', () => {
  const good = (): MailHost => host('mx.good-311.example');
  const raw = (text: string): SendMailOptions => ({
    to: 'you@good-311.example',
    raw: Buffer.from(`From: <me@client.example>\r\n${text}`),
  });

  test('8BITMIME: said where it is needed, refused where it is not offered', async () => {
    await send(raw('Subject: x\r\n\r\nGr\u00fc\u00dfe\r\n'));
    expect(good().received.at(-1)!.parameters).toMatchObject({ BODY: '8BITMIME' });
    good().lacks = ['8BITMIME'];
    const { info } = await refused(raw('Subject: x\r\n\r\nGr\u00fc\u00dfe\r\n'));
    expect(info?.results).toMatchObject([{ kind: 'rejected', reason: '8bitmime', status: '5.6.3' }]);
    // What nodemailer composes needs no more than seven bits.
    await send({ to: 'you@good-311.example', subject: 'Gr\u00fc\u00dfe', text: 'Gr\u00fc\u00dfe' });
  });

  test('SMTPUTF8: said where it is needed, refused where it is not offered', async () => {
    await send({ to: 'j\u00f5ger@good-311.example' });
    expect(good().received.at(-1)!).toMatchObject({
      to: ['j\u00f5ger@good-311.example'],
      parameters: { SMTPUTF8: true },
    });
    good().lacks = ['SMTPUTF8'];
    for (const message of [
      { to: 'j\u00f5ger@good-311.example' },
      raw('Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n'),
    ]) {
      const { info } = await refused(message);
      expect(info?.results).toMatchObject([{ kind: 'rejected', reason: 'smtputf8', status: '5.6.7' }]);
    }
  });

  test('DSN: asked for where it is offered, told where it is not', async () => {
    const dsn = { notify: ['SUCCESS', 'FAILURE'], ret: 'HDRS', id: 'abc' };
    const first = await send({ to: 'you@good-311.example', dsn });
    expect(first.results).toMatchObject([{ kind: 'accepted', dsn: true }]);
    expect(good().received.at(-1)!.parameters).toMatchObject({ RET: 'HDRS', ENVID: 'abc' });
    good().lacks = ['DSN'];
    const second = await send({ to: 'you@good-311.example', dsn });
    expect(second.results).toMatchObject([{ kind: 'accepted', dsn: false }]);
    expect(good().received.at(-1)!.parameters).not.toHaveProperty('RET');
  });

  test('REQUIRETLS: all the way, or back', async () => {
    const requireTLSExtensionEnabled = true;
    const { results } = await send({ to: 'you@good-311.example', requireTLSExtensionEnabled });
    expect(results).toMatchObject([{ kind: 'accepted', secure: true }]);
    expect(good().received.at(-1)!.parameters).toMatchObject({ REQUIRETLS: true });
    good().lacks = ['REQUIRETLS'];
    const { code, info } = await refused({ to: 'you@good-311.example', requireTLSExtensionEnabled });
    expect(code).toBe('EREJECTED');
    expect(info?.results).toMatchObject([{ reason: 'requiretls', status: '5.7.30' }]);
    expect((await refused({ to: 'you@unsigned.example', requireTLSExtensionEnabled })).code).toBe(
      'EREJECTED',
    );
  });

  test('TLS-Required: No: delivered whatever the certificate', async () => {
    const headers = { 'TLS-Required': 'No' };
    const { results } = await send({ to: 'you@renewed-key.example', headers });
    expect(results).toMatchObject([{ kind: 'accepted', authenticated: 'encrypted', secure: false }]);
  });

  test('a server without PIPELINING', async () => {
    good().lacks = ['PIPELINING'];
    expect((await send({ to: ['a@good-311.example', 'b@good-311.example'] })).accepted).toHaveLength(2);
  });
});

test('what TLS reports count', async () => {
  const events: TlsRptEvent[] = [];
  const report = (event: TlsRptEvent): void => void events.push(event);
  await send({ to: ['a@good-311.example', 'b@renewed-key.example'] }, { report });
  const told = events.map(
    ({ domain, policy, failure }) => `${domain} ${policy.type} ${failure?.resultType ?? 'success'}`,
  );
  expect(told.sort()).toEqual([
    'good-311.example tlsa success',
    'renewed-key.example tlsa validation-failure',
  ]);
});

test('plug-ins of nodemailer see the message before', async () => {
  const mailer = createTransport(daneTransport({ resolver, sts: false, port: lab.mailPort }));
  mailer.use('compile', (mail, done) => {
    mail.data.subject = 'from a plug-in';
    done();
  });
  const good = host('mx.good-311.example');
  good.keepsContent = true;
  await mailer.sendMail({ from: 'me@client.example', to: 'you@good-311.example', text: 'x' });
  expect(good.received.at(-1)!.content).toContain('Subject: from a plug-in');
});
