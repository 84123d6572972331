import { encodeNsec, Name, type RRset, RRType, rrTypeFromText, TypeBitmap } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import {
  nsecCovers,
  nsecInsecureDelegation,
  nsecProvesExpansion,
  nsecProvesNodata,
  nsecProvesNxdomain,
  readNsec,
} from './nsec.ts';

const name = (text: string) => Name.fromText(text);
const ZONE = name('example.');
/** `owner next TYPE TYPE`, one a line. */
const sets = (...lines: readonly string[]): RRset[] =>
  lines.map((line) => {
    const [owner, next, ...types] = line.split(' ');
    const rdata = encodeNsec({
      next: name(next!),
      types: TypeBitmap.of([...types.map((type) => rrTypeFromText(type)!), RRType.NSEC, RRType.RRSIG]),
    });
    return { name: name(owner!), type: RRType.NSEC, class: 1, ttl: 900, rdatas: [rdata] };
  });
const read = (...lines: readonly string[]) => readNsec(sets(...lines), ZONE);

describe('readNsec', () => {
  test('what is malformed, outside of the zone or of another type is left out', () => {
    const [good] = sets('a.example. b.example. A');
    const malformed = { ...good!, rdatas: [Uint8Array.of(9)] };
    const other = { ...good!, type: RRType.TXT };
    expect(readNsec([malformed, other, ...sets('a.com. b.com.', 'c.example. d.com.')], ZONE)).toEqual([]);
    expect(readNsec([malformed, good!], ZONE)).toHaveLength(1);
  });
});

describe('nsecCovers', () => {
  const cases: readonly [string, string, boolean][] = [
    ['b.example. d.example.', 'c.example.', true],
    ['b.example. d.example.', 'x.b.example.', true],
    ['b.example. d.example.', 'x.c.example.', true],
    ['b.example. d.example.', 'b.example.', false],
    ['b.example. d.example.', 'd.example.', false],
    ['b.example. d.example.', 'x.d.example.', false],
    ['b.example. d.example.', 'a.example.', false],
    ['b.example. d.example.', 'e.example.', false],
    ['y.example. example.', 'z.example.', true],
    ['y.example. example.', 'x.example.', false],
    ['example. example.', 'a.example.', true],
    ['b.example. d.example. NS', 'x.b.example.', false],
    ['b.example. d.example. NS', 'c.example.', true],
    ['b.example. d.example. NS SOA', 'x.b.example.', true],
    ['b.example. d.example. DNAME', 'x.b.example.', false],
    ['B.Example. D.Example.', 'C.EXAMPLE.', true],
  ];
  test.each(cases)('%s covers %s: %s', (line, asked, expected) => {
    expect(nsecCovers(read(line)[0]!, name(asked), ZONE)).toBe(expected);
  });
});

describe('nsecProvesNxdomain', () => {
  const cases: readonly [string, string[], string, boolean][] = [
    ['both in one', ['example. z.example. SOA NS'], 'b.example.', true],
    ['name and wildcard', ['b.example. d.example. A', 'example. b.example. SOA NS'], 'c.example.', true],
    ['no wildcard', ['b.example. d.example. A'], 'c.example.', false],
    ['wildcard only', ['example. b.example. SOA NS'], 'c.example.', false],
    [
      'wildcard of another encloser',
      ['x.b.example. z.b.example. A', 'example. b.example. SOA NS'],
      'y.b.example.',
      false,
    ],
    [
      'wildcard of the closest encloser',
      ['x.b.example. z.b.example. A', 'b.example. x.b.example. A'],
      'y.b.example.',
      true,
    ],
    ['empty non-terminal', ['example. x.b.example. SOA NS'], 'b.example.', false],
    [
      'the wildcard is an empty non-terminal',
      ['b.example. d.example. A', 'example. x.*.example. SOA NS'],
      'c.example.',
      false,
    ],
    ['the wildcard exists', ['b.example. d.example. A', '*.example. b.example. A'], 'c.example.', false],
    ['the last name', ['y.example. example. A', 'example. a.example. SOA NS'], 'z.example.', true],
  ];
  test.each(cases)('%s', (_, lines, asked, expected) => {
    expect(nsecProvesNxdomain(read(...lines), name(asked), ZONE)).toBe(expected);
  });
});

describe('nsecProvesNodata', () => {
  const cases: readonly [string, string[], string, string, boolean][] = [
    ['the type is not there', ['b.example. d.example. A'], 'b.example.', 'TLSA', true],
    ['the type is there', ['b.example. d.example. A TLSA'], 'b.example.', 'TLSA', false],
    ['an alias is there', ['b.example. d.example. CNAME'], 'b.example.', 'TLSA', false],
    ['an alias denies no DS either', ['b.example. d.example. CNAME'], 'b.example.', 'DS', false],
    ['ANY is never absent where a record is', ['b.example. d.example. A'], 'b.example.', 'ANY', false],
    ['ANY of an empty non-terminal', ['a.example. x.b.example. A'], 'b.example.', 'ANY', true],
    ['parent side of a cut', ['b.example. d.example. NS'], 'b.example.', 'A', false],
    ['parent side of a cut, DS', ['b.example. d.example. NS'], 'b.example.', 'DS', true],
    ['child side of a cut, DS', ['example. d.example. NS SOA'], 'example.', 'DS', false],
    ['child side of a cut, another type', ['example. d.example. NS SOA'], 'example.', 'A', true],
    ['empty non-terminal', ['a.example. x.b.example. A'], 'b.example.', 'A', true],
    ['a name that does not exist', ['a.example. c.example. A'], 'b.example.', 'A', false],
    [
      'wildcard without the type',
      ['a.example. c.example. A', '*.example. a.example. TXT'],
      'b.example.',
      'A',
      true,
    ],
    [
      'wildcard with the type',
      ['a.example. c.example. A', '*.example. a.example. A'],
      'b.example.',
      'A',
      false,
    ],
    [
      'wildcard with an alias',
      ['a.example. c.example. A', '*.example. a.example. CNAME'],
      'b.example.',
      'A',
      false,
    ],
    [
      'wildcard that is a delegation',
      ['a.example. c.example. A', '*.example. a.example. NS'],
      'b.example.',
      'A',
      false,
    ],
    [
      'wildcard of another encloser',
      ['x.a.example. z.a.example. A', '*.example. a.example. TXT'],
      'y.a.example.',
      'A',
      false,
    ],
    ['wildcard alone', ['*.example. a.example. TXT'], 'b.example.', 'A', false],
  ];
  test.each(cases)('%s', (_, lines, asked, type, expected) => {
    expect(nsecProvesNodata(read(...lines), name(asked), rrTypeFromText(type)!, ZONE)).toBe(expected);
  });
});

describe('nsecProvesExpansion', () => {
  const cases: readonly [string, string, string, number, boolean][] = [
    ['covered', 'a.example. c.example. A', 'b.example.', 1, true],
    ['deeper', 'a.example. c.example. A', 'x.y.b.example.', 1, true],
    ['not covered', 'c.example. d.example. A', 'b.example.', 1, false],
    ['the name exists', 'b.example. d.example. A', 'b.example.', 1, false],
    ['next lies below the name', 'a.example. x.b.example. A', 'b.example.', 1, false],
    ['a closer name exists: owner', 'b.example. c.example. A', 'x.b.example.', 1, false],
    ['a closer name exists: next', 'a.example. z.b.example. A', 'x.b.example.', 1, false],
    ['the closest encloser is deeper', 'w.b.example. y.b.example. A', 'x.b.example.', 2, true],
  ];
  test.each(cases)('%s', (_, line, asked, labels, expected) => {
    expect(nsecProvesExpansion(read(line), name(asked), labels, ZONE)).toBe(expected);
  });
});

describe('nsecInsecureDelegation', () => {
  const cases: readonly [string, boolean][] = [
    ['b.example. c.example. NS', true],
    ['b.example. c.example. NS DS', false],
    ['b.example. c.example. NS SOA', false],
    ['b.example. c.example. NS CNAME', false],
    ['b.example. c.example. A', false],
    ['c.example. d.example. NS', false],
  ];
  test.each(cases)('%s: %s', (line, expected) => {
    expect(nsecInsecureDelegation(read(line), name('b.example.'))).toBe(expected);
  });
});
