/**
 * What the rest of Mailanchor asks. `ValidatingResolver` implements it over the network, `FakeResolver` from a table.
 */
import type { Name } from '@mailanchor/dns';
import type { Resolution } from './proof.ts';

export interface ResolveOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds the whole resolution may take; the default is the budget's. */
  readonly timeoutMs?: number;
}

export interface Resolver {
  /**
   * Looks a name up and proves the answer. Never rejects for anything DNS can do: a failure is a `Resolution` of kind
   * 'failure'. Rejects only when `signal` aborts (with its reason) or the resolver is closed.
   */
  resolve(name: Name, type: number, options?: ResolveOptions): Promise<Resolution>;
  close(): void | Promise<void>;
}

/** Milliseconds since the epoch. Libraries take the clock as a parameter: time travel and tests are the same mechanism. */
export type Clock = () => number;
