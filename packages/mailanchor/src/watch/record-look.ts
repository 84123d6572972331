/** From a look to what is kept of it. */
import type { DomainCheck } from '@mailanchor/smtp';
import { summary } from '../check/words.ts';
import type { KeptFinding } from './alert-schema.ts';
import type { Looked } from './look.ts';
import { keyOf, lookOf, problemsOf } from './observation.ts';
import type { Look, ProblemPolicy, Seen } from './problem.ts';
import type { CheckResult, LookAtAll, Recorded, WatchStore } from './store.ts';
import type { WatchTarget } from './targets.ts';

/** `failed`: an error of ours, or a look that did not end. */
export type LookOutcome = Looked | { readonly kind: 'failed'; readonly text: string };

export interface LookRecord {
  readonly store: WatchStore;
  /** The target's number in the file. */
  readonly id: number;
  readonly target: WatchTarget;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly policy: ProblemPolicy;
  readonly durationMs: number;
}

/** Throws `DatabaseError`. */
export function recordLook(
  outcome: LookOutcome,
  { store, id, target, now, policy, durationMs }: LookRecord,
): Recorded {
  const { text } = target;
  const row = { id, text };
  switch (outcome.kind) {
    case 'checked': {
      const { check } = outcome;
      const seen = problemsOf(check, target);
      return store.record(
        row,
        now,
        policy,
        looksAt(seen, (problem) => lookOf(check, problem, seen)),
        resultOf(check, durationMs),
      );
    }
    case 'failed': {
      const failure = failureOf(text, outcome.text);
      const seen = new Map([[keyOf(failure), failure]]);
      const result = { verdict: 'unknown', summary: outcome.text, findings: [], durationMs };
      return store.record(
        row,
        now,
        policy,
        looksAt(seen, () => ({ kind: 'blind' })),
        result,
      );
    }
    case 'blind':
      return store.record(
        row,
        now,
        policy,
        looksAt(new Map(), () => ({ kind: 'blind' })),
        undefined,
      );
  }
}

/** What concerns this machine alone: whether it sees anything at all. */
export function recordSight(
  sees: boolean,
  why: string,
  {
    store,
    id,
    text,
    now,
    policy,
  }: Pick<LookRecord, 'store' | 'id' | 'now' | 'policy'> & { readonly text: string },
): Recorded {
  const problem: Seen = {
    severity: 'error',
    code: 'no-sight',
    subject: text,
    text: `Nothing can be seen from here: ${why}.`,
    effect: 'Targets are not checked until that is over; what was known of them stays as it was.',
    fix: 'mailanchor resolve . NS --trace',
  };
  const seen = new Map(sees ? [] : [[keyOf(problem), problem]]);
  return store.record(
    { id, text },
    now,
    policy,
    looksAt(seen, () => ({ kind: 'absent' })),
    undefined,
  );
}

/** A look at every problem that is known or seen. `gone`: at one that is known and not seen. */
function looksAt(seen: ReadonlyMap<string, Seen>, gone: (problem: Seen) => Look): LookAtAll {
  return (known) => {
    const looks = new Map<string, Look>();
    for (const [key, state] of known) looks.set(key, gone(state.seen));
    for (const [key, problem] of seen) looks.set(key, { kind: 'present', seen: problem });
    return looks;
  };
}

function failureOf(subject: string, why: string): Seen {
  return {
    severity: 'warning',
    code: 'check-failed',
    subject,
    text: `${subject} could not be checked: ${why}.`,
    effect: 'Nobody knows how it is.',
    fix: `mailanchor check -v ${subject}`,
  };
}

export function resultOf(check: DomainCheck, durationMs: number): CheckResult {
  return {
    verdict: check.verdict,
    summary: summary(check),
    durationMs,
    findings: check.findings.map(
      ({ code, severity, subject, text, fix }): KeptFinding => ({
        code,
        severity,
        subject,
        text,
        ...(fix !== undefined && { fix }),
      }),
    ),
  };
}
