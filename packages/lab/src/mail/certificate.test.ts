import { X509Certificate } from 'node:crypto';
import { Certificate } from '@mailanchor/dane';
import { describe, expect, test } from 'vitest';
import { Seed } from '../keys/seed.ts';
import { issueCertificate, toPem } from './certificate.ts';

const seed = new Seed('certificates');
const DAY = 86_400_000;
const notBefore = Date.UTC(2030, 0, 1, 12, 30, 15);
const period = { notBefore, notAfter: notBefore + 90 * DAY };
const root = issueCertificate(seed, 'root', { subject: 'Root', ca: true, ...period });
const intermediate = issueCertificate(seed, 'mid', {
  subject: 'Mid',
  ca: true,
  pathLength: 0,
  issuer: root,
  ...period,
});
const leaf = issueCertificate(seed, 'leaf', {
  subject: 'mx.example',
  names: ['mx.example', 'mail.example'],
  issuer: intermediate,
  ...period,
});

describe('node:crypto reads what we issue', () => {
  const [r, m, l] = [root, intermediate, leaf].map(({ der }) => new X509Certificate(der));

  test('names and dates', () => {
    expect(l!.subject).toBe('CN=mx.example');
    expect(l!.issuer).toBe('CN=Mid');
    expect(l!.subjectAltName).toBe('DNS:mx.example, DNS:mail.example');
    expect([l!.validFromDate.getTime(), l!.validToDate.getTime()]).toEqual([
      period.notBefore,
      period.notAfter,
    ]);
  });
  test('signatures down the chain', () => {
    expect(r!.verify(r!.publicKey)).toBe(true);
    expect(m!.verify(r!.publicKey)).toBe(true);
    expect(l!.verify(m!.publicKey)).toBe(true);
    expect(l!.verify(r!.publicKey)).toBe(false);
    expect(l!.checkIssued(m!)).toBe(true);
  });
  test('CA flags', () => {
    expect([r!.ca, m!.ca, l!.ca]).toEqual([true, true, false]);
    expect(l!.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });
  test('the private key belongs to it', () => expect(l!.checkPrivateKey(leaf.key.privateKey)).toBe(true));
  test('PEM', () => expect(new X509Certificate(toPem([leaf, root])).raw).toEqual(Buffer.from(leaf.der)));
});

test('@mailanchor/dane reads it too', () => {
  const { extensions } = Certificate.parse(intermediate.der);
  expect(extensions).toMatchObject({ basicConstraints: { ca: true, pathLength: 0 }, problems: [] });
});

test('dates from 2050 on', () => {
  const late = Date.UTC(2060, 5, 6, 7, 8, 9);
  const { der } = issueCertificate(seed, 'late', { subject: 'late', notBefore, notAfter: late });
  expect(new X509Certificate(der).validToDate.getTime()).toBe(late);
});

test('a corrupt signature does not verify', () => {
  const { der } = issueCertificate(seed, 'bad', { subject: 'bad', corrupt: true, ...period });
  const certificate = new X509Certificate(der);
  expect(certificate.verify(certificate.publicKey)).toBe(false);
});

test('the same seed and label give the same key, others do not', () => {
  const again = issueCertificate(new Seed('certificates'), 'leaf', { subject: 'x', ...period });
  expect(again.key.spki).toEqual(leaf.key.spki);
  expect(issueCertificate(new Seed('other'), 'leaf', { subject: 'x', ...period }).key.spki).not.toEqual(
    leaf.key.spki,
  );
});
