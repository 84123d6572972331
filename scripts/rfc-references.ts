/**
 * Checks every reference to an RFC in the sources, such as `rfc7672#section-2.2.2`, against the index of sections, and keeps
 * docs/rfc-coverage.md: section by section, what is implemented where.
 *
 *     node scripts/rfc-references.ts --write        writes docs/rfc-coverage.md
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Problem } from './problem.ts';
import type { RfcIndex } from './rfc-index.ts';
import { BY_HAND } from './rfc-sections-by-hand.ts';
import { lineAt, ROOT, readSources, type SourceFile } from './source-files.ts';

const COVERAGE = 'docs/rfc-coverage.md';
const HOW_TO_WRITE = 'npm run rfc-coverage';

/** One reference: a document, or a section or an appendix of it. */
export interface RfcReference {
  readonly path: string;
  readonly line: number;
  readonly rfc: string;
  /** `2.2.2` or `A.1`; absent where the whole document is meant. */
  readonly section?: string;
}

const REFERENCE = /\b(rfc\d{3,5})\b(?:#([A-Za-z]+)-?([A-Za-z0-9.]*))?/g;
const SECTION = /^\d+(\.\d+)*$/;
const APPENDIX = /^[A-Z](\.\d+)*$/;

/** Finds the references of one file, and what only looks like one. The scripts and tests of this check are full of examples. */
export function findReferences(file: SourceFile): {
  readonly references: readonly RfcReference[];
  readonly problems: readonly Problem[];
} {
  const references: RfcReference[] = [];
  const problems: Problem[] = [];
  for (const match of file.text.matchAll(REFERENCE)) {
    const [whole, rfc = '', word, rest = ''] = match;
    const line = lineAt(file.text, match.index);
    const section = rest.replace(/\.$/, '');
    if (word === undefined) references.push({ path: file.path, line, rfc });
    else if ((word === 'section' && SECTION.test(section)) || (word === 'appendix' && APPENDIX.test(section)))
      references.push({ path: file.path, line, rfc, section });
    else
      problems.push({
        at: `${file.path}:${line}`,
        text: `${whole} is neither #section-1.2 nor #appendix-A.1`,
      });
  }
  return { references, problems };
}

/** The references that lead nowhere. */
export function checkReferences(references: readonly RfcReference[], index: RfcIndex): readonly Problem[] {
  const problems: Problem[] = [];
  for (const { path, line, rfc, section } of references) {
    const at = `${path}:${line}`;
    const entry = index[rfc];
    if (entry === undefined) {
      const text = `${rfc} is not in the index: see scripts/rfc-index.ts and scripts/rfc-sections-by-hand.ts`;
      problems.push({ at, text });
    } else if (section !== undefined && !(section in entry.sections))
      problems.push({ at, text: `${rfc} has no ${/^\d/.test(section) ? 'section' : 'appendix'} ${section}` });
  }
  return problems;
}

/** Documents and sections in their natural order: 2 before 10, sections before appendices, the whole document first. */
export function compareSections(a: string, b: string): number {
  const parts = (section: string): readonly (string | number)[] =>
    section.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const [first, second] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    const [x, y] = [first[at], second[at]];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    if (typeof x !== typeof y) return x === '' || (typeof x === 'number' && y !== '') ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}

function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts') || /(^|\/)test\//.test(path);
}

/** `packages/dnssec/src/resolver/iterate.ts` reads as `dnssec/resolver/iterate.ts` and links to the file. */
function link(path: string): string {
  return `[${path.replace(/^packages\//, '').replace('/src/', '/')}](../${path})`;
}

/** The page: for every document and section that the code refers to, the files that do. */
export function renderCoverage(references: readonly RfcReference[], index: RfcIndex): string {
  const documents = new Map<string, Map<string, Set<string>>>();
  for (const { path, rfc, section = '' } of references) {
    if (!path.startsWith('packages/')) continue;
    const sections = documents.get(rfc) ?? new Map<string, Set<string>>();
    documents.set(rfc, sections.set(section, (sections.get(section) ?? new Set()).add(path)));
  }
  const lines = [
    '# RFC coverage',
    '',
    `Written by \`${HOW_TO_WRITE}\` from the comments in the sources; \`npm run check\` fails when it is out of date.`,
    'A section stands here when code or tests refer to it: what is implemented where. What is absent is not implemented, or not said to be.',
  ];
  const byNumber = [...documents].sort(([a], [b]) => Number(a.slice(3)) - Number(b.slice(3)));
  for (const [rfc, sections] of byNumber) {
    const entry = index[rfc];
    lines.push(
      '',
      `## [RFC ${rfc.slice(3)}](https://www.rfc-editor.org/rfc/${rfc}): ${entry?.title ?? ''}`,
      '',
    );
    lines.push('| section | | implemented in | tested in |', '|---|---|---|---|');
    for (const [section, paths] of [...sections].sort(([a], [b]) => compareSections(a, b))) {
      const cell = (test: boolean): string =>
        [...paths]
          .filter((path) => isTestFile(path) === test)
          .sort()
          .map(link)
          .join(' ');
      const title = section === '' ? 'the whole' : (entry?.sections[section] ?? '');
      lines.push(`| ${section} | ${title} | ${cell(false)} | ${cell(true)} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

export function readIndex(): RfcIndex {
  return {
    ...BY_HAND,
    ...(JSON.parse(readFileSync(`${ROOT}scripts/rfc-sections.json`, 'utf8')) as RfcIndex),
  };
}

function readReferences(files: readonly SourceFile[]): ReturnType<typeof findReferences> {
  const found = files.filter(({ path }) => !path.startsWith('scripts/')).map(findReferences);
  return {
    references: found.flatMap(({ references }) => references),
    problems: found.flatMap(({ problems }) => problems),
  };
}

/** Everything wrong with the references, and a coverage page that is out of date. */
export function checkRfcReferences(files: readonly SourceFile[]): readonly Problem[] {
  const { references, problems } = readReferences(files);
  const index = readIndex();
  const wrong = [...problems, ...checkReferences(references, index)];
  const page = existsSync(`${ROOT}${COVERAGE}`) ? readFileSync(`${ROOT}${COVERAGE}`, 'utf8') : '';
  return page === renderCoverage(references, index)
    ? wrong
    : [...wrong, { at: COVERAGE, text: `is out of date: ${HOW_TO_WRITE}` }];
}

export function writeCoverage(files: readonly SourceFile[]): void {
  writeFileSync(`${ROOT}${COVERAGE}`, renderCoverage(readReferences(files).references, readIndex()));
}

if (import.meta.main) {
  if (process.argv[2] !== '--write') throw new Error('usage: node scripts/rfc-references.ts --write');
  writeCoverage(readSources());
}
