/** What goes out comes back: octets, text, and whatever the network sends. */
import {
  DnsFormatError,
  decodeMessage,
  encodeMessage,
  type Message,
  Name,
  parseRecord,
  parseZoneFile,
  rdataFromText,
  rdataToText,
  recordToText,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as arbitrary from './arbitrary.ts';
import { comparableMessage, comparableRecord } from './comparable.ts';

const runs = { numRuns: 400 };

/** The value, or undefined after a `DnsFormatError`; any other error is the test's failure. */
function orFormatError<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DnsFormatError) return undefined;
    throw error;
  }
}

describe('messages', () => {
  it('survive encoding and decoding, compressed or not', () => {
    fc.assert(
      fc.property(arbitrary.message, fc.boolean(), (message, compress) => {
        const octets = encodeMessage(message, { compress });
        expect(comparableMessage(decodeMessage(octets))).toEqual(comparableMessage(message));
      }),
      runs,
    );
  });

  it('never grow by compression', () => {
    fc.assert(
      fc.property(arbitrary.message, (message) => {
        const plain = encodeMessage(message, { compress: false }).length;
        expect(encodeMessage(message).length).toBeLessThanOrEqual(plain);
      }),
      runs,
    );
  });

  it('keep to a size, with whole RRsets from the front', () => {
    fc.assert(
      fc.property(arbitrary.message, fc.integer({ min: 12, max: 1500 }), (message, maxOctets) => {
        const octets = orFormatError(() => encodeMessage(message, { maxOctets }));
        if (octets === undefined) {
          const bare: Message = { ...message, answers: [], authorities: [], additionals: [] };
          expect(encodeMessage(bare).length).toBeGreaterThan(maxOctets);
          return;
        }
        expect(octets.length).toBeLessThanOrEqual(maxOctets);
        const decoded = decodeMessage(octets);
        expect(decoded.edns).toEqual(message.edns);
        const all = [...message.answers, ...message.authorities, ...message.additionals];
        const kept = [...decoded.answers, ...decoded.authorities, ...decoded.additionals];
        expect(kept.map(comparableRecord)).toEqual(all.slice(0, kept.length).map(comparableRecord));
        expect(decoded.tc).toBe(message.tc || kept.length < all.length);
      }),
      runs,
    );
  });
});

describe('text', () => {
  it('of every record comes back as the record', () => {
    fc.assert(
      fc.property(arbitrary.record, (record) => {
        const text = recordToText(record);
        expect(comparableRecord(parseRecord(text))).toEqual(comparableRecord(record));
        expect(recordToText(parseRecord(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('of many records comes back as a zone file', () => {
    fc.assert(
      fc.property(fc.array(arbitrary.record, { maxLength: 20, size: 'max' }), (records) => {
        const text = records.map((record) => `${recordToText(record)} ; comment (\n`).join('\n');
        expect(parseZoneFile(text).map(comparableRecord)).toEqual(records.map(comparableRecord));
      }),
      { numRuns: 100 },
    );
  });

  it('of any octets as data comes back as the octets', () => {
    const types = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constant(257), arbitrary.u16);
    fc.assert(
      fc.property(types, arbitrary.octets(60), (type, rdata) => {
        expect(rdataFromText(type, rdataToText(type, rdata))).toEqual(rdata);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A valid message with some octets changed, removed or put in. */
const mutated = fc
  .tuple(
    arbitrary.message,
    fc.array(
      fc.record({
        at: fc.nat(),
        remove: fc.integer({ min: 0, max: 3 }),
        insert: fc.oneof(arbitrary.octets(3), fc.constantFrom(Uint8Array.of(0xc0, 12), Uint8Array.of(0xc0))),
      }),
      { minLength: 1, maxLength: 6, size: 'max' },
    ),
  )
  .map(([message, changes]) => {
    const octets = [...encodeMessage(message)];
    for (const { at, remove, insert } of changes) octets.splice(at % octets.length, remove, ...insert);
    return Uint8Array.from(octets);
  });

describe('hostile input', () => {
  const judge = (octets: Uint8Array) => {
    const message = orFormatError(() => decodeMessage(octets));
    if (message === undefined) return;
    // What was accepted has one meaning: it can be written, and read again as the same.
    const again = decodeMessage(encodeMessage(message));
    expect(comparableMessage(again)).toEqual(comparableMessage(message));
    for (const record of [...message.answers, ...message.authorities, ...message.additionals])
      expect(rdataFromText(record.type, rdataToText(record.type, record.rdata))).toEqual(record.rdata);
  };

  it('as random octets ends in a message or a format error', () => {
    fc.assert(fc.property(arbitrary.octets(600), judge), { numRuns: 2000 });
  });

  it('as random octets behind a likely header ends in a message or a format error', () => {
    const header = fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 })
      .map((counts) => [0, 0, 0x80, 0, ...counts.flatMap((count) => [0, count])]);
    const body = fc.array(
      fc.oneof(arbitrary.u8, fc.constantFrom(0, 1, 2, 3, 12, 0xc0, 46, 47, 6, 15, 41, 35, 38)),
      { maxLength: 120, size: 'max' },
    );
    fc.assert(
      fc.property(header, body, (head, rest) => judge(Uint8Array.from([...head, ...rest]))),
      { numRuns: 3000 },
    );
  });

  it('as a changed message ends in a message or a format error', () => {
    fc.assert(fc.property(mutated, judge), { numRuns: 1000 });
  });

  it('as a message cut short is refused', () => {
    fc.assert(
      fc.property(arbitrary.message, fc.nat(), (message, at) => {
        const octets = encodeMessage(message);
        expect(() => decodeMessage(octets.subarray(0, at % octets.length))).toThrow(DnsFormatError);
      }),
      runs,
    );
  });

  it('as text ends in records or a format error', () => {
    const piece = fc.constantFrom(
      ' ',
      '\t',
      '\n',
      '"',
      '\\',
      '(',
      ')',
      ';',
      '@',
      '.',
      '$ORIGIN',
      '$TTL',
      '\\# ',
      'IN',
      'a.example.',
      '1h',
      '3600',
      'SVCB 1 .',
      'alpn=',
      'mandatory=',
      '-',
      ...['A', 'NS', 'MX', 'TXT', 'RRSIG', 'NSEC3', 'DNSKEY', 'TYPE1', 'CLASS1', 'CAA'],
    );
    const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 5 }), fc.string({ unit: 'binary' })), {
      maxLength: 25,
      size: 'max',
    });
    fc.assert(
      fc.property(text, fc.boolean(), (pieces, spaced) => {
        const records = orFormatError(() => parseZoneFile(pieces.join(spaced ? ' ' : '')));
        for (const record of records ?? [])
          expect(comparableRecord(parseRecord(recordToText(record)))).toEqual(comparableRecord(record));
      }),
      { numRuns: 3000 },
    );
  });

  it('as a name ends in a name or a format error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80, size: 'max' }), (text) => {
        const name = orFormatError(() => Name.fromText(text));
        if (name) expect(Name.fromText(name.toString()).equals(name)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
