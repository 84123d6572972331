/** The repository's own source files, read once for every check that looks at text. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const PATTERNS = ['packages/*/{src,test,bin}/**/*.{ts,js,mjs}', '{scripts,test,bench}/**/*.{ts,mjs}', '*.ts'];

/** Every TypeScript and JavaScript file that is written by hand, in order of path. */
export function readSources(): readonly SourceFile[] {
  return globSync(PATTERNS, { cwd: ROOT, exclude: ['**/node_modules/**', '**/dist/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }));
}

/** The line, from 1, in which the character at `offset` stands. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
