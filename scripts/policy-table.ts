/**
 * `npm run policy-table`: raises the bed and the lab, has a sending Postfix deliver to every destination, with the policies of `mailanchor policy` and
 * with its own `dane` level through `mailanchor resolver`, and puts the table into docs/policy-postfix.md. Needs root and the packages of the bed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { whyNoPeers } from '../test/peers/peers.ts';
import { MARKS, PAGE, postfixTable, renderTable } from '../test/peers/postfix-table.ts';
import { PostfixWorlds } from '../test/peers/postfix-worlds.ts';

const absent = whyNoPeers();
if (absent !== undefined) throw new Error(absent);
const worlds = await PostfixWorlds.raise();
try {
  const table = renderTable(await postfixTable(worlds));
  const page = readFileSync(PAGE, 'utf8');
  const [start, end] = MARKS.map((mark) => page.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start)
    throw new Error('docs/policy-postfix.md has no place for the table');
  writeFileSync(PAGE, `${page.slice(0, start)}${MARKS[0]}\n\n${table}\n\n${page.slice(end)}`);
} finally {
  await worlds.lower();
}
process.exit(0);
