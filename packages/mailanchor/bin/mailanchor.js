#!/usr/bin/env node
// Kept so plain that an old Node can read it far enough to say that it is too old.
import { existsSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const compiled = new URL('../dist/main.js', import.meta.url);
const bundled = new URL('../dist/program/main.js', import.meta.url);

/** @param {URL} file @returns {number} milliseconds of its last change; 0 where there is none */
const changed = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** In a clone, a package compiled since makes the bundle old: then the compiled files are started, slower and never wrong. */
function entryPoint() {
  const made = changed(bundled);
  if (made === 0) return compiled;
  const older = ['dns', 'dnssec', 'dane', 'smtp', 'lab', 'mailanchor'].some(
    (name) => changed(new URL(`../../${name}/dist/.tsbuildinfo`, import.meta.url)) > made,
  );
  return older ? compiled : bundled;
}

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `mailanchor: needs Node.js 22.19 or newer, and this is ${process.version}. Install a current one from https://nodejs.org/.`,
  );
  process.exitCode = 2;
} else if (!existsSync(compiled)) {
  console.error('mailanchor: not built yet. Run: npm run build');
  process.exitCode = 2;
} else {
  // In the user's own cache folder: compiled code from a folder that others can write to would be theirs to choose.
  if (!process.env.NODE_COMPILE_CACHE) {
    nodeModule.enableCompileCache?.(
      join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mailanchor'),
    );
  }
  const { main } = await import(entryPoint().href);
  await main(process.argv.slice(2));
}
