import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeCa, makeLeaf, toPem } from '../test/make-certificate.ts';
import { certificatesFromPem, parsePem } from './index.ts';

const leaf = makeLeaf('a.test');
const ca = makeCa('CN=CA');
/** serverAuth, as OpenSSL appends it */
const trust = Buffer.from('300c300a06082b06010505070301', 'hex');
const both = toPem(leaf.der) + toPem(ca.der);

describe('PEM', () => {
  test.each([
    ['plain', both],
    ['text between', `subject=a\n\n${toPem(leaf.der)}\nissuer=b -----\n${toPem(ca.der)}trailing`],
    ['CRLF', both.replaceAll('\n', '\r\n')],
    ['another block before', `${toPem(Buffer.from('key'), 'PRIVATE KEY')}${both}`],
    ['the older label', both.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE')],
    [
      'with what they are trusted for',
      toPem(Buffer.concat([leaf.der, trust]), 'TRUSTED CERTIFICATE') + toPem(ca.der),
    ],
    [
      'parameters and a key between',
      `${toPem(leaf.der)}${toPem(Buffer.from('p'), 'EC PARAMETERS')}${toPem(Buffer.from('k'), 'EC PRIVATE KEY')}${toPem(ca.der)}`,
    ],
    ['a block named in a line of text', `as in -----BEGIN CERTIFICATE-----\n${both}`],
    ['a byte order mark', `\ufeff${both}`],
    ['old line ends', both.replaceAll('\n', '\r')],
    ['space at the ends of lines', both.replaceAll('\n', ' \n')],
    ['one long line', both.replace(/([A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '$1')],
  ])('%s', (_, text) => {
    expect(certificatesFromPem(text).map((der) => Buffer.from(der))).toEqual([leaf.der, ca.der]);
    expect(certificatesFromPem(Buffer.from(text))).toHaveLength(2);
  });

  test('a DER file', () => expect(certificatesFromPem(leaf.der)).toEqual([leaf.der]));

  test.each([
    ['', 'bad-pem', 'chain.pem holds no certificate in PEM form'],
    ['hello', 'bad-pem', 'chain.pem holds no certificate in PEM form'],
    [toPem(Buffer.from('x'), 'PRIVATE KEY'), 'bad-pem', 'it holds "PRIVATE KEY"'],
    [both.slice(0, -30), 'bad-pem', 'has no END line'],
    ['-----BEGIN CERTIFICATE', 'bad-pem', 'without its end'],
    ['-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', 'bad-pem', 'not base64'],
    ['-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----', 'bad-pem', 'not base64'],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', 'bad-certificate', 'certificate 0'],
    [toPem(leaf.der) + toPem(leaf.der.subarray(0, 99)), 'bad-certificate', 'certificate 1 is cut short'],
  ])('%j: %s', (text, code, words) => {
    expect(() => certificatesFromPem(text, 'chain.pem')).toThrowError(expect.objectContaining({ code }));
    expect(() => certificatesFromPem(text, 'chain.pem')).toThrowError(words);
  });

  test('too large a file', () => {
    expect(() => certificatesFromPem('x'.repeat(10_000_001))).toThrowError(
      expect.objectContaining({ code: 'bad-pem' }),
    );
  });

  test('hostile files take no longer than their length', () => {
    // A hundred thousand BEGIN lines, and headers without end: quadratic reading would not come back in time.
    const begins = '-----BEGIN A-----\n'.repeat(100_000);
    expect(() => parsePem(begins)).toThrowError('no END line');
    const headers = `-----BEGIN A-----\n${'a:b\n'.repeat(300_000)}-----END A-----`;
    expect(() => parsePem(headers)).toThrowError('not base64');
    const blocks = toPem(leaf.der).repeat(5000);
    expect(certificatesFromPem(blocks)).toHaveLength(5000);
  });

  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), fc.string(), (octets, junk) => {
        const text = `${junk.replaceAll('-', '')}\n${toPem(octets, 'X')}`;
        return Buffer.compare(parsePem(text)[0]!.octets, octets) === 0;
      }),
    );
  });
});
