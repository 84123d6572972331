/**
 * Writes rfc-sections.json, the index of the sections of every RFC whose text is at hand, so that references to sections can be
 * checked without the texts.
 *
 *     node scripts/rfc-index.ts [FOLDER]        the folder of rfcNNNN.txt files, ../shared/rfc unless said otherwise
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from './source-files.ts';

export interface RfcEntry {
  readonly title: string;
  /** Titles by number: `2.2.1`, `A`, `A.1`. */
  readonly sections: Readonly<Record<string, string>>;
}

/** By `rfc7672`. */
export type RfcIndex = Readonly<Record<string, RfcEntry>>;

/** `2.`, `2.1`, `2.1.`, `2 -`, `Appendix A.`, `A.1.` at the very left, `   2.1 -` as old documents have it, then the title. */
const HEADING =
  /^(?:Appendix | {3}(?=\d+(?:\.\d+)+ - ))?(\d+(?:\.\d+)*|[A-Z](?:\.\d+)*)[.:]?(\s+(?:-\s+)?)(\S.*)$/;

function isHeading(line: string): RegExpExecArray | null {
  const match = HEADING.exec(line);
  if (match === null || /\.{3,}|( \.){3,}/.test(line) || /\[Page \d+\]$/.test(line)) return null;
  if (/^[A-Z]$/.test(match[1]!) && !line.startsWith('Appendix ')) return null;
  return match;
}

/** The title of the document: the block of centred lines after the block of headers. */
function titleOf(lines: readonly string[]): string {
  const header = lines.findIndex((line) => /^(Request for Comments|RFC)\b/.test(line));
  const end = lines.findIndex((line, at) => at > header && line.trim() === '');
  const start = lines.findIndex((line, at) => at > end && line.trim() !== '');
  const after = lines.findIndex((line, at) => at > start && line.trim() === '');
  return lines
    .slice(start, after)
    .map((line) => line.trim())
    .join(' ');
}

/** Reads titles and sections from the plain text of an RFC. A title that runs over a line is joined. */
export function readRfc(text: string): RfcEntry {
  const lines = text.replaceAll('\f', '').split(/\r?\n/);
  const sections: Record<string, string> = {};
  lines.forEach((line, at) => {
    const match = isHeading(line);
    if (match === null) return;
    const [, number = '', , start = ''] = match;
    let title = start;
    const column = line.length - start.length;
    const next = lines[at + 1] ?? '';
    if (next.search(/\S/) === column && column > 3) title += ` ${next.trim()}`;
    sections[number] ??= title.trim();
  });
  return { title: titleOf(lines), sections };
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? `${ROOT}../shared/rfc`);
  const index: Record<string, RfcEntry> = {};
  for (const file of globSync('rfc*.txt', { cwd: folder }).sort())
    index[file.replace('.txt', '')] = readRfc(readFileSync(`${folder}/${file}`, 'utf8'));
  if (Object.keys(index).length === 0) throw new Error(`no rfcNNNN.txt in ${folder}`);
  writeFileSync(`${ROOT}scripts/rfc-sections.json`, `${JSON.stringify(index, null, 2)}\n`);
  console.log(
    `${Object.keys(index).length} documents, ${Object.values(index).reduce((sum, { sections }) => sum + Object.keys(sections).length, 0)} sections`,
  );
}
