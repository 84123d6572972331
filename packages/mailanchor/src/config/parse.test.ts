import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseConfig } from './parse.ts';

const parse = (text: string) => parseConfig(text, 'mailanchor.yaml');

test('values remember their lines', () => {
  const { values } = parse(
    '# practice\nresolver: iterate\ndns-port: 5353\nforward-zone:\n  - a=192.0.2.1\n  - b=192.0.2.2\ncheck:\n  port: 2525\n',
  );
  expect(values.get('resolver')).toEqual([{ value: 'iterate', line: 2 }]);
  expect(values.get('dns-port')).toEqual([{ value: '5353', line: 3 }]);
  expect(values.get('forward-zone')).toEqual([
    { value: 'a=192.0.2.1', line: 5 },
    { value: 'b=192.0.2.2', line: 6 },
  ]);
  expect(values.get('check.port')).toEqual([{ value: '2525', line: 8 }]);
});

test('what is a map of records is there as such, with its lines', () => {
  const { settings, lineOf } = parse(
    'publishers:\n  main:\n    kind: rfc2136\n    server: 192.0.2.53\n    tsig-key: tsig.key\n',
  );
  expect(settings.publishers).toEqual({
    main: { kind: 'rfc2136', server: '192.0.2.53', 'tsig-key': 'tsig.key' },
  });
  expect(lineOf(['publishers', 'main', 'server'])).toBe(4);
});

test.each(['', '# nothing\n', '---\n'])('an empty file is no setting: %j', (text) => {
  expect(parse(text).values.size).toBe(0);
});

test.each([
  ['resolver: iterate\ndns-prot: 5353\n', /^mailanchor\.yaml:2: unknown setting "dns-prot"/],
  ['check:\n  prot: 25\n', /^mailanchor\.yaml:2: unknown setting "prot" in check/],
  ['\n\ndns-port: many\n', /^mailanchor\.yaml:3: dns-port: /],
  ['dns-port: 0\n', /^mailanchor\.yaml:1: dns-port: /],
  ['resolver: a\nresolver: b\n', /^mailanchor\.yaml:2: .*unique/],
  ['resolver: [\n', /^mailanchor\.yaml:\d+: /],
  ['publishers:\n  a b: { kind: exec, command: [x] }\n', /^mailanchor\.yaml:2: .*letters, digits/],
  ['publishers:\n  a: { kind: ftp }\n', /^mailanchor\.yaml:2: publishers\.a\.kind: .*rfc2136/],
  ['publishers:\n  a: { kind: exec, command: [] }\n', /^mailanchor\.yaml:2: publishers\.a\.command: /],
  [
    'publishers:\n  a: { kind: exec, command: [x], tsig-key: k }\n',
    /^mailanchor\.yaml:2: unknown setting "tsig-key"/,
  ],
  ['- a\n- b\n', /^mailanchor\.yaml:1: the file: /],
  ['just text\n', /^mailanchor\.yaml:1: the file: /],
  ['__proto__:\n  x: 1\n', /^mailanchor\.yaml:1: /],
])('refused: %j', (text, message) => {
  expect(() => parse(text)).toThrow(UsageError);
  expect(() => parse(text)).toThrow(message);
});

test('aliases that multiply are cut off', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [i, letter] of [...'bcdefghi'].entries()) {
    const before = 'abcdefghi'[i];
    bomb.push(`${letter}: &${letter} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  expect(() => parse(bomb.join('\n'))).toThrow(UsageError);
});

test('any text is values or one clear line', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      try {
        parse(text);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).toMatch(/^mailanchor\.yaml:\d+: [^\n]+$/);
      }
    }),
  );
});
