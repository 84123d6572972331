/** `npm run readme-demo`: runs the demo and puts what it prints into README.md, as it is. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from './source-files.ts';

const PROGRAM = `${ROOT}packages/mailanchor/bin/mailanchor.js`;

const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'lab', '--demo'], {
  cwd: ROOT,
  encoding: 'utf8',
  timeout: 120_000,
  env: { ...process.env, NO_COLOR: '1' },
});
if (status !== 0) throw new Error(`the demo ended with ${status}:\n${stdout}${stderr}`);

const file = `${ROOT}README.md`;
const readme = readFileSync(file, 'utf8');
const written = readme.replace(
  /(<!-- demo: [^\n]*-->\n)[\s\S]*?(<!-- \/demo -->)/,
  (_, start: string, end: string) =>
    `${start}\n\`\`\`text\n${stdout.replace(/^\n+/, '').trimEnd()}\n\`\`\`\n\n${end}`,
);
if (written === readme) throw new Error('README.md has no place for the demo');
writeFileSync(file, written);
