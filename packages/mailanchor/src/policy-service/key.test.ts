import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseKey } from './key.ts';

test.each([
  ['example.org', 'domain example.org'],
  ['Example.ORG.', 'domain example.org'],
  ['example.org:25', 'domain example.org'],
  ['example.org:smtp', 'domain example.org'],
  ['example.org:587', 'domain example.org:587'],
  ['[relay.example]', 'relay [relay.example]'],
  ['[Relay.Example]:submission', 'relay [relay.example]:587'],
  [Buffer.from('bücher.example').toString('latin1'), 'domain xn--bcher-kva.example'],
  ['example.org:lmtp', 'unknown-port'],
  ['example.org:0', 'unknown-port'],
  ['example.org:65536', 'unknown-port'],
  ['example.org:', 'unknown-port'],
  ['.example.org', 'other'],
  ['192.0.2.1', 'other'],
  ['[192.0.2.1]', 'other'],
  ['[192.0.2.1]:25', 'other'],
  ['[IPv6:2001:db8::1]', 'other'],
  ['[2001:db8::1]:25', 'other'],
  ['2001:db8::1', 'other'],
  ['unix:private/lmtp', 'other'],
  ['/var/spool/socket', 'other'],
  ['', 'other'],
  ['.', 'other'],
  ['user@example.org', 'other'],
  ['a b', 'other'],
  ['a..b', 'other'],
  ['[a', 'other'],
  [`${'a.'.repeat(200)}org`, 'other'],
])('%s', (text, expected) => {
  const key = parseKey(text);
  const known = key.kind === 'domain' || key.kind === 'relay';
  expect(known ? `${key.kind} ${key.text}` : key.kind).toBe(expected);
});

test('any text is one of them, and a key in its own spelling is itself', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 80 }),
        fc.domain(),
        fc.stringMatching(/^\[?[a-zA-Z0-9._-]{1,20}\]?(:[0-9]{1,5})?$/),
      ),
      (text) => {
        const key = parseKey(text);
        if (key.kind === 'domain' || key.kind === 'relay') expect(parseKey(key.text)).toEqual(key);
      },
    ),
  );
});
