import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWholeTag, readTag } from './xml-stream.ts';

describe('a tag of a stream', () => {
  const good: [string, string, string, Record<string, string>][] = [
    ['<a>', 'open', 'a', {}],
    ['</stream:stream>', 'close', 'stream', {}],
    ['<stream:features/>', 'empty', 'features', {}],
    ["<starttls xmlns='urn:x'/>", 'empty', 'starttls', { xmlns: 'urn:x' }],
    ['<a b="c>d" e = \'"\' >', 'open', 'a', { b: 'c>d', e: '"' }],
    ['text before\n<a\n b="1"\n/>', 'empty', 'a', { b: '1' }],
    ["<s xml:lang='en' xmlns:stream='y'>", 'open', 's', { 'xml:lang': 'en', 'xmlns:stream': 'y' }],
  ];
  for (const [text, kind, name, attributes] of good) {
    it(JSON.stringify(text), () => {
      const tag = readTag(text);
      if (tag === undefined || tag === 'declaration') throw new Error('no tag');
      expect({ ...tag, attributes: Object.fromEntries(tag.attributes) }).toEqual({ kind, name, attributes });
    });
  }

  it('the XML declaration', () => expect(readTag("<?xml version='1.0'?>")).toBe('declaration'));

  // rfc6120#section-11.1
  const refused = [
    '<!DOCTYPE a>',
    '<!-- x -->',
    '<?php x?>',
    '<![CDATA[x]]>',
    '<>',
    '< a>',
    '<a b>',
    '<a b=c>',
    '<a b="<">',
    '</a b="c">',
    'no tag at all>',
    '<a b="c"d="e"/>',
  ];
  for (const text of refused) it(`refuses ${text}`, () => expect(readTag(text)).toBeUndefined());

  it('reads or refuses whatever it is given', () => {
    const text = fc.string({ unit: fc.constantFrom(...'<>/a:=\'" ?!\n') });
    fc.assert(
      fc.property(text, (content) => void readTag(`${content}>`)),
      { numRuns: 2000 },
    );
  });
});

it.each([
  ['<a>', true],
  ["<a b='>", false],
  ["<a b='>'>", true],
  ['it\'s <a b="\'">', true],
  ['<a b="\'>', false],
])('%s is whole: %s', (text, whole) => expect(isWholeTag(text)).toBe(whole));
