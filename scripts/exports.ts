/**
 * Holds what a package gives to the world: each library's index loads as a user loads it, by its name, in the built form; the
 * types are where package.json says; name, licence and README are there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { FLOORS } from './floors.ts';
import type { Problem } from './problem.ts';
import { ROOT } from './source-files.ts';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** Checks the packages as built: run after the build. */
export async function checkExports(): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const licence = readFileSync(`${ROOT}LICENSE`, 'utf8');
  for (const folder of Object.keys(FLOORS)) {
    const at = `packages/${folder}`;
    const complain = (text: string): void => void problems.push({ at, text });
    const manifest = JSON.parse(readFileSync(`${ROOT}${at}/package.json`, 'utf8')) as PackageJson;
    if (manifest.license !== 'Apache-2.0') complain(`licence is ${manifest.license}`);
    if (!existsSync(`${ROOT}${at}/README.md`)) complain('has no README.md');
    if (!existsSync(`${ROOT}${at}/LICENSE`) || readFileSync(`${ROOT}${at}/LICENSE`, 'utf8') !== licence)
      complain('has not the LICENSE of the repository');
    if (!manifest.files.includes('dist')) complain('does not publish dist');
    for (const [entry, { types, default: code }] of Object.entries(manifest.exports)) {
      const missing = [types, code].filter((path) => !existsSync(`${ROOT}${at}/${path}`));
      if (missing.length > 0) {
        complain(`${entry} names ${missing.join(' and ')}, which the build does not make`);
        continue;
      }
      const name = entry === '.' ? manifest.name : `${manifest.name}/${entry.slice(2)}`;
      try {
        const loaded = (await import(name)) as Record<string, unknown>;
        if (Object.keys(loaded).length === 0) complain(`${name} exports nothing`);
        for (const [key, value] of Object.entries(loaded))
          if (value === undefined) complain(`${name} exports ${key} as undefined`);
      } catch (error) {
        complain(`${name} does not load: ${error instanceof Error ? error.message : error}`);
      }
    }
    for (const path of Object.values(manifest.bin ?? {}))
      if (!existsSync(`${ROOT}${at}/${path}`)) complain(`names the program ${path}, which is not there`);
  }
  return problems;
}
