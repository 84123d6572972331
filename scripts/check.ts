/**
 * `npm run check`: everything about the sources that is not a test. All steps run; each prints one line; a summary ends it.
 *
 *     npm run check                 look
 *     npm run check -- --write      put format and the generated pages right first
 */
import { spawnSync } from 'node:child_process';
import { checkExports } from './exports.ts';
import { checkFindingsPage, writeFindingsPage } from './findings-page.ts';
import { checkFloors } from './floors.ts';
import type { Problem } from './problem.ts';
import { checkRfcReferences, writeCoverage } from './rfc-references.ts';
import { checkRuleTables } from './rules.ts';
import { ROOT, readSources } from './source-files.ts';

/** Lines of one step that are shown: the first problems matter. */
const MOST_LINES = 60;

/** What a step printed or found; empty when all is well. */
type Findings = readonly string[];

function run(program: string, ...args: readonly string[]): Findings {
  const { status, stdout, stderr, error } = spawnSync(`${ROOT}node_modules/.bin/${program}`, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (error !== undefined) return [`${program}: ${error.message}`];
  if (status === 0) return [];
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 ? lines : [`${program} ended with ${status}`];
}

function told(problems: readonly Problem[]): Findings {
  return problems.map(({ at, text }) => `${at}  ${text}`);
}

const write = process.argv.includes('--write');
if (write) {
  writeCoverage(readSources());
  writeFindingsPage();
  run('biome', 'check', '--write', '.');
}

const sources = readSources();
const steps: readonly (readonly [name: string, step: () => Findings | Promise<Findings>])[] = [
  ['format and lint', () => run('biome', 'check', '--error-on-warnings', '.')],
  ['types', () => run('tsc', '-b')],
  ['types of tests and scripts', () => run('tsc', '-p', 'tsconfig.test.json')],
  ['floors', () => told(checkFloors(sources))],
  ['references to RFCs', () => told(checkRfcReferences(sources))],
  ['page of findings', () => told(checkFindingsPage())],
  ['rules of DNSSEC and DANE', () => told(checkRuleTables(sources))],
  ['exports', async () => told(await checkExports())],
];

const failed: string[] = [];
for (const [name, step] of steps) {
  const start = performance.now();
  const findings = await step();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${findings.length === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`);
  for (const line of findings.slice(0, MOST_LINES)) console.log(`        ${line}`);
  if (findings.length > MOST_LINES) console.log(`        and ${findings.length - MOST_LINES} lines more`);
  if (findings.length > 0) failed.push(name);
}
console.log(
  failed.length === 0
    ? `check: ${steps.length} steps, all well, on Node.js ${process.versions.node}`
    : `check: ${failed.length} of ${steps.length} steps failed: ${failed.join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
