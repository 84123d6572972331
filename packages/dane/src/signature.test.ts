import { describe, expect, test } from 'vitest';
import {
  explicit,
  type Issued,
  issue,
  makeCa,
  makeKey,
  oid,
  type Profile,
  pssIdentifier,
  sequence,
  tlv,
} from '../test/make-certificate.ts';
import { Certificate } from './certificate.ts';
import { SearchBudget, SignatureChecks } from './certificate-path.ts';
import { importPublicKey } from './public-key.ts';
import { type SignatureResult, verifySignature } from './signature.ts';

function verify(issuer: Issued, profile: Profile = {}): SignatureResult {
  const subject = Certificate.parse(issue({ issuer, ...profile }).der);
  return verifySignature(subject, Certificate.parse(issuer.der).publicKey!);
}

const rsa = makeCa('CN=RSA', undefined, { key: makeKey('rsa') });
const ec = makeCa('CN=EC');

describe('certificate signatures', () => {
  test('verify', () => {
    expect(verify(rsa)).toEqual({ ok: true });
    expect(verify(rsa, { signature: 'pss' })).toEqual({ ok: true });
    expect(verify(ec)).toEqual({ ok: true });
  });

  const sha1Mask = pssIdentifier('1.3.14.3.2.26');
  const defaultPss = sequence(oid('1.2.840.113549.1.1.10'), sequence());
  const otherSalt = sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(explicit(0, sequence(oid('2.16.840.1.101.3.4.2.1')))),
  );
  const rows: readonly (readonly [string, SignatureResult, string])[] = [
    ['SHA-1 with RSA', verify(rsa, { signature: 'sha1' }), 'SHA-1'],
    ['MD5 with RSA', verify(rsa, { signature: 'md5' }), 'MD5'],
    ['SHA-1 with ECDSA', verify(ec, { signature: 'sha1' }), 'SHA-1'],
    [
      'an unknown algorithm',
      verify(ec, { algorithm: sequence(oid('1.2.3.4')) }),
      'unknown algorithm (1.2.3.4)',
    ],
    [
      'two algorithms',
      verify(ec, { outerAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), tlv(0x05)) }),
      'two different',
    ],
    [
      'an RSA algorithm of an EC key',
      verify(ec, { algorithm: sequence(oid('1.2.840.113549.1.1.11')) }),
      'another kind',
    ],
    ['PSS with another mask digest', verify(rsa, { signature: 'pss', algorithm: sha1Mask }), 'unusual PSS'],
    ['PSS with default digests', verify(rsa, { signature: 'pss', algorithm: defaultPss }), 'SHA-1'],
    ['PSS without mask function', verify(rsa, { signature: 'pss', algorithm: otherSalt }), 'unusual PSS'],
    ['PSS of an EC key', verify(ec, { algorithm: pssIdentifier() }), 'another kind'],
    ['a small RSA key', verify(makeCa('CN=R', undefined, { key: makeKey('rsa512') })), '512 bits'],
    ['a small curve', verify(makeCa('CN=E', undefined, { key: makeKey('ec112') })), 'too small curve'],
    ['another key', verify({ ...makeCa('CN=EC'), der: ec.der }), 'did not make'],
  ];
  test.each(rows)('%s: refused', (_, result, words) => {
    expect(result).toEqual({ ok: false, why: expect.stringContaining(words) });
  });

  test('RSA keys too large to verify in bounded time', () => {
    const subject = Certificate.parse(issue({ issuer: rsa }).der);
    const number = (octets: number): Buffer => tlv(0x02, Buffer.alloc(octets, 0x55));
    const large = (modulus: number, exponent: number): SignatureResult => {
      const key = sequence(number(modulus), number(exponent));
      const spki = sequence(
        sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)),
        tlv(0x03, Buffer.from([0]), key),
      );
      return verifySignature(subject, importPublicKey(spki)!);
    };
    expect(large(256, 8)).toEqual({ ok: false, why: expect.stringContaining('did not make') });
    expect(large(1025, 3)).toEqual({ ok: false, why: expect.stringContaining('too large') });
    expect(large(256, 9)).toEqual({ ok: false, why: expect.stringContaining('too large') });
  });

  test('a curve of its own making is refused: P-256 with another generator', () => {
    const { key } = ec;
    const hex = (text: string): Buffer => Buffer.from(text, 'hex');
    const unsigned = (text: string): Buffer => tlv(0x02, hex(`00${text}`));
    const p = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
    const a = 'ffffffff00000001000000000000000000000000fffffffffffffffffffffffc';
    const b = '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b';
    const n = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    const point = key.spki.subarray(-65);
    const one = tlv(0x02, Buffer.from([1]));
    const spki = (generator: Uint8Array): Buffer => {
      const field = sequence(oid('1.2.840.10045.1.1'), unsigned(p));
      const curve = sequence(tlv(0x04, hex(a)), tlv(0x04, hex(b)));
      const parameters = sequence(one, field, curve, tlv(0x04, generator), unsigned(n), one);
      return sequence(sequence(oid('1.2.840.10045.2.1'), parameters), tlv(0x03, Buffer.from([0]), point));
    };
    // With the key itself as generator, the private key is 1: whoever takes the parameters as they come is forged.
    const imported = importPublicKey(spki(point));
    const subject = Certificate.parse(issue({ issuer: ec }).der);
    const result = imported && verifySignature(subject, imported);
    expect(result === null || !result.ok).toBe(true);
    if (result && !result.ok) expect(result.why).toContain('unknown or too small curve');
  });

  test('each pair is checked once', () => {
    const checks = new SignatureChecks(new SearchBudget());
    const issuer = Certificate.parse(ec.der);
    const subject = Certificate.parse(issue({ issuer: ec }).der);
    for (let i = 0; i < 3; i++) expect(checks.check(subject, issuer)).toEqual({ ok: true });
    expect(checks.budget.signatureChecks).toBe(1);
  });
});
