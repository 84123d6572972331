import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as arbitrary from '../test/arbitrary.ts';
import { DnsFormatError } from './errors.ts';
import { Name } from './name.ts';

const parse = (text: string) => Name.fromText(text);
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

describe('Name as text', () => {
  it.each([
    ['.', '.', 0],
    ['example', 'example.', 1],
    ['Example.COM.', 'Example.COM.', 2],
    ['a\\.b.c', 'a\\.b.c.', 2],
    ['\\097\\000\\255', 'a\\000\\255.', 1],
    ['\\@\\$\\"\\(\\)\\;\\\\', '\\@\\$\\"\\(\\)\\;\\\\.', 1],
    ['a\\032b', 'a\\032b.', 1],
    ['*.example', '*.example.', 2],
  ])('%s', (text, canonical, labels) => {
    expect(parse(text).toString()).toBe(canonical);
    expect(parse(text).labelCount).toBe(labels);
    expect(parse(canonical).equals(parse(text))).toBe(true);
  });

  it.each([
    '',
    '..',
    '.a',
    'a..b',
    'a b',
    'é',
    '\\256',
    '\\25',
    'a\\',
    'x'.repeat(64),
    `${'a.'.repeat(127)}aa`,
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(DnsFormatError);
  });

  it('completes relative names with the origin', () => {
    const origin = parse('example.com');
    expect(Name.fromText('www', origin).toString()).toBe('www.example.com.');
    expect(Name.fromText('www.', origin).toString()).toBe('www.');
    expect(Name.fromText('@', origin)).toBe(origin);
    expect(Name.fromText('\\@', origin).toString()).toBe('\\@.example.com.');
    expect(() => Name.fromText('x'.repeat(60), parse(`${'a.'.repeat(100)}`))).toThrow('longer than 255');
  });

  it('takes the longest names', () => {
    expect(parse('a.'.repeat(127)).wire.length).toBe(255);
    expect(parse('x'.repeat(63)).wire.length).toBe(65);
  });

  it('comes back from text, whatever its octets', () => {
    fc.assert(
      fc.property(arbitrary.name, (name) => {
        expect(Name.fromText(name.toString()).wire).toEqual(name.wire);
        expect(Name.fromText(name.toString().slice(0, -1) || '.').wire).toEqual(name.wire);
        expect(Name.fromWire(name.wire).wire).toEqual(name.wire);
        expect(Name.fromLabels(name.labels).wire).toEqual(name.wire);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Name.fromWire', () => {
  it.each([
    [[]],
    [[1]],
    [[1, 97]],
    [[0, 0]],
    [[1, 97, 0, 0]],
    [[64, ...new Array(64).fill(97), 0]],
    [[0xc0, 0]],
  ])('refuses %j', (octets) => {
    expect(() => Name.fromWire(Uint8Array.from(octets))).toThrow(DnsFormatError);
  });
});

describe('Name comparison', () => {
  it('ignores the case of ASCII letters and of nothing else', () => {
    expect(parse('EXAMPLE.com').equals(parse('example.COM'))).toBe(true);
    expect(parse('EXAMPLE.com').key).toBe(parse('example.COM').key);
    // Octets beside the letters: '@' and '`', '[' and '{', and Latin-1 letters.
    for (const [a, b] of [
      ['\\@', '`'],
      ['[', '{'],
      ['\\196', '\\228'],
    ])
      expect(parse(a!).equals(parse(b!))).toBe(false);
  });

  it('has the key that its octets in lower case are, short or long', () => {
    fc.assert(
      fc.property(arbitrary.name, (name) => {
        const lower = Buffer.from(name.wire)
          .toString('latin1')
          .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
        expect(name.key).toBe(lower);
        expect(Buffer.from(name.toLowerCase().wire).toString('latin1')).toBe(lower);
      }),
    );
  });

  it('goes by labels, not by octets, for ancestors', () => {
    const com = parse('com');
    expect(parse('example.com').isAtOrBelow(com)).toBe(true);
    expect(com.isAtOrBelow(com)).toBe(true);
    expect(com.isBelow(com)).toBe(false);
    expect(com.isAtOrBelow(Name.root)).toBe(true);
    expect(parse('notcom').isAtOrBelow(com)).toBe(false);
    expect(Name.root.isAtOrBelow(com)).toBe(false);
    // One label whose octets look like `x` followed by the labels of com.
    const disguised = Name.fromLabels([latin1('x\x03com')]);
    expect(disguised.key.endsWith(com.key)).toBe(true);
    expect(disguised.isAtOrBelow(com)).toBe(false);
    expect(Name.fromLabels([latin1('example.com')]).isAtOrBelow(com)).toBe(false);
  });

  it('sorts as rfc4034#section-6.1 has it', () => {
    const sorted = [
      'example',
      'a.example',
      'yljkjljk.a.example',
      'Z.a.example',
      'zABC.a.EXAMPLE',
      'z.example',
      '\\001.z.example',
      '*.z.example',
      '\\200.z.example',
    ];
    const shuffled = [...sorted].reverse().map(parse);
    expect(shuffled.sort((a, b) => a.compare(b)).map(String)).toEqual(
      sorted.map((text) => parse(text).toString()),
    );
  });

  it('is an order that agrees with equality', () => {
    fc.assert(
      fc.property(arbitrary.name, arbitrary.name, arbitrary.name, (a, b, c) => {
        expect(Math.sign(a.compare(b))).toBe(-Math.sign(b.compare(a)) + 0);
        expect(a.compare(b) === 0).toBe(a.equals(b));
        if (a.compare(b) <= 0 && b.compare(c) <= 0) expect(a.compare(c)).toBeLessThanOrEqual(0);
        expect(a.compare(a.prepend('x'.slice(0, a.wire.length < 250 ? 1 : 0) || 'x'))).toBeLessThan(0);
      }),
      { examples: [[Name.root, parse('a'), parse('b')]] },
    );
  });
});

describe('Name relatives', () => {
  it('are cut and joined by labels', () => {
    const name = parse('a.b.example.com');
    expect(name.parent.toString()).toBe('b.example.com.');
    expect(Name.root.parent).toBe(Name.root);
    expect(name.stripLeft(9)).toBe(Name.root);
    expect(name.ancestor(2).toString()).toBe('example.com.');
    expect(name.ancestor(4)).toEqual(name);
    expect(name.commonAncestor(parse('x.EXAMPLE.com')).toString()).toBe('example.com.');
    expect(name.commonAncestor(parse('org')).isRoot).toBe(true);
    expect(name.prepend('*').isWildcard).toBe(true);
    expect(parse('\\*a.b').isWildcard).toBe(false);
    expect(name.replaceSuffix(parse('Example.com'), parse('org')).toString()).toBe('a.b.org.');
    expect(name.replaceSuffix(Name.root, parse('org')).toString()).toBe('a.b.example.com.org.');
    expect(() => parse('a.'.repeat(127)).prepend('a')).toThrow(DnsFormatError);
    expect(JSON.stringify({ name })).toBe('{"name":"a.b.example.com."}');
  });

  it('keep their keys', () => {
    fc.assert(
      fc.property(arbitrary.name, fc.nat(12), fc.boolean(), (name, count, first) => {
        if (first) expect(name.key).toBeDefined();
        const stripped = name.stripLeft(count);
        expect(stripped.key).toBe(Name.fromWire(stripped.wire).key);
        expect(name.isAtOrBelow(stripped)).toBe(true);
        expect(stripped.labelCount).toBe(Math.max(0, name.labelCount - count));
      }),
    );
  });
});
