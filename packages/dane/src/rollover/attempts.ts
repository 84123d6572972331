/** How long what was done is given to show before it is done again. */
import { timeToText } from '../validity.ts';
import { recordTexts } from './record-set.ts';
import type { RecordChange, RollStep } from './step.ts';
import type { Attempt, HostMemory } from './view.ts';

/** Milliseconds for servers to catch up, for a mail server to reload. */
export const PATIENCE_MS = 600_000;
/** Milliseconds after a failure. */
export const RETRY_MS = 60_000;

/** Names what a step does; null for a step that does nothing. `content` tells one certificate or key of a label from another. */
export function attemptKey(step: RollStep, content = ''): string | null {
  switch (step.kind) {
    case 'publish':
    case 'remove':
      return `${step.kind} ${step.change.owner} ${changeText(step.change)}`;
    case 'deploy':
    case 'issue':
    case 'make-key':
      return [step.kind, step.label, content].filter((word) => word !== '').join(' ');
    default:
      return null;
  }
}

function changeText({ add, remove }: RecordChange): string {
  const signed = (sign: string, texts: readonly string[]): string[] => texts.map((text) => sign + text);
  return [...signed('+', recordTexts(add)), ...signed('-', recordTexts(remove))].join(',');
}

export type Standing =
  | { readonly kind: 'due' }
  /** Done, and not visible yet. */
  | { readonly kind: 'pending'; readonly until: number; readonly since: number }
  /** Failed a moment ago. */
  | { readonly kind: 'failed'; readonly until: number; readonly text: string };

export function standingOf(memory: HostMemory, key: string | null, now: number): Standing {
  const attempt: Attempt | undefined = memory.attempts.find((one) => one.key === key);
  if (!attempt) return { kind: 'due' };
  const until = attempt.at + (attempt.outcome === 'done' ? PATIENCE_MS : RETRY_MS);
  if (until <= now) return { kind: 'due' };
  if (attempt.outcome === 'done') return { kind: 'pending', until, since: attempt.at };
  return { kind: 'failed', until, text: attempt.text ?? 'it failed' };
}

/** Milliseconds since the epoch, for people: whole seconds, not earlier than they are. */
export function whenText(milliseconds: number): string {
  return timeToText(Math.ceil(milliseconds / 1000));
}
