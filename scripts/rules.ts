/** Each rule of a table of docs has a test named after it, and no test is named after another. */
import { readFileSync } from 'node:fs';
import type { Problem } from './problem.ts';
import { lineAt, ROOT, type SourceFile } from './source-files.ts';

export interface RuleTable {
  readonly path: string;
  /** Where the rules are kept: each table numbers rules of its own. */
  readonly tests: RegExp;
}

export const RULE_TABLES: readonly RuleTable[] = [
  { path: 'docs/dnssec-rules.md', tests: /^packages\/(dns|dnssec)\/.*\.test\.ts$/ },
  { path: 'docs/dane-rules.md', tests: /^packages\/(dane|smtp)\/.*\.test\.ts$/ },
];

/** A title, at its very beginning, between any quotes. */
const TITLE = /(['"`])rule (\d+): /g;

/** Numbers of the rules in the table, a row each. */
export function rulesOf(table: string): readonly number[] {
  return [...table.matchAll(/^\| (\d+) \|/gm)].map((row) => Number(row[1]));
}

/** `text` is that of the table. */
export function checkRules(
  table: RuleTable,
  text: string,
  sources: readonly SourceFile[],
): readonly Problem[] {
  const rules = rulesOf(text);
  const problems: Problem[] = [];
  const tested = new Set<number>();
  for (const source of sources.filter(({ path }) => table.tests.test(path))) {
    for (const title of source.text.matchAll(TITLE)) {
      const rule = Number(title[2]);
      tested.add(rule);
      const at = `${source.path}:${lineAt(source.text, title.index)}`;
      if (!rules.includes(rule)) problems.push({ at, text: `there is no rule ${rule} in ${table.path}` });
    }
  }
  for (const rule of rules)
    if (!tested.has(rule)) problems.push({ at: table.path, text: `rule ${rule} has no test named after it` });
  if (rules.length === 0) problems.push({ at: table.path, text: 'has no rules' });
  return problems;
}

export function checkRuleTables(sources: readonly SourceFile[]): readonly Problem[] {
  return RULE_TABLES.flatMap((table) =>
    checkRules(table, readFileSync(`${ROOT}${table.path}`, 'utf8'), sources),
  );
}
