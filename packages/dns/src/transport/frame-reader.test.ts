import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatOctets } from '../octets.ts';
import { FrameReader, frame } from './frame-reader.ts';

function readAll(pieces: readonly Uint8Array[]): Uint8Array[] {
  const reader = new FrameReader();
  const messages: Uint8Array[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let next = reader.next(); next !== undefined; next = reader.next()) messages.push(next);
  }
  return messages;
}

describe('FrameReader', () => {
  it('gives back what was framed, however it is cut', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ minLength: 2000, maxLength: 9000 }),
    );
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 20 }), (sent, cuts) => {
        const stream = concatOctets(sent.map(frame));
        const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, i) => stream.subarray(at[i], end));
        expect(readAll(pieces)).toEqual(sent.map((each) => Uint8Array.from(each)));
      }),
    );
  });

  it('holds a piece back until it is asked for', () => {
    const reader = new FrameReader();
    reader.push(concatOctets([frame(Uint8Array.of(1)), frame(Uint8Array.of(2)), Uint8Array.of(0)]));
    expect(reader.next()).toEqual(Uint8Array.of(1));
    reader.push(Uint8Array.of(1, 3));
    expect(reader.next()).toEqual(Uint8Array.of(2));
    expect(reader.next()).toEqual(Uint8Array.of(3));
    expect(reader.next()).toBeUndefined();
  });

  it('sets storage aside for what arrived, not for what was announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 1000 }, () => {
      const reader = new FrameReader();
      reader.push(Uint8Array.of(0xff, 0xff, 0));
      reader.next();
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4e6);
    expect(readers[0]!.next()).toBeUndefined();
  });

  it('takes the largest message octet by octet', () => {
    const message = Uint8Array.from({ length: 0xffff }, (_, i) => i * 7);
    expect(readAll(Array.from(frame(message), (octet) => Uint8Array.of(octet)))).toEqual([message]);
  });
});
