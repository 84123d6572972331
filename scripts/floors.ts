/**
 * Holds the floors: arrows point down only. A package imports nothing but what stands below it, through its index, and only what
 * its package.json and its tsconfig.json name. `packages/<name>/test` keeps to the same floors; the tests of the lab, of the
 * plug-ins and of the program, and those of the whole in `test/`, may use everything.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Problem } from './problem.ts';
import { lineAt, ROOT, type SourceFile } from './source-files.ts';

/** What each package may know of, by folder name. */
export const FLOORS: Readonly<Record<string, readonly string[]>> = {
  dns: [],
  dnssec: ['dns'],
  dane: ['dns'],
  smtp: ['dns', 'dnssec', 'dane'],
  lab: ['dns', 'dnssec', 'dane'],
  nodemailer: ['smtp'],
  haraka: ['dnssec', 'smtp'],
  mailanchor: ['dns', 'dnssec', 'dane', 'smtp', 'lab'],
};

/** Whose tests may stand on anything. */
const TESTS_FREE = new Set(['lab', 'nodemailer', 'haraka', 'mailanchor']);

/** The matcher is pure: of Node it knows cryptography alone, and of the DNS the types alone. */
const PURE: Readonly<Record<string, readonly string[]>> = { dane: ['node:crypto'] };

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  /** Packages that its tests alone use. */
  readonly development?: readonly string[];
  /** Folder names of the packages that tsconfig.json refers to. */
  readonly references: readonly string[];
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type` or `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

const STATEMENT = /^[ \t]*(import|export)\b(\s+type\b)?(?:[^;'"`]*?\bfrom)?\s*(['"])([^'"\n]+)\3/gm;
const DYNAMIC = /\bimport\(\s*(['"])([^'"\n]+)\1/g;

/** Every import and re-export of a source file. Comments are taken out first; a template literal may not hold import statements. */
export function importsOf(text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
  const found: Import[] = [];
  for (const match of code.matchAll(STATEMENT))
    found.push({ specifier: match[4]!, line: lineAt(code, match.index), typeOnly: match[2] !== undefined });
  for (const match of code.matchAll(DYNAMIC))
    found.push({ specifier: match[2]!, line: lineAt(code, match.index), typeOnly: false });
  return found;
}

function folderOf(packageName: string): string {
  return packageName.replace(/^@mailanchor\//, '');
}

function isOurs(packageName: string): boolean {
  return packageName === 'mailanchor' || packageName.startsWith('@mailanchor/');
}

/** `@scope/name/sub` is the package `@scope/name` and the path `sub` within it. */
function splitSpecifier(specifier: string): readonly [name: string, inside: string] {
  const parts = specifier.split('/');
  const length = specifier.startsWith('@') ? 2 : 1;
  return [parts.slice(0, length).join('/'), parts.slice(length).join('/')];
}

/** Checks the imports of one file of a package. */
export function checkFile(
  file: SourceFile,
  manifest: Manifest,
  developmentDependencies: ReadonlySet<string>,
): readonly Problem[] {
  const [, folder, area] = file.path.split('/') as [string, string, string];
  const isTest = area === 'test' || file.path.endsWith('.test.ts');
  const below = FLOORS[folder];
  if (below === undefined) return [{ at: file.path, text: `the package ${folder} has no floor` }];
  const problems: Problem[] = [];
  for (const { specifier, line, typeOnly } of importsOf(file.text)) {
    const complain = (text: string): void => void problems.push({ at: `${file.path}:${line}`, text });
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(file.path), specifier);
      if (isTest && TESTS_FREE.has(folder) && target.startsWith('test/')) continue;
      if (!target.startsWith(`packages/${folder}/`)) complain(`reaches out of the package: ${specifier}`);
      else if (!isTest && !target.startsWith(`packages/${folder}/src/`) && area === 'src')
        complain(`source depends on what is not source: ${specifier}`);
      continue;
    }
    if (specifier.startsWith('node:')) {
      const pure = PURE[folder];
      if (pure !== undefined && !isTest && !pure.includes(specifier))
        complain(`${folder} is pure: ${specifier}`);
      continue;
    }
    const [name, inside] = splitSpecifier(specifier);
    if (!isOurs(name)) {
      const declared =
        name in manifest.dependencies ||
        (isTest && (developmentDependencies.has(name) || manifest.development?.includes(name)));
      if (!declared) complain(`${name} is not declared in packages/${folder}/package.json`);
      continue;
    }
    if (inside !== '') complain(`reaches past the index of ${name}: ${specifier}`);
    const target = folderOf(name);
    if (isTest && (target === folder || TESTS_FREE.has(folder))) continue;
    if (!below.includes(target))
      complain(`${folder} may not know of ${target}: the arrow points up or sideways`);
    else if (!isTest && !(name in manifest.dependencies))
      complain(`${name} is not declared in packages/${folder}/package.json`);
    else if (!isTest && folder in PURE && !typeOnly)
      complain(`${folder} may know ${target} by its types alone: import type`);
  }
  return problems;
}

/** Checks what package.json and tsconfig.json of one package name. `versions` by package name. */
export function checkManifest(
  folder: string,
  manifest: Manifest,
  versions: ReadonlyMap<string, string>,
): readonly Problem[] {
  const below = FLOORS[folder];
  if (below === undefined) return [{ at: `packages/${folder}`, text: 'has no floor' }];
  const problems: Problem[] = [];
  const ours = Object.keys(manifest.dependencies).filter(isOurs);
  for (const name of ours) {
    const at = `packages/${folder}/package.json`;
    if (!below.includes(folderOf(name)))
      problems.push({ at, text: `depends on ${name}, which is up or sideways` });
    if (versions.get(name) !== manifest.dependencies[name])
      problems.push({ at, text: `${name} is ${versions.get(name)}, not ${manifest.dependencies[name]}` });
  }
  for (const reference of manifest.references) {
    const at = `packages/${folder}/tsconfig.json`;
    if (!below.includes(reference))
      problems.push({ at, text: `refers to ${reference}, which is up or sideways` });
    else if (!ours.some((name) => folderOf(name) === reference))
      problems.push({ at, text: `refers to ${reference}, which package.json does not name` });
  }
  for (const name of ours)
    if (!manifest.references.includes(folderOf(name)))
      problems.push({ at: `packages/${folder}/tsconfig.json`, text: `does not refer to ${folderOf(name)}` });
  return problems;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${ROOT}${path}`, 'utf8'));
}

function readManifest(folder: string): Manifest {
  const { name, version, dependencies, devDependencies, peerDependencies } = readJson(
    `packages/${folder}/package.json`,
  ) as Manifest &
    Readonly<Record<'devDependencies' | 'peerDependencies', Manifest['dependencies'] | undefined>>;
  const { references = [] } = readJson(`packages/${folder}/tsconfig.json`) as {
    references?: readonly { readonly path: string }[];
  };
  return {
    name,
    version,
    dependencies: { ...peerDependencies, ...dependencies },
    development: Object.keys(devDependencies ?? {}),
    references: references.map(({ path }) => posix.basename(path)),
  };
}

/** Everything wrong with the floors of the repository. */
export function checkFloors(files: readonly SourceFile[]): readonly Problem[] {
  const root = readJson('package.json') as { devDependencies: Readonly<Record<string, string>> };
  const development = new Set(Object.keys(root.devDependencies));
  const manifests = new Map(Object.keys(FLOORS).map((folder) => [folder, readManifest(folder)]));
  const versions = new Map([...manifests.values()].map(({ name, version }) => [name, version]));
  const problems: Problem[] = [];
  for (const [folder, manifest] of manifests) problems.push(...checkManifest(folder, manifest, versions));
  for (const file of files) {
    const folder = /^packages\/([^/]+)\//.exec(file.path)?.[1];
    if (folder === undefined) continue;
    const manifest = manifests.get(folder);
    if (manifest === undefined) problems.push({ at: file.path, text: `the package ${folder} has no floor` });
    else problems.push(...checkFile(file, manifest, development));
  }
  return problems;
}
