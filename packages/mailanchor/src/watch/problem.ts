/**
 * The life of one problem of one target: pure, clock and policy are parameters. Two things are kept apart: what is confirmed, and what
 * the people who are told believe. Every step may confirm something new; then, as soon as it may be told, what is believed is brought into
 * line with what is confirmed, by one message. So nothing is told twice, nothing is told as resolved that was not told, and everything
 * that was told is told as resolved once it is.
 *
 *   seen `confirmAfter` times in a row          confirmed
 *   not seen `resolveAfter` times in a row      resolved
 *   confirmed `flapLimit` times in `flapWindowMs`   comes and goes: resolved only after `calmMs` without it
 *
 * A look that could not see does not count, either way.
 */
import type { Severity } from '@mailanchor/smtp';

/** What was seen of a problem; the latest is told. */
export interface Seen {
  readonly severity: Severity;
  readonly code: string;
  readonly subject: string;
  readonly text: string;
  readonly effect: string;
  readonly fix?: string;
}

export interface ProblemState {
  readonly seen: Seen;
  /** Whether it is there, as far as is confirmed. */
  readonly confirmed: boolean;
  /** Looks in a row that say the opposite of `confirmed`. */
  readonly streak: number;
  /** When the first of that streak was; with `confirmed` and no streak, when it was first seen. Milliseconds since the epoch. */
  readonly streakSince: number;
  /** When the episode that is confirmed, or was last, began. */
  readonly since: number;
  /** What the people believe: the severity that they were told, null where they were told nothing or that it is resolved. */
  readonly believed: Severity | null;
  /** When the last message was. */
  readonly toldAt: number;
  /** When it was confirmed, within the window. */
  readonly raises: readonly number[];
  /** It comes and goes. */
  readonly flapping: boolean;
  /** Names this episode: what is told as resolved is what was told before. */
  readonly episode: number;
}

export interface ProblemPolicy {
  readonly confirmAfter: number;
  readonly resolveAfter: number;
  readonly flapLimit: number;
  readonly flapWindowMs: number;
  readonly calmMs: number;
  /** Milliseconds between reminders of what is still there; undefined: none. */
  readonly remindMs: number | undefined;
  /** Whether something of this severity may be told now: quiet hours. */
  readonly mayTell: (severity: Severity, now: number) => boolean;
}

export type Look =
  | { readonly kind: 'present'; readonly seen: Seen }
  | { readonly kind: 'absent' }
  /** Nobody could tell. */
  | { readonly kind: 'blind' }
  /** No look at all: time has passed. */
  | { readonly kind: 'tick' };

export type MessageKind = 'raised' | 'worse' | 'reminder' | 'resolved';

export interface Message {
  readonly kind: MessageKind;
  /** Of a resolved problem: the gravest that was told, so that whoever was told of it is told of its end. */
  readonly severity: Severity;
  readonly seen: Seen;
  readonly since: number;
  readonly flapping: boolean;
  readonly episode: number;
}

export interface Step {
  /** Undefined: nothing is left to remember. */
  readonly state: ProblemState | undefined;
  readonly messages: readonly Message[];
  /** What was confirmed in this step, told or not. */
  readonly change: 'raised' | 'worse' | 'resolved' | undefined;
}

const GRAVITY: Readonly<Record<Severity, number>> = { info: 0, notice: 1, warning: 2, error: 3 };

export function isGraver(one: Severity, other: Severity): boolean {
  return GRAVITY[one] > GRAVITY[other];
}

/** One step of one problem; `before` is undefined where nothing is known of it. */
export function step(before: ProblemState | undefined, look: Look, now: number, policy: ProblemPolicy): Step {
  const looked = before ? lookAt(before, look, now, policy) : first(look, now, policy);
  if (!looked) return { state: undefined, messages: [], change: undefined };
  const { state, messages } = tell(looked.state, now, policy);
  return { state: isForgettable(state, now, policy) ? undefined : state, messages, change: looked.change };
}

interface Looked {
  readonly state: ProblemState;
  readonly change: Step['change'];
}

function first(look: Look, now: number, policy: ProblemPolicy): Looked | undefined {
  if (look.kind !== 'present') return undefined;
  const unseen: ProblemState = {
    seen: look.seen,
    confirmed: false,
    streak: 0,
    streakSince: now,
    since: now,
    believed: null,
    toldAt: 0,
    raises: [],
    flapping: false,
    episode: 0,
  };
  return lookAt(unseen, look, now, policy);
}

function lookAt(before: ProblemState, look: Look, now: number, policy: ProblemPolicy): Looked {
  const raises = before.raises.filter((at) => now - at < policy.flapWindowMs);
  const state = { ...before, raises };
  switch (look.kind) {
    case 'blind':
    case 'tick':
      return { state, change: undefined };
    case 'present':
      return state.confirmed ? stillThere(state, look.seen) : mayBeThere(state, look.seen, now, policy);
    case 'absent':
      return state.confirmed
        ? mayBeGone(state, now, policy)
        : { state: { ...state, streak: 0 }, change: undefined };
  }
}

function stillThere(state: ProblemState, seen: Seen): Looked {
  const worse = isGraver(seen.severity, state.seen.severity);
  return { state: { ...state, seen, streak: 0 }, change: worse ? 'worse' : undefined };
}

function mayBeThere(state: ProblemState, seen: Seen, now: number, policy: ProblemPolicy): Looked {
  const streak = state.streak + 1;
  const streakSince = state.streak === 0 ? now : state.streakSince;
  if (streak < policy.confirmAfter)
    return { state: { ...state, seen, streak, streakSince }, change: undefined };
  const raises = [...state.raises, now];
  return {
    state: {
      ...state,
      seen,
      confirmed: true,
      streak: 0,
      // Where the end of the last episode has not been told, this goes on with it.
      since: state.believed === null ? streakSince : state.since,
      episode: state.believed === null ? state.episode + 1 : state.episode,
      raises,
      flapping: raises.length >= policy.flapLimit,
    },
    change: 'raised',
  };
}

function mayBeGone(state: ProblemState, now: number, policy: ProblemPolicy): Looked {
  const streak = state.streak + 1;
  const streakSince = state.streak === 0 ? now : state.streakSince;
  const calm = !state.flapping || now - streakSince >= policy.calmMs;
  if (streak < policy.resolveAfter || !calm)
    return { state: { ...state, streak, streakSince }, change: undefined };
  return { state: { ...state, confirmed: false, streak: 0, flapping: false }, change: 'resolved' };
}

/** Brings what is believed into line with what is confirmed, where that may be told now. */
function tell(
  state: ProblemState,
  now: number,
  policy: ProblemPolicy,
): { state: ProblemState; messages: Message[] } {
  const message = messageFor(state, now, policy);
  if (!message || !policy.mayTell(message.severity, now)) return { state, messages: [] };
  const believed = message.kind === 'resolved' ? null : message.severity;
  return { state: { ...state, believed, toldAt: now }, messages: [message] };
}

function messageFor(state: ProblemState, now: number, policy: ProblemPolicy): Message | undefined {
  const { confirmed, believed, seen, since, flapping, episode, toldAt } = state;
  const make = (kind: MessageKind, severity: Severity): Message => ({
    kind,
    severity,
    seen,
    since,
    flapping,
    episode,
  });
  if (!confirmed) return believed === null ? undefined : make('resolved', believed);
  if (believed === null) return make('raised', seen.severity);
  if (isGraver(seen.severity, believed)) return make('worse', seen.severity);
  if (policy.remindMs !== undefined && now - toldAt >= policy.remindMs) return make('reminder', believed);
  return undefined;
}

function isForgettable(state: ProblemState, now: number, policy: ProblemPolicy): boolean {
  const quiet = !state.confirmed && state.believed === null && state.streak === 0;
  return quiet && state.raises.every((at) => now - at >= policy.flapWindowMs);
}

/** Whether a further look is wanted soon: something is seen that is not confirmed yet, or gone and not yet resolved. */
export function isUnsettled(state: ProblemState): boolean {
  return state.streak > 0 && !state.flapping;
}
