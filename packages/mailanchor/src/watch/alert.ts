/** One thing that is told: plain data, JSON as it stands. */
import type { Severity } from '@mailanchor/smtp';
import type { Message, MessageKind } from './problem.ts';

export interface Alert {
  /** Unique, and the same however often it is delivered: for those who receive it twice. */
  readonly id: string;
  /** The same for all that is told of one episode of one problem, from its beginning to its end. */
  readonly episode: string;
  readonly kind: MessageKind | 'test';
  readonly target: string;
  readonly severity: Severity;
  /** Of the finding, see docs/findings.md. */
  readonly code: string;
  readonly subject: string;
  readonly text: string;
  readonly effect: string;
  readonly fix?: string;
  /** ISO 8601: when the problem was first seen. */
  readonly since: string;
  /** ISO 8601: when this was found out. */
  readonly at: string;
  /** It comes and goes, and is told as resolved only after a while without it. */
  readonly flapping: boolean;
}

export function alertOf(
  { kind, severity, seen, since, flapping, episode }: Message,
  { id, target, now }: { readonly id: string; readonly target: string; readonly now: number },
): Alert {
  const { code, subject, text, effect, fix } = seen;
  return {
    id,
    episode: `${new Date(since).toISOString()} ${episode} ${code} ${subject} ${target}`,
    kind,
    target,
    severity,
    code,
    subject,
    text,
    effect,
    ...(fix !== undefined && { fix }),
    since: new Date(since).toISOString(),
    at: new Date(now).toISOString(),
    flapping,
  };
}
