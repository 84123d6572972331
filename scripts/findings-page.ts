/**
 * docs/findings.md from the tables of the code: every finding with its severity, when it is told, what senders do, what mends it, and the
 * destinations of the lab that show it and must not.
 *
 *     node scripts/findings-page.ts --write         writes docs/findings.md
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { FINDING_EXAMPLES, NOT_IN_THE_LAB } from '../packages/lab/src/index.ts';
import { SENDING_FINDINGS } from '../packages/mailanchor/src/index.ts';
import { FINDING_GUIDE, FINDINGS, RETIRED_CAS, RETIRED_CAS_AS_OF } from '../packages/smtp/src/index.ts';
import type { Problem } from './problem.ts';
import { ROOT } from './source-files.ts';

const PAGE = 'docs/findings.md';
const GUIDE = 'packages/smtp/src/finding-guide.ts';
const EXAMPLES = 'packages/lab/src/finding-examples.ts';

const HEAD = `# Findings

What \`mailanchor check\` tells beside its verdict, each with a code that stays. \`error\`: mail from senders that validate DANE is lost or
deferred now. \`warning\`: it will be, or protection is less than it looks. \`notice\`: better practice. \`info\`: to know. The fix of a case,
with the record or command to copy, is in the report.

Each row names a destination of the lab (\`npx mailanchor lab\`) that shows the finding and one that must not; a test holds both. Written by
\`npm run findings-page\` from the tables in the code.
`;

interface Row {
  readonly severity: string;
  readonly effect: string;
}

function render(): string {
  const table: Readonly<Record<string, Row>> = FINDINGS;
  const sections = FINDING_GUIDE.map(({ title, findings }) => {
    const rows = Object.entries(findings).map(([code, { when, fix, also = [] }]) => {
      const { severity, effect } = table[code]!;
      const severities = [severity, ...also].join(', ');
      const example = FINDING_EXAMPLES[code];
      const shown = example ? `${example.shownBy} / ${example.notBy}` : '–';
      return [`\`${code}\``, severities, when, effect, fix, shown].map(cell).join(' | ');
    });
    return [
      `## ${title}`,
      '',
      '| code | severity | when | what senders do | what to do | lab: shown by / not by |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows.map((row) => `| ${row} |`),
    ].join('\n');
  });
  const without = Object.entries(NOT_IN_THE_LAB).map(([code, why]) => `- \`${code}\`: ${why}.`);
  const retired = RETIRED_CAS.map(({ ca, since, source }) => `| ${ca} | ${since} | ${source} |`);
  return `${[
    HEAD.trimEnd(),
    ...sections,
    ['## Not in the lab', '', ...without].join('\n'),
    sendingSection(),
    [
      '## Issuing CAs that have been retired',
      '',
      `As of ${RETIRED_CAS_AS_OF}, for \`ta-public-ca-retired\`. A CA that is not here may have been retired all the same.`,
      '',
      '| CA | since | announced at |',
      '| --- | --- | --- |',
      ...retired,
    ].join('\n'),
  ].join('\n\n')}\n`;
}

/** `check --sending` looks at the machine that it runs on: no destination of the lab shows its findings. */
function sendingSection(): string {
  const rows = Object.entries(SENDING_FINDINGS).map(([code, { severities, when, effect, fix }]) =>
    [`\`${code}\``, severities.join(', '), when, effect, fix].map(cell).join(' | '),
  );
  return [
    '## The sending side',
    '',
    'What `mailanchor check --sending` tells of the machine that it runs on.',
    '',
    '| code | severity | when | what it does to mail that leaves | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

export function writeFindingsPage(): void {
  writeFileSync(ROOT + PAGE, render());
}

export function checkFindingsPage(): readonly Problem[] {
  const codes = Object.keys(FINDINGS);
  const advised = new Set(FINDING_GUIDE.flatMap(({ findings }) => Object.keys(findings)));
  const placed = new Set([...Object.keys(FINDING_EXAMPLES), ...Object.keys(NOT_IN_THE_LAB)]);
  const problems: Problem[] = [
    ...codes
      .filter((code) => !advised.has(code))
      .map((code) => ({ at: GUIDE, text: `says nothing of ${code}` })),
    ...codes
      .filter((code) => !placed.has(code))
      .map((code) => ({ at: EXAMPLES, text: `says nothing of ${code}` })),
  ];
  if (problems.length > 0) return problems;
  let page = '';
  try {
    page = readFileSync(ROOT + PAGE, 'utf8');
  } catch {
    // Not written yet.
  }
  return page === render() ? [] : [{ at: PAGE, text: 'is not what the tables make: npm run findings-page' }];
}

if (process.argv[1]?.endsWith('findings-page.ts') && process.argv.includes('--write')) writeFindingsPage();
