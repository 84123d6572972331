/** One pass over a host: look, remember, decide, and take the step that is next. Under the host's lock, so that two never act at once. */
import {
  type Decision,
  type HostMemory,
  nextStep,
  type RollStep,
  remember,
  startReplacing,
} from '@mailanchor/dane';
import type { LookupSettings } from '../options/lookup.ts';
import type { Publisher } from '../tlsa-publish/publisher.ts';
import { type ActOutcome, act } from './act.ts';
import type { Tell } from './events.ts';
import { hintOf } from './hint.ts';
import { hostFolder, lastOf, readState, writeState } from './kept-state.ts';
import { lockHost } from './lock.ts';
import { type HostLook, type LookOptions, lookAt } from './look.ts';
import type { HostSettings, RollSettings } from './settings.ts';

export interface Surroundings {
  readonly settings: RollSettings;
  readonly lookup: LookupSettings;
  readonly publisherOf: (host: HostSettings) => Promise<Publisher | undefined>;
  readonly tell: Tell;
  readonly clock: () => number;
  readonly signal: AbortSignal;
  readonly strangers?: 'keep' | 'remove';
  /** For tests: how the world is looked at. */
  readonly look?: (host: HostSettings, options: LookOptions) => Promise<HostLook>;
}

export interface PassOptions {
  /** Ask for another key in place of the one in use. */
  readonly start?: boolean;
  /** Asked where a step is held back; true: it is taken all the same. */
  readonly force?: (decision: Decision, held: RollStep) => Promise<boolean>;
  /** Milliseconds to wait for the lock. */
  readonly waitMs?: number;
}

export interface Pass {
  readonly decision: Decision;
  /** Undefined: there was nothing to be done. */
  readonly outcome: ActOutcome | undefined;
  /** What is for others to do. */
  readonly hint?: readonly string[];
}

const LOCK_MS = 10_000;

/** Rejects with `MailanchorError` 'locked' or 'state', with `UsageError` for files of the settings, and where `signal` aborts. */
export async function pass(host: HostSettings, around: Surroundings, how: PassOptions = {}): Promise<Pass> {
  const { settings, tell, clock, signal } = around;
  const folder = hostFolder(settings.state.path, host.name);
  const lock = await lockHost(folder, how.waitMs ?? LOCK_MS, signal);
  try {
    const { look, memory, decision, lost } = await decide(host, folder, around, how);
    if (lost !== undefined)
      tell(host.name, { event: 'warning', text: `${lost}: begun anew, which costs two TTLs of waiting` });
    const last = lastOf(decision, look.view.at);
    const save = (next: HostMemory) => writeState(folder, { memory: next, last });
    await save(memory);
    tell(host.name, { event: 'decided', decision });
    const step = await stepToTake(decision, how);
    if (step.kind === 'none' || step.kind === 'wait') return { decision, outcome: undefined };
    const publisher = await around.publisherOf(host);
    const { outcome } = await act(step, memory, { host, folder, look, publisher, tell, save, clock, signal });
    const hint = outcome === 'left-to-others' ? hintOf(step, host, look) : undefined;
    return { decision, outcome, ...(hint && { hint }) };
  } finally {
    lock.release();
  }
}

async function stepToTake({ step, ...decision }: Decision, { force }: PassOptions): Promise<RollStep> {
  if (step.kind !== 'wait' || !step.held || !force) return step;
  return (await force({ step, ...decision }, step.held)) ? step.held : step;
}

export interface Decided {
  readonly look: HostLook;
  readonly memory: HostMemory;
  readonly decision: Decision;
  readonly lost: string | undefined;
}

/** What a pass would do; nothing is written. */
export async function decide(
  host: HostSettings,
  folder: string,
  around: Surroundings,
  { start }: Pick<PassOptions, 'start'> = {},
): Promise<Decided> {
  const { settings, lookup, signal, strangers } = around;
  const { memory: before, lost } = await readState(folder);
  const look = await (around.look ?? lookAt)(host, {
    lookup,
    settleMs: settings.settleMs,
    folder,
    signal,
    ...(strangers && { strangers }),
  });
  const seen = remember(before, look.view);
  const memory = start ? startReplacing(seen, look.view) : seen;
  return { look, memory, decision: nextStep(look.view, memory), lost };
}
