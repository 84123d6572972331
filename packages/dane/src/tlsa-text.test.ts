import { describe, expect, test } from 'vitest';
import { tlsaFromText, tlsaParametersToText, tlsaToText } from './index.ts';

describe('text', () => {
  test('there and back', () => {
    const text = `3 1 1 ${'ab'.repeat(32)}`;
    expect(tlsaToText(tlsaFromText(text))).toBe(text);
    expect(tlsaFromText(' DANE-ta  cert\tSHA2-512  AB cd ')).toEqual({
      usage: 2,
      selector: 0,
      matching: 2,
      data: new Uint8Array([0xab, 0xcd]),
    });
    expect(tlsaParametersToText({ usage: 3, selector: 1, matching: 1 })).toBe(
      'DANE-EE(3) SPKI(1) SHA2-256(1)',
    );
    expect(tlsaParametersToText({ usage: 7, selector: 255, matching: 0 })).toBe('7 255 Full(0)');
  });
  const GOOD = { usage: 3, selector: 1, matching: 1, data: new Uint8Array([0xab, 0xcd]) };
  test.each([
    '3 1 1 abcd',
    '3 1 1 AB CD',
    '3 1 1 ( ab\n cd )',
    '3 1 1 abcd ; the key of 2026',
    '03 01 001 abcd',
    'TLSA 3 1 1 abcd',
    '_25._tcp.mx1.example.org. 3600 IN TLSA 3 1 1 abcd',
    '_25._tcp.mx1.example.org. IN TYPE52 \\# 5 03 01 01ABcd',
    '\\# 5 030101abcd',
    'dane-ee Spki sha2-256 abcd',
  ])('%j is read', (text) => expect(tlsaFromText(text)).toEqual(GOOD));

  test.each([
    '\\# 4 030101abcd',
    '\\# 2 0301',
    '\\#',
    '\\# 5',
    '\\# x 030101abcd',
    'TLSA',
    'IN A 3 1 1 abcd',
  ])('%j is refused as well', (text) =>
    expect(() => tlsaFromText(text)).toThrowError(expect.objectContaining({ code: 'bad-tlsa' })),
  );
  test.each(['', '3', '3 1', '3 1 x ab', '256 1 1 ab', '3 1 1 abc', '3 1 1 zz', '-1 1 1 ab', 'DANE 1 1 ab'])(
    '%j is refused',
    (text) => expect(() => tlsaFromText(text)).toThrowError(expect.objectContaining({ code: 'bad-tlsa' })),
  );
});
