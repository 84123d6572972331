/** Records that nothing presents any more go, one change at a time, and never the last that matches. */

import { tlsaToText } from '../tlsa-text.ts';
import { attemptKey, standingOf, whenText } from './attempts.ts';
import { type Subject, suffices } from './coverage.ts';
import type { PlaceFacts } from './facts.ts';
import type { Situation } from './next-step.ts';
import { listed } from './publish-step.ts';
import { withoutRecords } from './record-set.ts';
import type { Decision, RollStep } from './step.ts';
import { nextKey, wantsNext } from './wanted.ts';

export function retireDecision(situation: Situation): Decision | undefined {
  for (const facts of situation.places) {
    const decision = removeStep(situation, facts, 'retired');
    if (decision) return decision;
  }
  return undefined;
}

/**
 * `retired`: what is left over after a rollover. `obstacle`: a combination that keeps the next chain from being deployed; then nothing
 * need have settled, since nothing that is presented changes.
 */
export function removeStep(
  situation: Situation,
  facts: PlaceFacts,
  why: 'retired' | 'obstacle',
): Decision | undefined {
  const { view, memory, notes } = situation;
  const { place, agreed, wanted, failed, settledAt } = facts;
  if (!agreed) return undefined;
  const left = withoutRecords(agreed, wanted);
  const strangers = left.filter((record) => !memory.ours.includes(tlsaToText(record)));
  const remove = view.strangers === 'remove' ? left : withoutRecords(left, strangers);
  if (strangers.length > 0 && view.strangers !== 'remove')
    notes.push(
      `${listed(strangers)} at ${place.owner} is of no key known here and is left alone: remove it with --remove-others if it is not another server's`,
    );
  if (remove.length === 0) return undefined;

  const step: RollStep = {
    kind: 'remove',
    change: { owner: place.owner, expected: agreed, add: [], remove },
  };
  const what = `${listed(remove)} at ${place.owner}`;
  const wait = (until: number | null, text: string, state: Decision['state'] = 'retiring'): Decision => ({
    state,
    step: { kind: 'wait', until, held: step },
    why: text,
    notes,
  });
  if (failed.length > 0) {
    const words = failed.map(({ server, text }) => `${server} (${text})`).join(', ');
    return wait(null, `${what} is not removed while ${words} does not answer`);
  }
  if (settledAt === null) return wait(null, `${what} is not removed while ${unknown(situation)}`);
  const uncovered = subjects(situation, facts).some(
    (subject) => !suffices(withoutRecords(agreed, remove), subject, facts.options),
  );
  if (uncovered || withoutRecords(agreed, remove).length === 0) {
    if (why === 'obstacle') return undefined;
    return wait(null, `${what} is not removed: what would be left does not match all that is presented`);
  }
  if (why === 'retired') {
    if (settledAt > view.at)
      return wait(
        settledAt,
        `${what} stays until ${whenText(settledAt)}, in case an old process still presents its key`,
      );
  }
  const standing = standingOf(memory, attemptKey(step), view.at);
  if (standing.kind === 'pending')
    return wait(null, `${what} was removed at ${whenText(standing.since)}, and every server still shows it`);
  if (standing.kind === 'failed')
    return wait(standing.until, `${what} could not be removed: ${standing.text}`);
  return { state: 'retiring', step, why: `${what} matches nothing that is presented`, notes };
}

/** All that must be matched by what is left: what is presented, what is on disk, the next keys. */
function subjects({ view, memory }: Situation, { live }: PlaceFacts): Subject[] {
  const prepared = view.identities.flatMap((identity): Subject[] => {
    const next = wantsNext(view, memory, identity) ? nextKey(identity) : undefined;
    return next ? [{ kind: 'key', spki: next }] : [];
  });
  return [...live.map(({ subject }) => subject), ...prepared];
}

function unknown({ view }: Situation): string {
  return view.addresses
    .filter(({ problem }) => problem !== undefined)
    .map(({ address, port, problem }) => `${address} port ${port} is not known (${problem})`)
    .join(', ');
}
