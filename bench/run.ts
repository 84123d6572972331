/**
 * Runs the benchmarks: `npm run bench` all of them, `npm run bench dane` those whose file name contains the word. Each file
 * `<name>.bench.ts` exports one function that measures and prints a table.
 */
import { globSync } from 'node:fs';
import { cpus } from 'node:os';
import { pathToFileURL } from 'node:url';

const words = process.argv.slice(2);
const files = globSync('*.bench.ts', { cwd: import.meta.dirname })
  .filter((file) => words.every((word) => file.includes(word)))
  .sort();

if (files.length === 0) {
  console.error(`no benchmark is called ${words.join(' ')}`);
  process.exitCode = 1;
}
if (files.length > 0)
  console.log(`Node.js ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`);
for (const file of files) {
  console.log(`\n${file.replace('.bench.ts', '')}`);
  const { default: bench } = (await import(pathToFileURL(`${import.meta.dirname}/${file}`).href)) as {
    default: () => Promise<void>;
  };
  await bench();
}
