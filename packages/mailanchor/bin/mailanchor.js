#!/usr/bin/env node
// Kept so plain that an old Node can read it far enough to say that it is too old.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const entry = new URL('../dist/main.js', import.meta.url);

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `mailanchor: needs Node.js 22.19 or newer, and this is ${process.version}. Install a current one from https://nodejs.org/.`,
  );
  process.exitCode = 2;
} else if (!existsSync(entry)) {
  console.error('mailanchor: not built yet. Run: npm run build');
  process.exitCode = 2;
} else {
  // In the user's own cache folder: compiled code from a folder that others can write to would be theirs to choose.
  if (!process.env.NODE_COMPILE_CACHE) {
    nodeModule.enableCompileCache?.(
      join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mailanchor'),
    );
  }
  const { main } = await import(entry.href);
  await main(process.argv.slice(2));
}
