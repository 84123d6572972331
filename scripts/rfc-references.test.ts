import { describe, expect, test } from 'vitest';
import { type RfcIndex, readRfc } from './rfc-index.ts';
import {
  checkReferences,
  compareSections,
  findReferences,
  readIndex,
  renderCoverage,
} from './rfc-references.ts';

const INDEX: RfcIndex = {
  rfc7672: { title: 'SMTP', sections: { '2': 'Two', '2.1': 'Two, one', A: 'Annex' } },
};

describe('findReferences', () => {
  const found = (text: string): readonly string[] =>
    findReferences({ path: 'a.ts', text }).references.map(
      ({ rfc, section, line }) => `${line} ${rfc} ${section ?? 'whole'}`,
    );

  test.each<[string, readonly string[]]>([
    ['// rfc7672#section-2.1', ['1 rfc7672 2.1']],
    ['// as rfc7672#section-2.1. Then', ['1 rfc7672 2.1']],
    ['/*\n * (rfc7672#appendix-A, rfc7672)\n */', ['2 rfc7672 A', '2 rfc7672 whole']],
    ['// rfc822Name is a name, RFC 7672 is prose', []],
  ])('%j', (text, want) => expect(found(text)).toEqual(want));

  test.each([
    'rfc7672#sec-2',
    'rfc7672#section-A',
    'rfc7672#section',
    'rfc7672#Section-2',
    'rfc7672#appendix-2',
  ])('%s is no reference', (text) => {
    const { references, problems } = findReferences({ path: 'a.ts', text });
    expect(references).toEqual([]);
    expect(problems).toEqual([{ at: 'a.ts:1', text: expect.stringContaining('is neither') }]);
  });
});

test('a reference that leads nowhere is a problem', () => {
  const of = (rfc: string, section?: string) => ({ path: 'a.ts', line: 3, rfc, ...(section && { section }) });
  const problems = checkReferences(
    [of('rfc7672'), of('rfc7672', '2.1'), of('rfc7672', '2.2'), of('rfc7672', 'B'), of('rfc9999')],
    INDEX,
  );
  expect(problems).toEqual([
    { at: 'a.ts:3', text: 'rfc7672 has no section 2.2' },
    { at: 'a.ts:3', text: 'rfc7672 has no appendix B' },
    { at: 'a.ts:3', text: expect.stringContaining('rfc9999 is not in the index') },
  ]);
});

test('sections in their natural order', () => {
  const sections = ['A.1', '10', '2.10', '2', 'A', '', '2.2', '2.1.1', '2.1'];
  expect(sections.sort(compareSections)).toEqual(['', '2', '2.1', '2.1.1', '2.2', '2.10', '10', 'A', 'A.1']);
});

test('the page tells sources from tests', () => {
  const reference = (path: string, section: string) => ({ path, line: 1, rfc: 'rfc7672', section });
  const page = renderCoverage(
    [reference('packages/smtp/src/mx.ts', '2.1'), reference('packages/smtp/src/mx.test.ts', '2.1')],
    INDEX,
  );
  expect(page).toContain(
    '| 2.1 | Two, one | [smtp/mx.ts](../packages/smtp/src/mx.ts) | [smtp/mx.test.ts](../packages/smtp/src/mx.test.ts) |',
  );
});

describe('readRfc', () => {
  const text = [
    'Network Working Group                    A. Author',
    'Request for Comments: 1',
    '',
    '                       A Title',
    '                     of two lines',
    '',
    'Table of Contents',
    '1. One ......................... 2',
    '',
    '1.  One',
    '',
    '   Text.  2.  is no heading here.',
    '',
    'Author                 Informational            [Page 1]',
    '\f',
    '2.1.  A heading that',
    '      runs on',
    '',
    '3 - An old one',
    '',
    'Appendix A.  Annex',
    'A.1.  Part',
  ].join('\n');

  test('title and sections', () => {
    expect(readRfc(text)).toEqual({
      title: 'A Title of two lines',
      sections: { '1': 'One', '2.1': 'A heading that runs on', '3': 'An old one', A: 'Annex', 'A.1': 'Part' },
    });
  });
});

test('the index knows what the design rests on', () => {
  const index = readIndex();
  expect(index['rfc7672']?.sections['2.2.2']).toBe('Non-MX Destinations');
  expect(index['rfc5155']?.sections['8.9']).toMatch(/Referrals to Unsigned Subzones/);
  expect(Object.keys(index).length).toBeGreaterThan(60);
});
