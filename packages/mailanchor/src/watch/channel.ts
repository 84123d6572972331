/** A way to people: takes one message of several alerts. */
import type { Severity } from '@mailanchor/smtp';
import type { Alert } from './alert.ts';

export interface Envelope {
  /** The same at every attempt. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  /** The machine that watches. */
  readonly host: string;
  readonly alerts: readonly Alert[];
}

export type Delivered =
  | { readonly kind: 'delivered' }
  /** Tried again later. */
  | { readonly kind: 'failed'; readonly text: string }
  /** It makes no sense to try again. */
  | { readonly kind: 'refused'; readonly text: string };

export interface Channel {
  readonly name: string;
  readonly kind: 'mail' | 'webhook' | 'exec';
  readonly least: Severity;
  /** Never rejects. Ends within the channel's time limit, at once where `signal` aborts. */
  deliver(envelope: Envelope, signal: AbortSignal): Promise<Delivered>;
}
