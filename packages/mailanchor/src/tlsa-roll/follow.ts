/** Hosts looked after until their user stops it: each goes its own way, so that one that hangs holds up none. */
import { setTimeout as pause } from 'node:timers/promises';
import { MailanchorError, messageOf } from '../errors.ts';
import { type Pass, type PassOptions, pass, type Surroundings } from './pass.ts';
import type { HostSettings } from './settings.ts';

/** Passes of one run: a rollover has fewer steps that follow each other at once. */
const MOST_PASSES = 12;
/** Milliseconds after a step, for servers to take it in. */
const AFTER_STEP_MS = 1000;
/** Looks at a host that has nothing to be done are this much further apart. */
const STEADY_FACTOR = 10;

/** Steps until there is none to be taken now. Resolves with the last pass. */
export async function once(host: HostSettings, around: Surroundings, how: PassOptions): Promise<Pass> {
  let last = await pass(host, around, how);
  const further: PassOptions = how.waitMs === undefined ? {} : { waitMs: how.waitMs };
  for (let passes = 1; passes < MOST_PASSES && last.outcome === 'done'; passes++)
    last = await pass(host, around, further);
  return last;
}

/** Resolves when `signal` aborts. */
export async function follow(host: HostSettings, around: Surroundings, how: PassOptions): Promise<void> {
  const { signal, tell, clock } = around;
  let next = how;
  while (!signal.aborted) {
    let sleepMs: number;
    try {
      const { decision, outcome } = await pass(host, around, next);
      next = {};
      sleepMs = sleepAfter({ decision, outcome }, around);
    } catch (error) {
      if (signal.aborted) return;
      // A file that cannot be read now may be there again: what is wrong is told, and looked at again.
      if (!(error instanceof MailanchorError)) throw error;
      tell(host.name, { event: 'warning', text: messageOf(error) });
      sleepMs = around.settings.intervalMs;
    }
    tell(host.name, { event: 'sleep', until: clock() + sleepMs });
    await pause(sleepMs, undefined, { signal }).catch(() => {});
  }
}

function sleepAfter({ decision: { step }, outcome }: Pass, { settings, clock }: Surroundings): number {
  const { intervalMs } = settings;
  if (outcome === 'done') return Math.min(AFTER_STEP_MS, intervalMs);
  if (step.kind === 'none') return intervalMs * STEADY_FACTOR;
  const until = step.kind === 'wait' ? step.until : null;
  return until === null ? intervalMs : Math.min(intervalMs, Math.max(100, until - clock()));
}
