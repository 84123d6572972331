/**
 * The one safe step that is next for a host. Nothing is planned ahead: every time the world is looked at, and what it lacks most is done.
 * So a step may fail, be done twice, by somebody else or not at all, and the next look finds the way on.
 *
 *   1  what cannot be seen is waited for        5  what may be deployed is deployed, when senders hold nothing else any more
 *   2  a mismatch now comes before all else     6  what nothing presents is removed, when that has settled
 *   3  files that are not whole are no guide    7  a next key is made, or used, where one is wanted
 *   4  records that are missing are published   8  else there is nothing to do
 *
 * Two rules hold it together. A chain is deployed only when every set of records that any sender may believe (memory.ts) suffices for
 * it (rfc7671#section-8.1). A record is removed only when what is left suffices for all that is presented, or is about to be.
 */

import { type PlaceFacts, placeFacts } from './facts.ts';
import { TTLS_TO_WAIT } from './memory.ts';
import { publishStep } from './publish-step.ts';
import { deployDecision } from './roll-deploy.ts';
import { mendDecision } from './roll-mend.ts';
import { nextKeyDecision } from './roll-next-key.ts';
import { retireDecision } from './roll-retire.ts';
import type { Decision } from './step.ts';
import type { HostMemory, HostView } from './view.ts';

export interface Situation {
  readonly view: HostView;
  readonly memory: HostMemory;
  readonly places: readonly PlaceFacts[];
  readonly notes: string[];
  readonly ttlsToWait: number;
}

/** `memory` is that which `remember` made of this view. */
export function nextStep(view: HostView, memory: HostMemory, ttlsToWait: number = TTLS_TO_WAIT): Decision {
  const situation: Situation = { view, memory, places: placeFacts(view, memory), notes: [], ttlsToWait };
  return (
    unseen(situation) ??
    mendDecision(situation) ??
    unfit(situation) ??
    publish(situation) ??
    deployDecision(situation) ??
    retireDecision(situation) ??
    nextKeyDecision(situation) ??
    steady(situation)
  );
}

function unseen({ view, places, notes }: Situation): Decision | undefined {
  const blind = (why: string): Decision => ({
    state: 'unseen',
    step: { kind: 'wait', until: null, held: null },
    why,
    notes,
  });
  if (view.places.length === 0) return blind(`it is not known where the TLSA records of ${view.host} belong`);
  for (const { place, served, failed } of places) {
    if (place.problem !== undefined) return blind(`${place.owner}: ${place.problem}`);
    if (served.length > 0) continue;
    const words = failed.map(({ server, text }) => `${server}: ${text}`).join('; ');
    return blind(`no server of ${place.owner} answers${words ? ` (${words})` : ''}`);
  }
  return undefined;
}

function unfit({ view, notes }: Situation): Decision | undefined {
  const words = view.identities.flatMap(({ label, disk }) =>
    disk.kind === 'unfit' ? [`${label}: ${disk.text}`] : [],
  );
  if (words.length === 0) return undefined;
  return {
    state: 'blocked',
    step: { kind: 'wait', until: null, held: null },
    why: `the files are not fit to be deployed: ${words.join('; ')}`,
    notes,
  };
}

function publish({ view, memory, places, notes }: Situation): Decision | undefined {
  for (const facts of places) {
    const decision = publishStep(facts, memory, view.at, notes);
    if (decision) return decision;
  }
  return undefined;
}

function steady({ view, places, notes }: Situation): Decision {
  const bare = places.filter(({ agreed }) => agreed?.length === 0).map(({ place }) => place.owner);
  return {
    state: bare.length === places.length ? 'unprotected' : 'steady',
    step: { kind: 'none' },
    why:
      bare.length === 0
        ? `every address of ${view.host} presents what every server publishes`
        : `no record can be published at ${bare.join(', ')}`,
    notes,
  };
}
