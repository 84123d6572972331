import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const split = (chunks: readonly string[], max?: number) => {
  const splitter = new LineSplitter(max);
  return chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
};

test.each<[string[], string[]]>([
  [['a\nb\n'], ['a', 'b']],
  [['a', 'b\nc'], ['ab']],
  [['\n\n'], ['', '']],
  [['12345678901\nab\n'], ['ab']],
  [['123456', '78901', '\nab\n'], ['ab']],
  [['1234567890\nab\n'], ['1234567890', 'ab']],
  [['x'.repeat(30), 'x'.repeat(30), 'y\nab', '\n'], ['ab']],
])('%j', (chunks, lines) => {
  expect(split(chunks, 10)).toEqual(lines);
});

test('however the octets are cut, the lines are the same', () => {
  const text = fc.array(fc.string({ maxLength: 30 })).map((lines) => Buffer.from(`${lines.join('\n')}\n`));
  fc.assert(
    fc.property(text, fc.array(fc.nat(400)), (octets, cuts) => {
      const places = [
        0,
        ...cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b),
        octets.length,
      ];
      const splitter = new LineSplitter(20);
      const lines = places.slice(1).flatMap((end, i) => splitter.push(octets.subarray(places[i]!, end)));
      expect(lines).toEqual(new LineSplitter(20).push(octets));
      expect(splitter.unfinished).toBe(0);
    }),
  );
});
