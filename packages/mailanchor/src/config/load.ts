/**
 * Finding and reading the configuration file. The YAML parser and the schema are loaded only where there is a file: most runs have none.
 */
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readTextFile } from '../file.ts';
import type { Given } from '../options/given.ts';
import type { ConfigValues, Sources } from '../options/sources.ts';
import type { Path } from './parse.ts';
import type { Config } from './schema.ts';

/** Read where `--config` names none, the first that exists; that none exists is fine. */
export const DEFAULT_CONFIG_FILES = ['./mailanchor.yaml', '/etc/mailanchor/mailanchor.yaml'] as const;

export interface LoadedConfig extends ConfigValues {
  readonly file: string;
  /** The settings of one command, which go before those at the top. */
  section(name: string): ConfigValues;
  /** The whole, as the schema has it: for settings that are lists or maps of records. */
  readonly settings: Config;
  /** A value of `settings` with its origin: `mailanchor.yaml:3: publishers.main.server`. Paths in it start from `base`. */
  given(path: Path, value: unknown): Given;
}

/** The file's path: named by option or environment, or a default that exists. */
export async function findConfig(sources: Sources): Promise<string | undefined> {
  const given = sources.one('config');
  if (given) return given.value;
  for (const file of DEFAULT_CONFIG_FILES) {
    try {
      await access(file);
      return file;
    } catch (error) {
      // A folder that may not be searched is no reason to go on without a file that may be there.
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return file;
    }
  }
  return undefined;
}

/** The configuration that applies, if there is one. Throws `UsageError` naming file and line. */
export async function loadConfig(sources: Sources): Promise<LoadedConfig | undefined> {
  const file = await findConfig(sources);
  return file === undefined ? undefined : readConfig(file);
}

export async function readConfig(file: string): Promise<LoadedConfig> {
  const { parseConfig } = await import('./parse.ts');
  const { values, settings, lineOf } = parseConfig(await readTextFile(file, 'configuration'), file);
  const base = dirname(resolve(file));
  const from = (path: string): readonly Given[] | undefined =>
    values.get(path)?.map((entry) => ({ value: entry.value, from: `${file}:${entry.line}: ${path}`, base }));
  return {
    file,
    get: from,
    section: (name) => ({ get: (key) => from(`${name}.${key}`) ?? from(key) }),
    settings,
    given: (path, value) => ({
      value: String(value),
      from: `${file}:${lineOf(path)}: ${path.map(String).join('.')}`,
      base,
    }),
  };
}
