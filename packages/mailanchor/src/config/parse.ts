/** Configuration text to values that remember their lines. */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { type Config, configSchema } from './schema.ts';

export interface ConfigEntry {
  readonly value: string;
  readonly line: number;
}

export interface ParsedConfig {
  /** Every value by its path (`dns-port`, `check.port`); a list is several values. */
  readonly values: ReadonlyMap<string, readonly ConfigEntry[]>;
  /** The whole, as the schema has it: for settings that are lists or maps of records. */
  readonly settings: Config;
  /** The line of what stands at a path, or of the nearest thing above it. */
  lineOf(path: Path): number;
}

/** Throws `UsageError`, `file:line: what`. */
export function parseConfig(text: string, file: string): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'core' });
  const at = (offset: number) => lines.linePos(offset).line || 1;
  const syntax = document.errors[0];
  if (syntax) throw new UsageError(`${file}:${at(syntax.pos[0])}: ${firstLine(syntax.message)}`);
  let plain: unknown;
  try {
    // Aliases that multiply are cut off before they fill the memory.
    plain = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw new UsageError(`${file}:1: ${firstLine(error instanceof Error ? error.message : String(error))}`);
  }
  // A file of comments alone is a file without settings.
  if (plain === null || plain === undefined) return { values: new Map(), settings: {}, lineOf: () => 1 };
  const parsed = configSchema.safeParse(plain);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(
      issue
        ? `${file}:${lineOf(document, issue, at)}: ${explain(issue)}`
        : `${file}:1: not a configuration of Mailanchor`,
    );
  }

  const values = new Map<string, ConfigEntry[]>();
  collect(plain, [], (path, value) => {
    const entry = { value: String(value), line: lineAt(document, path, at) };
    const key = path.filter((step) => typeof step === 'string').join('.');
    const entries = values.get(key);
    if (entries) entries.push(entry);
    else values.set(key, [entry]);
  });
  return { values, settings: parsed.data, lineOf: (path) => lineAt(document, path, at) };
}

/** Keys and list places, from the top. */
export type Path = readonly (string | number)[];

function collect(value: unknown, path: Path, found: (path: Path, value: unknown) => void): void {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) collect(item, [...path, i], found);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) collect(item, [...path, key], found);
  else if (value !== undefined && value !== null) found(path, value);
}

function lineOf(document: Document, issue: z.core.$ZodIssue, at: (offset: number) => number): number {
  const path = issue.path.filter((step) => typeof step === 'string' || typeof step === 'number');
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  return lineAt(document, unknown === undefined ? path : [...path, unknown], at);
}

/** The line of a value's key, or of the nearest thing above it that is there. */
function lineAt(document: Document, path: Path, at: (offset: number) => number): number {
  for (let length = path.length; length > 0; length--) {
    const step = path[length - 1];
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair && isNode(pair.key) && pair.key.range) return at(pair.key.range[0]);
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return at(node.range[0]);
  }
  return 1;
}

function explain(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return `unknown setting ${keys}${where ? ` in ${where}` : ''}. \`mailanchor config schema\` lists what there is`;
  }
  // Of a key that is refused, why.
  const { message } = (issue.code === 'invalid_key' && issue.issues[0]) || issue;
  return `${where || 'the file'}: ${firstLine(message)}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
