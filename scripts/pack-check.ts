/**
 * `npm run pack-check`: the packages as a user gets them. Packs every one, looks at what is in it, installs the files in an empty
 * folder, loads each library by its name, has TypeScript read their types, and runs the program.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { FLOORS } from './floors.ts';
import { ROOT } from './source-files.ts';

interface Packed {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Files that would be ours alone. */
const UNWANTED = /\.test\.|\.tsbuildinfo$|^(src|test)\//;

function run(cwd: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 300_000,
    // Not the settings of the npm that may be running this.
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_|^INIT_CWD$/i.test(key))),
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    },
  });
  if (error !== undefined || status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

function checkFiles({ name, files }: Packed): void {
  const paths = files.map(({ path }) => path);
  const missing = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'].filter(
    (path) => !paths.includes(path),
  );
  if (missing.length > 0) throw new Error(`${name} lacks ${missing.join(', ')}`);
  const unwanted = paths.filter((path) => UNWANTED.test(path));
  if (unwanted.length > 0) throw new Error(`${name} carries ${unwanted.join(', ')}`);
}

const folder = mkdtempSync(join(tmpdir(), 'mailanchor-pack-'));
try {
  const tarballs = join(folder, 'tarballs');
  const user = join(folder, 'user');
  mkdirSync(tarballs);
  mkdirSync(user);

  const packed = JSON.parse(
    run(ROOT, 'npm', 'pack', '--workspaces', '--json', '--ignore-scripts', '--pack-destination', tarballs),
  ) as Packed[] | Readonly<Record<string, Packed>>;
  const packages = Object.values(packed);
  if (packages.length !== Object.keys(FLOORS).length)
    throw new Error(`${packages.length} packages were packed`);
  for (const one of packages) checkFiles(one);

  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
  run(
    user,
    'npm',
    'install',
    '--prefer-offline',
    '--no-fund',
    '--no-audit',
    ...packages.map(({ filename }) => join(tarballs, filename)),
  );

  const names = packages.map(({ name }) => name);
  const imports = names.map((name, at) => `import * as p${at} from '${name}';`).join('\n');
  const values = names.map((_, at) => `p${at}`).join(', ');
  writeFileSync(
    join(user, 'all.ts'),
    `${imports}\nfor (const one of [${values}]) if (Object.keys(one).length === 0) throw new Error('an empty package');\n`,
  );
  run(user, process.execPath, 'all.ts');
  const strict = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--skipLibCheck',
    'false',
  ];
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  run(user, join(ROOT, 'node_modules/.bin/tsc'), ...strict, ...types, 'all.ts');

  const help = run(user, 'npx', '--no', 'mailanchor', '--', '--help');
  if (!/check/.test(help)) throw new Error(`mailanchor --help says: ${help}`);
  const version = run(user, 'npx', '--no', 'mailanchor', '--', '--version').trim();
  const wanted = (JSON.parse(readFileSync(join(ROOT, 'packages/mailanchor/package.json'), 'utf8')) as Packed)
    .version;
  if (version !== wanted) throw new Error(`mailanchor --version says ${version}, not ${wanted}`);
  if (existsSync(join(user, 'node_modules/vitest'))) throw new Error('a user gets our development tools');

  for (const { name, version, files } of packages) console.log(`${name} ${version}: ${files.length} files`);
  console.log(`pack-check: ${packages.length} packages install, load and run in an empty folder`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
