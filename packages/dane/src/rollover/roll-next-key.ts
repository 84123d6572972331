/** Keys made in advance: made where one is wanted, and used where a rollover was asked for. */
import { attemptKey, standingOf, whenText } from './attempts.ts';
import { obstacles } from './deploy-step.ts';
import type { Situation } from './next-step.ts';
import type { Decision, RollStep } from './step.ts';
import type { Identity } from './view.ts';
import { keyDigest, nextKey, wantsNext } from './wanted.ts';

export function nextKeyDecision(situation: Situation): Decision | undefined {
  const { view, memory } = situation;
  for (const identity of view.identities) {
    if (!wantsNext(view, memory, identity)) continue;
    const decision = nextKey(identity) ? useNext(situation, identity) : makeNext(situation, identity);
    if (decision) return decision;
  }
  return undefined;
}

function makeNext({ view, memory, notes }: Situation, { label }: Identity): Decision {
  const step: RollStep = { kind: 'make-key', label };
  const standing = standingOf(memory, attemptKey(step), view.at);
  if (standing.kind === 'failed')
    return {
      state: 'publishing',
      step: { kind: 'wait', until: standing.until, held: step },
      why: `the next ${label} key could not be made: ${standing.text}`,
      notes,
    };
  return { state: 'publishing', step, why: `there is no next ${label} key`, notes };
}

/** Its record is published by now: when may a certificate be issued for it, which an external client would deploy at once? */
function useNext(situation: Situation, identity: Identity): Decision | undefined {
  const { view, memory, places, notes, ttlsToWait } = situation;
  const { label } = identity;
  const spki = nextKey(identity);
  if (!spki) return undefined;
  const [last] = obstacles({ kind: 'key', spki }, places, memory, view.at, ttlsToWait);
  const asked = memory.replacing[label] !== undefined;
  if (!asked) {
    notes.push(
      last === undefined
        ? `the next ${label} key may be used`
        : Number.isFinite(last.until)
          ? `the next ${label} key may be used from ${whenText(last.until)}`
          : `the next ${label} key may not be used yet: not every server has been seen with its record`,
    );
    return undefined;
  }
  const step: RollStep = { kind: 'issue', label, by: view.issue };
  if (last) {
    const until = Number.isFinite(last.until) ? last.until : null;
    const when = until === null ? 'every server has been seen with its record' : whenText(until);
    return {
      state: 'aging',
      step: { kind: 'wait', until, held: step },
      why: `senders may still hold records of ${last.owner} from before the next ${label} key: it must not be used until ${when}`,
      notes,
    };
  }
  const standing =
    view.issue === 'command'
      ? standingOf(memory, attemptKey(step, keyDigest(spki).slice(0, 16)), view.at)
      : ({ kind: 'due' } as const);
  if (standing.kind === 'failed')
    return {
      state: 'ready',
      step: { kind: 'wait', until: standing.until, held: step },
      why: `no certificate could be had for the next ${label} key: ${standing.text}`,
      notes,
    };
  if (standing.kind === 'pending')
    return {
      state: 'ready',
      step: { kind: 'wait', until: standing.until, held: step },
      why: `a certificate for the next ${label} key was asked for at ${whenText(standing.since)}, and is not on disk`,
      notes,
    };
  return {
    state: 'ready',
    step,
    why: `the record of the next ${label} key is published, and no sender holds anything older: a certificate can be issued for it`,
    notes,
  };
}
