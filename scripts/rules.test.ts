import { describe, expect, test } from 'vitest';
import { checkRules, checkRuleTables, RULE_TABLES, rulesOf } from './rules.ts';
import { readSources } from './source-files.ts';

const TABLE = '| rule | what |\n|---|---|\n| 1 | signatures |\n| 12 | servers |\n';
const file = (text: string, path = 'packages/dnssec/src/a.test.ts') => ({ path, text });

describe('checkRules', () => {
  const BOTH = "test('rule 1: dates', f);\nholds(\n  `rule 12: server`,\n);";
  const problems = (...sources: readonly ReturnType<typeof file>[]) =>
    checkRules(RULE_TABLES[0]!, TABLE, sources).map(({ at, text }) => `${at} ${text}`);

  test.each<[string, readonly ReturnType<typeof file>[], readonly string[]]>([
    ['all have tests', [file(BOTH)], []],
    ['in two packages', [file("it('rule 1: a')"), file('t("rule 12: b")', 'packages/dns/src/b.test.ts')], []],
    [
      'one has none',
      [file("test('rule 1: dates')")],
      ['docs/dnssec-rules.md rule 12 has no test named after it'],
    ],
    [
      'in passing',
      [file("test('rule 1: dates');\n// rule 12: later\ntest('as rule 12: says')")],
      ['docs/dnssec-rules.md rule 12 has no test named after it'],
    ],
    [
      'of another package',
      [file(BOTH, 'packages/dane/src/a.test.ts')],
      [
        'docs/dnssec-rules.md rule 1 has no test named after it',
        'docs/dnssec-rules.md rule 12 has no test named after it',
      ],
    ],
    [
      'not in a test',
      [file(BOTH, 'packages/dnssec/src/a.ts')],
      [
        'docs/dnssec-rules.md rule 1 has no test named after it',
        'docs/dnssec-rules.md rule 12 has no test named after it',
      ],
    ],
    [
      'a rule that is none',
      [file(`${BOTH}\ntest('rule 2: x')`)],
      ['packages/dnssec/src/a.test.ts:5 there is no rule 2 in docs/dnssec-rules.md'],
    ],
  ])('%s', (_, sources, expected) => expect(problems(...sources)).toEqual(expected));

  test('a table without rules', () => {
    expect(rulesOf('# nothing')).toEqual([]);
    expect(checkRules(RULE_TABLES[0]!, '# nothing', [])).toHaveLength(1);
  });
});

test('every rule of this repository has a test', () => expect(checkRuleTables(readSources())).toEqual([]));
