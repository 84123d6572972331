/** What is presented matches no record: senders that validate refuse the host now. */

import { coverageOf, subjectKey } from './coverage.ts';
import { authenticates, isKeyOf, type LiveChain, notPresenting, type PlaceFacts } from './facts.ts';
import type { Situation } from './next-step.ts';
import { publishStep } from './publish-step.ts';
import { deployStanding } from './roll-deploy.ts';
import type { Decision } from './step.ts';
import type { Identity } from './view.ts';
import { diskKey } from './wanted.ts';

interface Fault {
  readonly facts: PlaceFacts;
  readonly live: LiveChain;
  readonly text: string;
}

export function mendDecision(situation: Situation): Decision | undefined {
  const { view, memory, places, notes } = situation;
  const fault = firstFault(places);
  if (!fault) return undefined;
  const { facts, live, text } = fault;
  const where = live.where.join(', ');
  const broken = `${where} presents what the records at ${facts.place.owner} do not match: ${text}`;
  const spki = subjectKey(live.subject);
  const own = spki && view.identities.some((identity) => isKeyOf(identity, spki));

  if (own) {
    const decision = publishStep(facts, memory, view.at, notes);
    const way = 'Publish its record at once; senders that hold the old records refuse until those run out';
    if (decision) return { ...decision, state: 'broken', why: `${broken}. ${way} (${decision.why})` };
  }
  const before = view.identities.find((identity) => canTakeOver(situation, identity));
  if (before) {
    const decision = deployStanding(situation, before);
    const way = 'The certificate on disk does match: deploy it';
    return { ...decision, state: 'broken', why: `${broken}. ${way} (${decision.why})` };
  }
  return {
    state: 'broken',
    step: { kind: 'wait', until: null, held: null },
    why: own
      ? `${broken}. Its record cannot be added while the servers do not agree`
      : `${broken}. Its key is not among the files configured here, so its record is not published by itself: put back the certificate that matches, or configure this one`,
    notes,
  };
}

function firstFault(places: readonly PlaceFacts[]): Fault | undefined {
  for (const facts of places) {
    for (const live of facts.live) {
      for (const records of facts.served) {
        const coverage = coverageOf(records, live.subject, facts.options);
        if (coverage.kind === 'uncovered') return { facts, live, text: coverage.text };
      }
    }
  }
  return undefined;
}

/** Whether the files match what is published, everywhere, and are not what is presented. */
function canTakeOver({ view, places }: Situation, identity: Identity): boolean {
  const { disk } = identity;
  if (disk.kind !== 'pair' || !diskKey(identity) || notPresenting(view, identity).length === 0) return false;
  const subject = { kind: 'chain', chain: disk.chain } as const;
  return places.every(({ served, options }) =>
    served.every((records) => records.length === 0 || authenticates(records, subject, options)),
  );
}
