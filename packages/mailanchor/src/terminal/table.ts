/** Columns of text. Widths count what is seen: colour codes and combining marks are nothing, wide characters two. */
import { stripVTControlCharacters } from 'node:util';

export function width(text: string): number {
  let columns = 0;
  for (const character of stripVTControlCharacters(text)) {
    const code = character.codePointAt(0) ?? 0;
    if (/\p{Mn}|\p{Cf}/u.test(character)) continue;
    columns += isWide(code) ? 2 : 1;
  }
  return columns;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff)
  );
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export interface TableOptions {
  /** Between columns. */
  readonly gap?: string;
  readonly indent?: string;
  /** Drawn under the header. */
  readonly rule?: (text: string) => string;
}

/** Rows of equal columns; the first row is the header where a `rule` is given. The last column is not padded. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  const { gap = '  ', indent = '', rule } = options;
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell));
  const lines = rows.map((row) =>
    (
      indent + row.map((cell, i) => (i === row.length - 1 ? cell : pad(cell, widths[i] ?? 0))).join(gap)
    ).trimEnd(),
  );
  if (rule) lines.splice(1, 0, indent + rule(widths.map((columns) => '─'.repeat(columns)).join(gap)));
  return lines;
}

/** Words wrapped to a width, each further line after `indent`. A word that does not fit stays whole: it may be there to be copied. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = columns - (lines.length > 0 ? indent.length : 0);
    if (line !== '' && width(line) + 1 + width(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((text, i) => (i === 0 ? text : indent + text));
}
