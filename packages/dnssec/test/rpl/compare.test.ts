import { Name, parseRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import type { Resolution } from '../../src/index.ts';
import { compareAnswer, expectedEde } from './compare.ts';
import { type Entry, parseScenario } from './parse.ts';

function entry(match: string, reply: string, ...answer: string[]): Entry {
  const text = `server:\nCONFIG_END\nSCENARIO_BEGIN t\nSTEP 1 CHECK_ANSWER\nENTRY_BEGIN\nMATCH ${match}\nREPLY ${reply}
SECTION QUESTION\na.test. IN A\nSECTION ANSWER\n${answer.join('\n')}\nENTRY_END\nSCENARIO_END\n`;
  return parseScenario(text).steps[0]!.entry!;
}

const A = 'a.test. 60 IN A 192.0.2.1';
const A0 = 'a.test. 0 IN A 192.0.2.1';
const A2 = 'a.test. 61 IN A 192.0.2.1';
const SIGNATURE = 'a.test. 60 IN RRSIG A 13 2 60 20300101000000 20200101000000 1 test. AAAA';

function resolution(status: 'secure' | 'insecure', ...answer: string[]): Resolution {
  const name = Name.fromText('a.test');
  const base = { name, type: RRType.A, aliases: [], canonicalName: name, chain: [] };
  const records = answer.map((text) => parseRecord(text));
  return { ...base, kind: 'answer', status, rcode: 0, records, answer: records, authority: [], ttl: 60 };
}

const failure: Resolution = {
  name: Name.fromText('a.test'),
  type: RRType.A,
  aliases: [],
  canonicalName: Name.fromText('a.test'),
  chain: [],
  kind: 'failure',
  status: 'bogus',
  rcode: 2,
  records: [],
  answer: [],
  authority: [],
  ttl: 0,
  reason: { ede: 6, text: 'forged' },
};

describe('comparison', () => {
  const good = resolution('secure', A, SIGNATURE);
  const cases: [what: string, problems: string[], got: string[]][] = [
    ['as expected', [], compareAnswer(entry('all', 'NOERROR', A, SIGNATURE), 'SECURE', good, true)],
    [
      'status',
      ['status secure, expected insecure'],
      compareAnswer(entry('all', 'NOERROR', A), 'INSECURE', good, false),
    ],
    [
      'rcode and status',
      ['status secure, expected bogus', 'rcode NOERROR, expected SERVFAIL', `too much in the answer: ${A0}`],
      compareAnswer(entry('all', 'SERVFAIL'), 'BOGUS', good, false),
    ],
    ['bogus', [], compareAnswer(entry('all', 'SERVFAIL'), 'BOGUS', failure, true)],
    [
      'a verdict that says nothing',
      [],
      compareAnswer(entry('all', 'NOERROR', A), 'NOAD(query without DO/AD)', good, false),
    ],
    ['unchecked', [], compareAnswer(entry('all', 'NOERROR', A), 'UNCHECKED(CD)', failure, false)],
    ['signatures left out', [], compareAnswer(entry('all', 'NOERROR', A), 'SECURE', good, false)],
    [
      'signatures asked for',
      [`too much in the answer: ${SIGNATURE.replace(' 60 ', ' 0 ')}`],
      compareAnswer(entry('all', 'NOERROR', A), 'SECURE', good, true),
    ],
    [
      'another record',
      ['missing in the answer: a.test. 0 IN A 192.0.2.2', `too much in the answer: ${A0}`],
      compareAnswer(entry('all', 'NOERROR', 'a.test. 60 IN A 192.0.2.2'), 'SECURE', good, false),
    ],
    ['TTL not asked for', [], compareAnswer(entry('all', 'NOERROR', A2), 'SECURE', good, false)],
    [
      'TTL',
      [`missing in the answer: ${A2}`, `too much in the answer: ${A}`],
      compareAnswer(entry('all ttl', 'NOERROR', A2), 'SECURE', good, false),
    ],
  ];
  test.each(cases)('%s', (_what, problems, got) => expect(got).toEqual(problems));
});

test('EDE', () => {
  expect(expectedEde(entry('all ede=10', 'SERVFAIL'))).toBe(10);
  expect(expectedEde(entry('all', 'SERVFAIL'))).toBeUndefined();
});
