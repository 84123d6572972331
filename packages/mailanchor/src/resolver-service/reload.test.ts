import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/program.ts';
import { readTls } from './reload.ts';

const scratch = temporaryFolder();
afterAll(() => scratch.done());
const file = (name: string, text: string) => {
  const path = join(scratch.path, name);
  writeFileSync(path, text);
  return path;
};
const made = (label: string) => {
  const certificate = issueCertificate(new Seed(label), label, {
    subject: label,
    names: [label],
    notBefore: 0,
    notAfter: 4_000_000_000_000,
  });
  return {
    cert: file(`${label}.crt`, toPem([certificate])),
    key: file(`${label}.key`, certificate.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
  };
};
const read = (cert: string, key: string) =>
  readTls({ tls: { cert: { path: cert, from: '--tls-cert' }, key: { path: key, from: '--tls-key' } } });

test('a certificate and its key', async () => {
  const { cert, key } = made('one');
  expect(await read(cert, key)).toMatchObject({ cert: expect.stringMatching(/BEGIN CERTIFICATE/) });
});

test('said which file is of no use, and why', async () => {
  const one = made('one');
  const two = made('two');
  const none = file('none', 'nothing');
  await expect(read(none, one.key)).rejects.toThrow(/^--tls-cert: .*none holds no certificate in PEM$/);
  await expect(read(one.cert, none)).rejects.toThrow(
    /^--tls-key: .*none holds no private key in PEM without a passphrase$/,
  );
  await expect(read(one.cert, two.key)).rejects.toThrow(
    /two\.key is not that of the first certificate in .*one\.crt$/,
  );
  await expect(read(one.cert, join(scratch.path, 'absent'))).rejects.toThrow(
    /^--tls-key: cannot read .*absent: no such file$/,
  );
});
