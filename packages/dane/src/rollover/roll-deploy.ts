/** The certificate on disk is not presented everywhere: when may it be, and who sees to it. */
import { hash } from 'node:crypto';
import { attemptKey, standingOf, whenText } from './attempts.ts';
import { type Obstacle, obstacles } from './deploy-step.ts';
import { notPresenting, presenting } from './facts.ts';
import type { Situation } from './next-step.ts';
import { recordTexts } from './record-set.ts';
import { removeStep } from './roll-retire.ts';
import type { Decision, RollStep } from './step.ts';
import type { Identity } from './view.ts';

export function deployDecision(situation: Situation): Decision | undefined {
  const { view, notes } = situation;
  const unknown = view.addresses.filter(({ problem }) => problem !== undefined);
  if (view.addresses.length === 0 || unknown.length === view.addresses.length) {
    const words = unknown.map(({ address, port, problem }) => `${address} port ${port}: ${problem}`);
    return {
      state: 'unseen',
      step: { kind: 'wait', until: null, held: null },
      why: `what ${view.host} presents could not be found out${words.length > 0 ? `: ${words.join('; ')}` : ''}`,
      notes,
    };
  }
  const identity = view.identities.find((one) => notPresenting(view, one).length > 0);
  if (!identity) return undefined;
  const { disk } = identity;
  if (disk.kind !== 'pair') return undefined;
  const subject = { kind: 'chain', chain: disk.chain } as const;
  const [last] = obstacles(subject, situation.places, situation.memory, view.at, situation.ttlsToWait);
  return last ? held(situation, identity, last) : deployStanding(situation, identity);
}

/** Deployed now, or a moment ago, or failed a moment ago. */
export function deployStanding({ view, memory, notes }: Situation, identity: Identity): Decision {
  const { label } = identity;
  const step: RollStep = { kind: 'deploy', label, by: view.deploy };
  const old = notPresenting(view, identity).map(({ address, port }) => `${address} port ${port}`);
  const begun = presenting(view, identity).length > 0;
  const missing = `${old.join(', ')} ${old.length === 1 ? 'does' : 'do'} not present the ${label} certificate on disk`;
  const standing =
    view.deploy === 'command'
      ? standingOf(memory, deployKey(step, identity), view.at)
      : ({ kind: 'due' } as const);
  switch (standing.kind) {
    case 'pending':
      return {
        state: 'deploying',
        step: { kind: 'wait', until: null, held: null },
        why: `deployed at ${whenText(standing.since)}, and ${missing} yet`,
        notes,
      };
    case 'failed':
      return {
        state: 'ready',
        step: { kind: 'wait', until: standing.until, held: step },
        why: `the ${label} certificate could not be deployed: ${standing.text}`,
        notes,
      };
    case 'due': {
      const tried = memory.attempts.some(({ key }) => key === deployKey(step, identity));
      const again = tried ? ', although it was deployed before: does the server read these files?' : '';
      return { state: begun ? 'deploying' : 'ready', step, why: `${missing}${again}`, notes };
    }
  }
}

/** Names the attempt to deploy this very certificate. */
export function deployKey(step: RollStep, { disk }: Identity): string | null {
  const leaf = disk.kind === 'pair' ? disk.chain[0] : undefined;
  return attemptKey(step, leaf ? hash('sha256', leaf).slice(0, 16) : '');
}

function held(situation: Situation, { label }: Identity, { owner, set, until }: Obstacle): Decision {
  const { view, places, notes } = situation;
  const deploy: RollStep = { kind: 'deploy', label, by: view.deploy };
  const what = `the ${label} certificate on disk`;
  if (Number.isFinite(until)) {
    return {
      state: 'aging',
      step: { kind: 'wait', until, held: deploy },
      why: `senders may hold ${setText(set.records)} of ${owner} until ${whenText(until)}: ${what} must not be presented before`,
      notes,
    };
  }
  const facts = places.find(({ place }) => place.owner === owner);
  const silent = facts?.failed ?? [];
  if (silent.length > 0) {
    const words = silent.map(({ server, text }) => `${server} (${text})`).join(', ');
    return {
      state: 'unseen',
      step: { kind: 'wait', until: null, held: deploy },
      why: `what ${words} publishes at ${owner} is not known: ${what} is not presented before every server has its record`,
      notes,
    };
  }
  if (!facts?.served.some((records) => recordTexts(records).join() === set.records?.join())) {
    return {
      state: 'publishing',
      step: { kind: 'wait', until: null, held: deploy },
      why: `a change of ${owner} to ${setText(set.records)} may be on its way, which ${what} would not match: it is waited for`,
      notes,
    };
  }
  // A combination beside the wanted ones, which the new chain does not match: it goes first.
  const removal = facts && removeStep(situation, facts, 'obstacle');
  if (removal) return removal;
  return {
    state: 'blocked',
    step: { kind: 'wait', until: null, held: deploy },
    why: `${setText(set.records)} of ${owner} does not match ${what} in every combination: remove the records that do not belong there`,
    notes,
  };
}

function setText(records: readonly string[] | null): string {
  if (records === null) return 'records from before the first look';
  if (records.length === 0) return 'no record';
  return records.map((text) => (text.length > 22 ? `${text.slice(0, 18)}...` : text)).join(' and ');
}
