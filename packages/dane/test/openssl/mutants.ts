/** Spoilt certificates before us and OpenSSL. */
import { judgeDane } from '../../src/judgement.ts';
import type { DaneCase } from './cases.ts';
import { peerOutcome } from './compare.ts';
import type { Peer } from './peer.ts';

export interface MutationComparison {
  /** cases that we accept */
  readonly matches: number;
  /** those of them whose path OpenSSL refuses, described */
  readonly refusedByPeer: readonly string[];
  /** cases that OpenSSL accepts and we do not: we read more strictly */
  readonly refusedByUs: number;
}

/**
 * Whatever we accept, OpenSSL must accept, given the certificates that our verdict rests on. (Others that were presented may
 * be unreadable: a handshake would end there, and our verdict does not look at them.)
 */
export function compareMutations(cases: readonly DaneCase[], peer: Peer): MutationComparison {
  const judged = cases.map((one) => ({ one, ...judgeDane(one) }));
  const accepted = judged.filter(({ verdict }) => verdict.kind === 'match');
  const theirs = peer.judge(
    accepted.map(({ one, path }) => ({
      ...one,
      chain: path.map(({ der }) => der),
      ca: one.mode === 'general' ? [path.at(-1)!.der] : [],
    })),
  );
  const refusedByPeer = accepted.flatMap(({ one }, n) => {
    const outcome = peerOutcome(theirs[n]!);
    return outcome.startsWith('match')
      ? []
      : [`${one.id}: ${one.twists.join(', ')}: OpenSSL says ${outcome}`];
  });
  const all = peer.judge(cases);
  const refusedByUs = judged.filter(
    ({ verdict }, n) => verdict.kind !== 'match' && peerOutcome(all[n]!).startsWith('match'),
  ).length;
  return { matches: accepted.length, refusedByPeer, refusedByUs };
}
