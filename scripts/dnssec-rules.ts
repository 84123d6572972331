/** Each rule of docs/dnssec-rules.md has a test named after it, and no test is named after another. */
import { readFileSync } from 'node:fs';
import type { Problem } from './problem.ts';
import { lineAt, ROOT, type SourceFile } from './source-files.ts';

const TABLE = 'docs/dnssec-rules.md';
/** Where the rules are kept: other packages number rules of their own. */
const TESTS = /^packages\/(dns|dnssec)\/.*\.test\.ts$/;
/** A title, at its very beginning, between any quotes. */
const TITLE = /(['"`])rule (\d+): /g;

/** Numbers of the rules in the table, a row each. */
export function rulesOf(table: string): readonly number[] {
  return [...table.matchAll(/^\| (\d+) \|/gm)].map((row) => Number(row[1]));
}

export function checkRules(table: string, sources: readonly SourceFile[]): readonly Problem[] {
  const rules = rulesOf(table);
  const problems: Problem[] = [];
  const tested = new Set<number>();
  for (const { path, text } of sources.filter((source) => TESTS.test(source.path))) {
    for (const title of text.matchAll(TITLE)) {
      const rule = Number(title[2]);
      tested.add(rule);
      if (!rules.includes(rule))
        problems.push({ at: `${path}:${lineAt(text, title.index)}`, text: `there is no rule ${rule}` });
    }
  }
  for (const rule of rules)
    if (!tested.has(rule)) problems.push({ at: TABLE, text: `rule ${rule} has no test named after it` });
  if (rules.length === 0) problems.push({ at: TABLE, text: 'has no rules' });
  return problems;
}

export function checkDnssecRules(sources: readonly SourceFile[]): readonly Problem[] {
  return checkRules(readFileSync(`${ROOT}${TABLE}`, 'utf8'), sources);
}
