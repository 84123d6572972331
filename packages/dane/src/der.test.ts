import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tlv } from '../test/make-certificate.ts';
import { DerReader, derValue, derValues, oidText, smallInteger, Tag } from './der.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const badDer = expect.objectContaining({ code: 'bad-der' });

describe('DER', () => {
  test.each([
    ['', 'ends early'],
    ['30', 'ends early'],
    ['3001', 'after its container'],
    ['3080 0000', 'indefinite'],
    ['3085 0000000001 00', 'more than four'],
    ['3084 ffffffff', 'after its container'],
    ['3082 01', 'ends early'],
    ['1f8101 00', 'tag number'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => new DerReader(hex(text)).any()).toThrowError(badDer);
    expect(() => new DerReader(hex(text)).any()).toThrowError(why);
  });

  test('octets after the value are refused', () =>
    expect(() => derValue(hex('0500 00'), 0x05)).toThrowError(badDer));
  test('another tag is refused', () => expect(() => derValue(hex('0500'), 0x30)).toThrowError(badDer));

  test('values are views', () => {
    const octets = hex('3006 020101 020102');
    const value = derValue(octets, Tag.SEQUENCE);
    expect(value.raw.buffer).toBe(octets.buffer);
    expect(derValues(value.content).map(({ content }) => content[0])).toEqual([1, 2]);
  });

  test.each([
    ['55 04 03', '2.5.4.3'],
    ['2a 86 48 86 f7 0d 01 01 0b', '1.2.840.113549.1.1.11'],
    ['88 37', '2.999'],
    ['00', '0.0'],
    ['7f', '2.47'],
  ])('object identifier %s', (octets, text) => expect(oidText(hex(octets))).toBe(text));
  test.each(['', '80', '55 84', 'ff ff ff ff ff ff ff ff 7f'])('no object identifier: %s', (octets) => {
    expect(() => oidText(hex(octets))).toThrowError(badDer);
  });

  test.each([
    ['00', 0],
    ['7f', 127],
    ['0080', 128],
    ['ff', -1],
    ['7fffffffffffffffff', 2 ** 31],
  ])('integer %s', (octets, value) => expect(smallInteger(hex(octets))).toBe(value));

  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (content) => {
        const value = derValue(tlv(0x04, content), 0x04);
        return Buffer.compare(value.content, content) === 0;
      }),
      { numRuns: 50 },
    );
  });

  test('random octets: values or an error, never out of bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        const reader = new DerReader(octets);
        let read = 0;
        try {
          while (!reader.done) read += reader.any().raw.length;
          expect(read).toBe(octets.length);
        } catch (error) {
          expect(error).toEqual(badDer);
        }
      }),
    );
  });
});
