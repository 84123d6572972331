/** Checks a mail destination end to end: plan, sessions, verdicts, findings. */
import type { Clock, Resolver } from '@mailanchor/dnssec';
import type { DomainCheck } from './verdict.ts';

/** What a check tells while it runs, for a progress line. */
export type CheckProgress =
  | { readonly kind: 'lookup'; readonly name: string; readonly type: string }
  | { readonly kind: 'planned'; readonly hosts: readonly string[] }
  | { readonly kind: 'session-start'; readonly host: string; readonly address: string }
  | {
      readonly kind: 'session-end';
      readonly host: string;
      readonly address: string;
      readonly outcome: string;
    };

export interface CheckOptions {
  readonly resolver: Resolver;
  /** Milliseconds since the epoch; judges certificates. Default: Date.now. */
  readonly clock?: Clock;
  /** Whether to connect (default), or look at DNS only. */
  readonly connect?: boolean;
  /** Default 25. The TLSA name follows it. */
  readonly port?: number;
  /** Name given in EHLO. Default: the machine's host name. */
  readonly helo?: string;
  /** Source address of connections; only addresses of its family are then connected to. */
  readonly localAddress?: string;
  /** Milliseconds for the whole target. Default 30000. */
  readonly timeoutMs?: number;
  /** Ends the check at once: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: CheckProgress) => void;
  /** Sessions at a time for one host. Default 4. */
  readonly sessionsPerHost?: number;
  /** 0 to 1, for the order among equal preferences. Default Math.random. */
  readonly random?: () => number;
  /** What senders do with hosts of an insecure MX RRset (rfc7672#section-2.2.1). Default 'dane'. */
  readonly insecureMx?: 'dane' | 'may';
}

/**
 * Checks `domain` (`example.org`, `[192.0.2.1]`). Resolves with a verdict whatever the network does; rejects only with
 * `SmtpError` for a target or option that cannot be, or when `signal` aborts.
 */
export async function checkDestination(_domain: string, _options: CheckOptions): Promise<DomainCheck> {
  throw new Error('not yet');
}
