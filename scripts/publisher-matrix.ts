/**
 * The table of docs/publishing.md: every operation by every way to publish, tried on real servers. As root, with Debian's packages.
 *
 *     npm run publisher-matrix                  prints it, with what was said where something was not done
 *     npm run publisher-matrix -- --write       and puts the table into the page
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Driver } from '../test/peers/publishing/driver-client.ts';
import { MATRIX_PAGE, matrixTable, runMatrix, withTable } from '../test/peers/publishing/matrix.ts';
import { raisePublishing } from '../test/peers/publishing/network.ts';

const network = await raisePublishing('matrix');
const driver = new Driver(network);
try {
  const matrix = await runMatrix(network, driver);
  const table = matrixTable(matrix);
  console.log(table);
  for (const [zone, texts] of matrix.said)
    for (const [title, text] of texts) console.log(`\n${zone}, ${title}:\n  ${text}`);
  if (process.argv.includes('--write')) {
    const page = readFileSync(MATRIX_PAGE, 'utf8');
    writeFileSync(MATRIX_PAGE, withTable(page, table));
  }
} finally {
  driver.close();
  network.lower();
}
