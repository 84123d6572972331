/** Signatures are made by nodemailer, which the sending half uses, and verified by mailauth with our resolver. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import DKIM from 'nodemailer/lib/dkim';
import { expect, test } from 'vitest';
import { mailOf, NOW } from './samples.fixture.ts';
import { verifySignature } from './signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const record = (key: KeyObject, more = '') =>
  `s1._domainkey.google.com. 300 IN TXT "v=DKIM1; k=rsa; ${more}p=" ${(
    key
      .export({ type: 'spki', format: 'der' })
      .toString('base64')
      .match(/.{1,200}/g) ?? []
  )
    .map((part) => `"${part}"`)
    .join(' ')}`;

async function signed(mail: Buffer, domainName = 'google.com'): Promise<Buffer> {
  const signer = new DKIM({
    domainName,
    keySelector: 's1',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const chunks: Buffer[] = [];
  for await (const chunk of signer.sign(mail)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const verify = (mail: Buffer, table: Partial<FakeTable> = {}, from: string | undefined = 'google.com') =>
  verifySignature(mail, from, {
    resolver: new FakeResolver({ zone: record(publicKey), ...table }),
    clock: () => NOW,
    timeoutMs: 1_000,
  });

test('a signature of the sender', async () => {
  expect(await verify(await signed(mailOf()))).toEqual({ kind: 'valid', domain: 'google.com' });
});
test('of a domain above it', async () => {
  expect(await verify(await signed(mailOf()), {}, 'mail.google.com')).toEqual({
    kind: 'valid',
    domain: 'google.com',
  });
});
test('with a key that is for reports alone', async () => {
  expect(await verify(await signed(mailOf()), { zone: record(publicKey, 's=tlsrpt; ') })).toEqual({
    kind: 'valid',
    domain: 'google.com',
  });
});
test('as it lies in a Maildir, with bare line ends', async () => {
  const mail = Buffer.from((await signed(mailOf())).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  expect(await verify(mail)).toEqual({ kind: 'valid', domain: 'google.com' });
});
test('none', async () => {
  expect(await verify(mailOf())).toEqual({ kind: 'none' });
});
test.each<[string, (mail: Buffer) => Buffer, Partial<FakeTable>, string | undefined]>([
  [
    'another body',
    (mail) => Buffer.from(mail.toString('latin1').replace('This is', 'That is'), 'latin1'),
    {},
    'google.com',
  ],
  ['another key', (mail) => mail, { zone: record(other) }, 'google.com'],
  ['a key for something else', (mail) => mail, { zone: record(publicKey, 's=other; ') }, 'google.com'],
  ['no key', (mail) => mail, { zone: 'x.example. 300 IN A 192.0.2.1' }, 'google.com'],
  ['another sender', (mail) => mail, {}, 'example.net'],
  ['a sender below a name that only looks alike', (mail) => mail, {}, 'notgoogle.com'],
  ['no sender', (mail) => mail, {}, undefined],
  ['two senders', (mail) => Buffer.concat([Buffer.from('From: x@google.com\r\n'), mail]), {}, 'google.com'],
  [
    'a heap of signatures',
    (mail) => Buffer.concat([Buffer.from('DKIM-Signature: v=1\r\n'.repeat(50)), mail]),
    {},
    'google.com',
  ],
])('not valid: %s', async (_, change, table, from) => {
  const found = await verify(change(await signed(mailOf())), table, from ?? '');
  expect(found.kind).toBe('invalid');
});
test('a signature that leaves a part of the body out is none, though it is right', async () => {
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const one = { signingDomain: 'google.com', selector: 's1', privateKey: key };
  const signature = await dkimSign(mailOf(), {
    ...one,
    signatureData: [{ ...one, maxBodyLength: 30 }],
  });
  const mail = Buffer.concat([Buffer.from(signature.signatures), mailOf()]);
  expect(mail.toString('latin1')).toMatch(/ l=30;/);
  expect(await verify(mail)).toEqual({ kind: 'invalid', text: 'it leaves a part of the mail out' });
});
test('a key that cannot be looked up is no proof either way', async () => {
  const failures = { 's1._domainkey.google.com TXT': { status: 'indeterminate' } } as const;
  expect(await verify(await signed(mailOf()), { failures })).toMatchObject({ kind: 'unknown' });
});
test('bogus keys are none', async () => {
  const failures = { 's1._domainkey.google.com TXT': { status: 'bogus' } } as const;
  expect((await verify(await signed(mailOf()), { failures })).kind).not.toBe('valid');
});
