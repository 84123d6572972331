import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer } from './answer.ts';
import type { Protocol } from './protocol.ts';
import { LONGEST_REQUEST, SOCKETMAP } from './socketmap.ts';
import { LONGEST_LINE, quote, TCP_TABLE, unquote } from './tcp-table.ts';

const read = (protocol: Protocol, text: string) => protocol.decode(Buffer.from(text, 'latin1'), 0);
const word = (protocol: Protocol, text: string) => {
  const decoded = read(protocol, text);
  switch (decoded.kind) {
    case 'question':
      return `${decoded.key}${decoded.attributes ? '+' : ''} ${decoded.end}`;
    case 'reply':
      return `${decoded.answer.status} ${decoded.end}`;
    default:
      return decoded.kind;
  }
};
const ok = (text: string): Answer => ({ status: 'OK', text, reason: '' });

describe('socketmap', () => {
  test.each([
    ['18:policy example.org,', 'example.org 22'],
    ['9:policy a ,rest', 'a  12'],
    ['25:policy-tlsrpt example.org,', 'example.org+ 29'],
    ['17:QUERY example.org,', 'example.org 21'],
    ['27:QUERYwithTLSRPT example.org,', 'example.org+ 31'],
    ['24:policy-TLSRPT example.or,', 'PERM 28'],
    ['', 'more'],
    ['1', 'more'],
    ['18:', 'more'],
    ['18:policy example.org', 'more'],
    ['18:policy example.org;', 'malformed'],
    [':,', 'malformed'],
    ['018:policy example.org,', 'malformed'],
    ['-1:,', 'malformed'],
    ['GET / HTTP/1.1', 'malformed'],
    ['0:,', 'PERM 3'],
    ['6:policy,', 'PERM 9'],
    ['17:other example.org,', 'PERM 21'],
    [`${LONGEST_REQUEST + 1}:`, 'malformed'],
    ['99999999999999999999', 'malformed'],
    [`${LONGEST_REQUEST}:policy `, 'more'],
  ])('%s', (text, expected) => {
    expect(word(SOCKETMAP, text)).toBe(expected);
  });
  test.each<[Answer, string]>([
    [ok('dane-only'), '12:OK dane-only,'],
    [{ status: 'NOTFOUND', text: '', reason: 'x' }, '9:NOTFOUND ,'],
    [{ status: 'TEMP', text: 'later', reason: 'later' }, '10:TEMP later,'],
  ])('%o', (answer, expected) => {
    expect(SOCKETMAP.encode(answer).toString('latin1')).toBe(expected);
  });
});

describe('tcp_table', () => {
  test.each([
    ['get example.org\n', 'example.org 16'],
    ['GET example.org\r\n', 'example.org 17'],
    ['get %5Brelay.example%5D%3A587\nget', '[relay.example]:587 30'],
    ['get a%zz\n', 'TEMP 9'],
    ['get a%4\n', 'TEMP 8'],
    ['put a b\n', 'TEMP 8'],
    ['\n', 'TEMP 1'],
    ['get ', 'more'],
    [`get ${'a'.repeat(LONGEST_LINE)}`, 'malformed'],
    [`get ${'a'.repeat(LONGEST_LINE)}\n`, 'malformed'],
  ])('%s', (text, expected) => {
    expect(word(TCP_TABLE, text)).toBe(expected);
  });
  test.each<[Answer, string]>([
    [ok('dane-only'), '200 dane-only\n'],
    [ok('secure match=a servername=hostname'), '200 secure%20match=a%20servername=hostname\n'],
    [{ status: 'NOTFOUND', text: '', reason: '' }, '500 no%20policy\n'],
    [{ status: 'TEMP', text: '100% lost', reason: '' }, '400 100%25%20lost\n'],
    [ok('x'.repeat(LONGEST_LINE)), '400 the%20answer%20is%20longer%20than%20this%20protocol%20allows\n'],
  ])('%o', (answer, expected) => {
    expect(TCP_TABLE.encode(answer).toString('latin1')).toBe(expected);
  });
});

const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const key = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 200,
});

test.each([SOCKETMAP, TCP_TABLE])(
  'any octets are one of the four, and something is taken of them: %o',
  (protocol) => {
    fc.assert(
      fc.property(octets, fc.nat(300), (bytes, at) => {
        const from = Math.min(at, bytes.length);
        const decoded = protocol.decode(bytes, from);
        if (decoded.kind === 'question' || decoded.kind === 'reply') {
          expect(decoded.end).toBeGreaterThan(from);
          expect(decoded.end).toBeLessThanOrEqual(bytes.length);
        }
      }),
    );
  },
);

test('a request cut anywhere is more to come, and whole it is what it was', () => {
  fc.assert(
    fc.property(key, fc.nat(), (text, cut) => {
      const whole = Buffer.from(`${text.length + 7}:policy ${text},`, 'latin1');
      expect(SOCKETMAP.decode(whole, 0)).toEqual({ kind: 'question', key: text, end: whole.length });
      expect(SOCKETMAP.decode(whole.subarray(0, cut % whole.length), 0).kind).toBe('more');
      const line = Buffer.from(`get ${quote(text)}\n`, 'latin1');
      expect(TCP_TABLE.decode(line, 0)).toEqual({ kind: 'question', key: text, end: line.length });
      expect(TCP_TABLE.decode(line.subarray(0, cut % line.length), 0).kind).toBe('more');
    }),
  );
});

test('what is quoted is one printable word, and comes back', () => {
  fc.assert(
    fc.property(key, (text) => {
      expect(quote(text)).toMatch(/^[\x21-\x7e]*$/);
      expect(unquote(quote(text))).toBe(text);
    }),
  );
});
