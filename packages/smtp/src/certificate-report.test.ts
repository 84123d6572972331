import { expect, test } from 'vitest';
import { makeCertificate } from '../test/certificates.ts';
import { certificateReport, parsedOr } from './certificate-report.ts';

const ca = makeCertificate({ cn: 'Example CA', ca: true });
const leaf = makeCertificate({ cn: 'mx.example.net', names: ['mx.example.net'], issuer: ca });
const copy = (der: Uint8Array): Uint8Array => Uint8Array.from(der);

test("a CA that another host sends is read once; what is a host's own is not kept", () => {
  expect(parsedOr(copy(ca.der))).toBe(parsedOr(copy(ca.der)));
  expect(certificateReport(copy(ca.der))).toBe(certificateReport(copy(ca.der)));
  expect(parsedOr(copy(leaf.der))).not.toBe(parsedOr(copy(leaf.der)));
});

test('the same octets are read once, and told as they are', () => {
  const der = copy(leaf.der);
  expect(parsedOr(der)).toBe(parsedOr(der));
  expect(certificateReport(der)).toMatchObject({
    subject: 'CN=mx.example.net',
    names: ['mx.example.net'],
    key: 'EC P-256',
    ca: false,
  });
});

test('a CA whose octets differ is another one', () => {
  const changed = copy(ca.der);
  changed[changed.length - 1]! ^= 1;
  expect(parsedOr(changed)).not.toBe(parsedOr(copy(ca.der)));
  expect(certificateReport(changed).sha256).not.toBe(certificateReport(ca.der).sha256);
});

test('what is no certificate stays octets', () => {
  const junk = Uint8Array.of(1, 2, 3);
  expect(parsedOr(junk)).toBe(junk);
  expect(certificateReport(junk).error).toBe('the certificate cannot be parsed');
});

test('no more than so many CAs are kept', () => {
  const first = parsedOr(copy(ca.der));
  const many = Array.from({ length: 257 }, (_, i) => {
    const der = copy(ca.der);
    der[der.length - 1]! ^= 1 + (i & 0x7f);
    der[der.length - 2]! ^= i >> 7;
    return der;
  });
  for (const der of many) parsedOr(der);
  expect(parsedOr(copy(ca.der))).not.toBe(first);
});
