import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPaint, wantsColour } from './paint.ts';
import { jsonLine, printable } from './printable.ts';
import { createProgress } from './progress.ts';
import { table, width, wrap } from './table.ts';

test('escape sequences of others do not reach the terminal', () => {
  expect(printable('220 mx\u001b[2J\u009b1m\r\nhi\u202e')).toBe('220 mx\\x1b[2J\\x9b1m\\x0d\\x0ahi\\u{202e}');
  expect(printable('bücher · 例え')).toBe('bücher · 例え');
});

test('JSON is what JSON.parse gives back, and shows nothing hidden', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const line = jsonLine({ text });
      expect(JSON.parse(line)).toEqual({ text });
      expect(line).not.toMatch(/[\u007f-\u009f\u2028\u2029\u202e]/);
    }),
  );
});

test('colour on a terminal only, and not under NO_COLOR', () => {
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({}, {})).toBe(false);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
  expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
});

test('columns line up whatever the colour', () => {
  const paint = createPaint(true);
  const lines = table([
    ['a', 'b', 'c'],
    [paint.bad('long cell'), '例', 'x'],
  ]);
  expect(lines.map(width)).toEqual([lines[0]!.length, lines[0]!.length]);
  expect(lines[0]!.indexOf('b')).toBe(11);
});

test('a word that does not fit stays whole', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('_25._tcp.mx.example. here', 5, '  ')).toEqual(['_25._tcp.mx.example.', '  here']);
});

test('the progress line leaves nothing behind', () => {
  let screen = '';
  const progress = createProgress({ isTTY: true, columns: 40, write: (text) => (screen += text) }, false);
  progress.show('looking');
  expect(screen).toContain('looking');
  progress.end();
  expect(screen.endsWith('\r\u001b[2K\u001b[?25h')).toBe(true);
});

test('no progress line in a file', () => {
  let screen = '';
  const progress = createProgress({ write: (text) => (screen += text) }, false);
  progress.show('looking');
  progress.end();
  expect(screen).toBe('');
});
