/** Reports by mail: to real SMTP servers, signed, refused, over TLS of each kind, and through a sendmail program. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { composeReportMail } from '@mailanchor/smtp';
import { afterAll, expect, test } from 'vitest';
import { type MailRoute, mailTransport } from '../src/tlsrpt/mail-transport.ts';
import { verifyDkim } from './dkim-verify.ts';
import { temporaryFolder } from './program.ts';
import { Mailbox } from './tlsrpt-mailbox.ts';

const opened: Mailbox[] = [];
const scratch = temporaryFolder();
afterAll(async () => {
  await Promise.all(opened.map((mailbox) => mailbox.close()));
  scratch.done();
});

async function mailbox(...options: ConstructorParameters<typeof Mailbox>): Promise<Mailbox> {
  const one = await new Mailbox(...options).open();
  opened.push(one);
  return one;
}

const seed = new Seed('tlsrpt-mail');
const dates = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 };
const root = issueCertificate(seed, 'root', { subject: 'Mail CA', ca: true, ...dates });
const leaf = issueCertificate(seed, 'leaf', {
  subject: 'localhost',
  names: ['localhost'],
  issuer: root,
  ...dates,
});
const pair = {
  cert: toPem([leaf]),
  key: leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};
const ca = toPem([root]);

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const dkim = {
  domain: 'sender.example',
  selector: 'tlsrpt',
  key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

const START = Date.UTC(2026, 10, 24);
const { message } = composeReportMail({
  from: 'tlsrpt@sender.example',
  to: 'reports@example.org',
  date: START,
  domain: 'example.org',
  reportId: '1.example.org@sender.example',
  start: START,
  end: START + 86_399_000,
  text: ['A report.'],
  report: Buffer.alloc(3_000, 7),
});
const mail = { from: 'tlsrpt@sender.example', to: 'reports@example.org', message };
const route = (to: Mailbox, more: Partial<Extract<MailRoute, { kind: 'smarthost' }>> = {}): MailRoute => ({
  kind: 'smarthost',
  host: 'localhost',
  port: to.port,
  tls: 'may',
  helo: 'sender.example',
  ...more,
});

test('rfc8460#section-3: signed by the reporting domain, the whole body and the header fields of the report', async () => {
  const box = await mailbox();
  const outcome = await mailTransport(route(box), dkim).send(mail);
  expect(outcome).toMatchObject({ kind: 'sent', text: expect.stringMatching(/^localhost:\d+: 250/) });
  const [taken] = box.taken;
  expect(taken).toMatchObject({ from: mail.from, to: [mail.to] });
  const verdict = verifyDkim(taken!.message, publicKey);
  expect(verdict).toMatchObject({
    bodyHash: true,
    signature: true,
    tags: { d: 'sender.example', s: 'tlsrpt', a: 'rsa-sha256', c: 'relaxed/relaxed' },
  });
  expect(verdict.tags).not.toHaveProperty('l');
  expect(verdict.signed).toEqual(
    expect.arrayContaining([
      'from',
      'to',
      'subject',
      'date',
      'tls-report-domain',
      'tls-report-submitter',
      'tls-required',
    ]),
  );
  // The verifier of this test sees a changed report.
  const changed = verifyDkim(
    taken!.message.replace('TLS-Report-Domain: example.org', 'TLS-Report-Domain: x.example'),
    publicKey,
  );
  expect(changed).toMatchObject({ bodyHash: true, signature: false });
  // What arrives is what was composed, behind the signature.
  expect(taken!.message.slice(taken!.message.indexOf('From:')).trimEnd()).toBe(
    message.toString('latin1').trimEnd(),
  );
});

test.each<[string, number, object]>([
  ['refused for now', 451, { kind: 'failed', again: true, text: expect.stringContaining('451') }],
  ['refused for good', 550, { kind: 'failed', again: false, text: expect.stringContaining('550') }],
])('%s', async (_, responseCode, expected) => {
  const box = await mailbox();
  box.verdict = () => Object.assign(new Error('no'), { responseCode });
  expect(await mailTransport(route(box), undefined).send(mail)).toMatchObject(expected);
});

test('a recipient that is refused for good', async () => {
  const box = await mailbox({
    onRcptTo: (_, __, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
  });
  expect(await mailTransport(route(box), undefined).send(mail)).toMatchObject({
    kind: 'failed',
    again: false,
  });
});

test('nobody listens', async () => {
  const box = await mailbox();
  await box.close();
  expect(await mailTransport(route(box), undefined).send(mail)).toMatchObject({
    kind: 'failed',
    again: true,
  });
});

test('a server that says nothing is given up when we are stopped', async () => {
  const box = await mailbox();
  const stop = new AbortController();
  box.verdict = () => {
    stop.abort(new Error('stopped'));
    return new Promise(() => {});
  };
  await expect(mailTransport(route(box), undefined).send({ ...mail, signal: stop.signal })).rejects.toThrow(
    'stopped',
  );
});

test.each<[string, Partial<Extract<MailRoute, { kind: 'smarthost' }>>, boolean | 'failed']>([
  ['may: any certificate', { tls: 'may' }, true],
  ['require: of a CA that we know', { tls: 'require', ca }, true],
  ['require: of one that we do not know', { tls: 'require' }, 'failed'],
  ['require: of another name', { tls: 'require', ca, host: '127.0.0.1' }, 'failed'],
  ['none', { tls: 'none' }, false],
])('STARTTLS, %s', async (_, more, expected) => {
  const box = await mailbox({ ...pair, disabledCommands: ['AUTH'] });
  const outcome = await mailTransport(route(box, more), undefined).send(mail);
  if (expected === 'failed') {
    expect(outcome).toMatchObject({ kind: 'failed', again: true });
    expect(box.taken).toEqual([]);
  } else expect(box.taken).toMatchObject([{ secure: expected }]);
});

test('TLS from the first octet, of a CA that we do not know: nothing is sent', async () => {
  const box = await mailbox({ ...pair, secure: true });
  const outcome = await mailTransport(route(box, { tls: 'implicit' }), undefined).send(mail);
  expect(outcome).toMatchObject({ kind: 'failed', again: true });
  expect(box.taken).toEqual([]);
});

test('TLS that is required and not offered: nothing is sent', async () => {
  const box = await mailbox();
  const outcome = await mailTransport(route(box, { tls: 'require', ca }), undefined).send(mail);
  expect(outcome).toMatchObject({ kind: 'failed', again: true });
  expect(box.taken).toEqual([]);
});

test('a login, over TLS from the first octet', async () => {
  const box = await mailbox({
    ...pair,
    secure: true,
    disabledCommands: [],
    authOptional: false,
    onAuth: ({ username, password }, _, done) =>
      done(password === 'secret' ? null : new Error('no'), { user: username ?? '' }),
  });
  const login = (pass: string) =>
    mailTransport(route(box, { tls: 'implicit', ca, auth: { user: 'reporter', pass } }), undefined).send(
      mail,
    );
  expect(await login('wrong')).toMatchObject({ kind: 'failed', again: true });
  expect(await login('secret')).toMatchObject({ kind: 'sent' });
  expect(box.taken).toMatchObject([{ secure: true, user: 'reporter' }]);
});

test('a sendmail program gets envelope and message, and its failure is one', async () => {
  const path = join(scratch.path, 'sendmail');
  const copy = join(scratch.path, 'copy');
  writeFileSync(path, `#!/bin/sh\necho "$@" > ${copy}.args\ncat > ${copy}\n`);
  chmodSync(path, 0o755);
  const transport = mailTransport({ kind: 'sendmail', path }, dkim);
  expect(await transport.send(mail)).toMatchObject({ kind: 'sent' });
  expect(readFileSync(`${copy}.args`, 'utf8')).toMatch(/-f tlsrpt@sender\.example.* reports@example\.org/);
  const text = readFileSync(copy, 'latin1');
  expect(text).not.toContain('\r');
  expect(verifyDkim(text.replaceAll('\n', '\r\n'), publicKey)).toMatchObject({
    bodyHash: true,
    signature: true,
  });
  writeFileSync(path, '#!/bin/sh\nexit 75\n');
  expect(await transport.send(mail)).toMatchObject({ kind: 'failed', again: true });
});
