import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AT, integer, makeKey, makeLeaf, name, sequence, tlv, toPem } from '../test/make-certificate.ts';
import { matchDane, publicKeyFromPem, tlsaFromCertificate, tlsaFromPublicKey, tlsaToText } from './index.ts';

const leaf = makeLeaf('a.test');
const { key } = leaf;
const sha256 = createHash('sha256').update(key.spki).digest('hex');

describe('TLSA records of certificates and keys', () => {
  test('3 1 1 unless told otherwise', () => {
    expect(tlsaToText(tlsaFromCertificate(leaf.der))).toBe(`3 1 1 ${sha256}`);
    expect(tlsaToText(tlsaFromPublicKey(key.spki))).toBe(`3 1 1 ${sha256}`);
  });

  test('every combination matches the certificate it was made of', () => {
    for (const selector of [0, 1]) {
      for (const matching of [0, 1, 2]) {
        const record = tlsaFromCertificate(leaf.der, { usage: 3, selector, matching });
        const verdict = matchDane({ records: [record], chain: [leaf.der], names: [], at: AT, mode: 'smtp' });
        expect(verdict).toEqual({ kind: 'match', usage: 3, selector, matching, depth: 0, record: 0 });
      }
    }
  });

  test.each([
    [() => tlsaFromPublicKey(key.spki, { selector: 0 }), 'bad-tlsa', 'selector 0 needs the certificate'],
    [() => tlsaFromPublicKey(leaf.der), 'bad-key', 'not a public key'],
    [() => tlsaFromCertificate(key.spki), 'bad-certificate', 'not a certificate'],
    [() => tlsaFromCertificate(leaf.der, { usage: 4 }), 'bad-tlsa', 'unknown usage 4'],
    [() => tlsaFromCertificate(leaf.der, { selector: 2 }), 'bad-tlsa', 'unknown selector 2'],
    [() => tlsaFromCertificate(leaf.der, { matching: 3 }), 'bad-tlsa', 'unknown matching type 3'],
  ])('%s: %s', (make, code, words) => {
    expect(make).toThrowError(expect.objectContaining({ code }));
    expect(make).toThrowError(words);
  });
});

describe('the key in a PEM file', () => {
  const exported = (type: 'pkcs8' | 'sec1'): string =>
    key.privateKey.export({ format: 'pem', type }).toString();
  const request = sequence(
    sequence(integer(0), name('CN=a.test'), key.spki, tlv(0xa0)),
    sequence(),
    tlv(0x03, Buffer.from([0])),
  );
  test.each([
    ['certificate', toPem(leaf.der)],
    ['public key', toPem(key.spki, 'PUBLIC KEY')],
    ['private key', exported('pkcs8')],
    [
      'EC private key with its parameters before it',
      `${toPem(Buffer.from([5, 0]), 'EC PARAMETERS')}${exported('sec1')}`,
    ],
    ['request', toPem(request, 'CERTIFICATE REQUEST')],
  ])('%s', (_, pem) => expect(Buffer.from(publicKeyFromPem(pem))).toEqual(key.spki));

  test('RSA private key', () => {
    const rsa = makeKey('rsa');
    const pem = rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    expect(Buffer.from(publicKeyFromPem(pem))).toEqual(rsa.spki);
  });

  const locked = key.privateKey.export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-128-cbc',
    passphrase: 'x',
  });
  const oldLocked = key.privateKey.export({
    format: 'pem',
    type: 'sec1',
    cipher: 'aes-128-cbc',
    passphrase: 'x',
  });
  test.each([
    ['', 'bad-pem', 'holds no key'],
    [toPem(Buffer.from('x'), 'X'), 'bad-pem', 'but "X"'],
    [locked.toString(), 'bad-key', 'is encrypted'],
    [oldLocked.toString(), 'bad-key', 'is encrypted'],
    [toPem(Buffer.from('x'), 'PRIVATE KEY'), 'bad-key', 'cannot be read'],
    [toPem(Buffer.from('x'), 'CERTIFICATE REQUEST'), 'bad-key', 'cannot be read'],
    [toPem(Buffer.from('x'), 'CERTIFICATE'), 'bad-certificate', 'not a certificate'],
  ])('%#: %s', (pem, code, words) => {
    expect(() => publicKeyFromPem(pem, 'key.pem')).toThrowError(expect.objectContaining({ code }));
    expect(() => publicKeyFromPem(pem, 'key.pem')).toThrowError(words);
  });
});
