/**
 * Generated cases judged by us and by OpenSSL's verifier as Postfix uses it. What differs is a bug or a decision: the
 * decisions, and how each difference must be explained, are in `compare.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCases } from './cases.ts';
import { compare, DECISION_NAMES, describeDifference } from './compare.ts';
import { compareMutations } from './mutants.ts';
import { makeMutations } from './mutations.ts';
import { openPeer, type Peer, whyNoPeer } from './peer.ts';

const absent = whyNoPeer();
/** Milliseconds; some seconds where nothing else runs. */
const LONG = 120_000;
const required = process.env['MAILANCHOR_TEST_PEERS'] === 'required';

describe.skipIf(absent !== undefined && !required)(`beside OpenSSL${absent ? `: ${absent}` : ''}`, () => {
  let peer: Peer;
  beforeAll(() => {
    if (absent) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);
    peer = openPeer();
  }, LONG);
  afterAll(() => peer?.remove());

  test('3,000 cases: the same outcome, depth and record, or a decision', { timeout: LONG }, () => {
    const { alike, outcomes, decided, undecided } = compare([...makeCases(20261124, 3000)], peer);
    expect(undecided.map(describeDifference)).toEqual([]);
    expect(alike).toBeGreaterThan(2850);
    // The generator makes enough of each outcome to mean something.
    for (const [word, least] of Object.entries(LEAST))
      expect([word, outcomes.get(word) ?? 0]).toEqual([word, expect.toSatisfy((n: number) => n >= least)]);
    for (const name of decided.keys()) expect(DECISION_NAMES).toContain(name);
  });

  test('2,000 cases of spoilt certificates: never more than OpenSSL accepts', { timeout: LONG }, () => {
    const { matches, refusedByPeer } = compareMutations([...makeMutations(20261124, 2000)], peer);
    expect(refusedByPeer).toEqual([]);
    expect(matches).toBeGreaterThan(300);
  });
});

/** Outcomes of OpenSSL, and how many there are at least. */
const LEAST: Readonly<Record<string, number>> = {
  match: 900,
  unusable: 90,
  'no-match': 400,
  'name-mismatch': 200,
  untrusted: 200,
  'not-a-ca': 30,
  purpose: 20,
  expired: 10,
  'not-yet-valid': 3,
  'name-constraint': 20,
  'path-length': 1,
  'bad-signature': 20,
};
