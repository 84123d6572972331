/**
 * `npm run dane-agreement [CASES] [SEED]`: generated chains and records, judged by us and by OpenSSL's verifier as Postfix sets
 * it up; prints as Markdown how far they agree. Exit 1 where a difference is no decision, or where we accept a spoilt
 * certificate that OpenSSL refuses.
 */
import { makeCases } from '../packages/dane/test/openssl/cases.ts';
import {
  type Comparison,
  compare,
  DECISION_NAMES,
  describeDifference,
} from '../packages/dane/test/openssl/compare.ts';
import { compareMutations } from '../packages/dane/test/openssl/mutants.ts';
import { makeMutations } from '../packages/dane/test/openssl/mutations.ts';
import { openPeer, type Peer, whyNoPeer } from '../packages/dane/test/openssl/peer.ts';

/** Cases judged at a time, so that memory stays small. */
const BATCH = 5000;

function add(into: Map<string, number>, key: string, count: number): void {
  into.set(key, (into.get(key) ?? 0) + count);
}

function printTable(head: readonly string[], rows: Iterable<readonly (string | number)[]>): void {
  console.log(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log('');
}

function run(peer: Peer, cases: number, seed: number): boolean {
  const outcomes = new Map<string, number>();
  const decided = new Map<string, number>(DECISION_NAMES.map((name) => [name, 0]));
  let alike = 0;
  let undecided = 0;
  const spoilt = { matches: 0, refusedByPeer: 0, refusedByUs: 0 };
  for (let done = 0; done < cases; done += BATCH) {
    const batch = Math.min(BATCH, cases - done);
    const compared: Comparison = compare([...makeCases(seed + done, batch)], peer);
    alike += compared.alike;
    undecided += compared.undecided.length;
    for (const [word, count] of compared.outcomes) add(outcomes, word, count);
    for (const [name, list] of compared.decided) add(decided, name, list.length);
    for (const one of compared.undecided) console.error(describeDifference(one));
    const mutants = compareMutations([...makeMutations(seed + done, batch)], peer);
    spoilt.matches += mutants.matches;
    spoilt.refusedByPeer += mutants.refusedByPeer.length;
    spoilt.refusedByUs += mutants.refusedByUs;
    for (const line of mutants.refusedByPeer) console.error(line);
  }
  console.log(`## ${cases} cases beside ${peer.version}, seed ${seed}\n`);
  printTable(
    ['cases', 'alike', 'decided', 'undecided'],
    [[cases, alike, cases - alike - undecided, undecided]],
  );
  printTable(['decision', 'cases'], decided);
  printTable(
    ["OpenSSL's outcome", 'cases'],
    [...outcomes].sort(([, a], [, b]) => b - a),
  );
  printTable(
    [
      'cases of spoilt certificates',
      'we accept',
      'of these OpenSSL refuses',
      'OpenSSL accepts and we do not',
    ],
    [[cases, spoilt.matches, spoilt.refusedByPeer, spoilt.refusedByUs]],
  );
  return undecided === 0 && spoilt.refusedByPeer === 0;
}

const absent = whyNoPeer();
if (absent !== undefined) {
  console.error(`dane-agreement: ${absent}`);
  process.exitCode = 1;
} else {
  const [cases = '50000', seed = '1'] = process.argv.slice(2);
  const peer = openPeer();
  try {
    process.exitCode = run(peer, Number(cases), Number(seed)) ? 0 : 1;
  } finally {
    peer.remove();
  }
}
