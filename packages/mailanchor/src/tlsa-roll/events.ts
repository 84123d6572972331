/** What a run tells while it goes on: plain data, one line each, on standard error. */
import { type Decision, type RollStep, tlsaToText } from '@mailanchor/dane';
import type { Voice } from '../context.ts';
import { jsonLine, printable } from '../terminal/printable.ts';
import { stepText } from './words.ts';

export type RollEvent =
  /** After a look; nothing has been done yet. */
  | { readonly event: 'decided'; readonly decision: Decision }
  /** A step is about to be taken. What it needs to be remembered by is on the disk. */
  | { readonly event: 'begin'; readonly step: RollStep; readonly text: string }
  | {
      readonly event: 'end';
      readonly step: RollStep;
      readonly outcome: 'done' | 'failed' | 'unknown' | 'left-to-others';
      readonly text: string;
    }
  | { readonly event: 'sleep'; readonly until: number }
  | { readonly event: 'warning'; readonly text: string };

export type Tell = (host: string, event: RollEvent) => void;

/** `at`: milliseconds since the epoch, of the lookups' clock. */
export function teller(voice: Voice, clock: () => number): Tell {
  return (host, event) => {
    const at = new Date(clock()).toISOString();
    if (voice.json) voice.context.stderr.write(`${jsonLine({ at, host, ...eventJson(event) })}\n`);
    else if (event.event === 'warning') voice.warn(printable(`${host}: ${event.text}`));
    else if (voice.verbosity !== 'quiet' && (event.event !== 'sleep' || voice.verbosity === 'verbose')) {
      voice.progress.clear();
      voice.context.stderr.write(`${at.slice(0, 19)}Z ${host} ${printable(eventText(event))}\n`);
    }
  };
}

function eventText(event: Exclude<RollEvent, { event: 'warning' }>): string {
  switch (event.event) {
    case 'decided':
      return `${event.decision.state}: ${stepText(event.decision.step)} (${event.decision.why})`;
    case 'begin':
      return `begin ${stepText(event.step)}${event.text && `: ${event.text}`}`;
    case 'end':
      return `end ${event.step.kind}: ${event.outcome}${event.text && `, ${event.text}`}`;
    case 'sleep':
      return `sleeps until ${new Date(event.until).toISOString().slice(0, 19)}Z`;
  }
}

function eventJson(event: RollEvent): object {
  switch (event.event) {
    case 'decided':
      return { event: event.event, ...decisionJson(event.decision) };
    case 'begin':
    case 'end':
      return { ...event, step: stepJson(event.step) };
    case 'sleep':
      return { event: event.event, until: new Date(event.until).toISOString() };
    default:
      return event;
  }
}

/** `earliest`: ISO 8601, when the step, or what is waited with, may be taken; null: nobody knows, or nothing is to be done. */
export function decisionJson({ state, step, why, notes }: Decision): object {
  const until = step.kind === 'wait' ? step.until : null;
  const held = step.kind === 'wait' ? step.held : null;
  return {
    state,
    step: stepJson(step),
    earliest: until === null ? null : new Date(until).toISOString(),
    held: held && stepJson(held),
    why,
    notes,
  };
}

export function stepJson(step: RollStep): object {
  switch (step.kind) {
    case 'publish':
    case 'remove': {
      const { owner, expected, add, remove } = step.change;
      return {
        kind: step.kind,
        owner,
        expected: expected.map(tlsaToText),
        add: add.map(tlsaToText),
        remove: remove.map(tlsaToText),
      };
    }
    case 'wait':
      return { kind: step.kind };
    default:
      return step;
  }
}
