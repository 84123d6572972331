/** What a check takes, and what it tells while it runs. */
import type { Clock, Resolver } from '@mailanchor/dnssec';
import type { FetchPolicy } from './mta-sts/fetch.ts';
import type { OpenSession } from './session.ts';
import type { SessionLimits } from './session-limits.ts';
import type { Connect } from './tcp-connect.ts';
import type { SessionOutcome } from './verdict.ts';
import type { ZoneInspector } from './zone-inspection/inspector.ts';

export type CheckProgress =
  | { readonly kind: 'lookup'; readonly name: string; readonly type: string }
  | { readonly kind: 'planned'; readonly hosts: readonly string[] }
  | { readonly kind: 'session-start'; readonly host: string; readonly address: string }
  | {
      readonly kind: 'session-end';
      readonly host: string;
      readonly address: string;
      readonly outcome: SessionOutcome;
    };

export interface CheckOptions {
  readonly resolver: Resolver;
  /** Milliseconds since the epoch; judges certificates. Default: Date.now. */
  readonly clock?: Clock;
  /** Whether to connect (default), or look at DNS only. */
  readonly connect?: boolean;
  /** For a mail domain; default 25. The TLSA name follows it. */
  readonly port?: number;
  /** Name given in EHLO. Default: the connection's own address. */
  readonly helo?: string;
  /**
   * Name given in EHLO by the second connection to an address, to find servers that offer STARTTLS to some names only; null: the connection's own
   * address. Default: as `helo`.
   */
  readonly otherHelo?: string | null;
  /** Source address of connections, or one of each family; only addresses of these families are then connected to. */
  readonly localAddress?: string | readonly string[];
  /** Milliseconds for the whole target. Default 30000. */
  readonly timeoutMs?: number;
  /** Ends the check at once: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: CheckProgress) => void;
  /** Addresses of one host that are connected to at a time. Default 4. */
  readonly sessionsPerHost?: number;
  /**
   * Whether each address is connected to once more for each kind of certificate, RSA and ECDSA, that the first connection did not show
   * (default), at most two connections at a time. False: one connection an address.
   */
  readonly probes?: boolean;
  /** Whether each address is asked for older versions of TLS too, by two or three further connections. Default false. */
  readonly tlsVersions?: boolean;
  /** 0 to 1, for the order among equal preferences. Default Math.random. */
  readonly random?: () => number;
  /** What senders do with hosts of an insecure MX RRset (rfc7672#section-2.2.1). Default 'dane'. */
  readonly insecureMx?: 'dane' | 'may';
  /** Bounds of each session; `totalMs` is never more than what is left for the target. */
  readonly sessionLimits?: Partial<SessionLimits>;
  /** Opens TCP connections. Default: net.connect. */
  readonly dial?: Connect;
  /** Days before the end of a certificate, or of a signature, from which it is a finding. Default 14 and 3. */
  readonly days?: number;
  /** The same for signatures alone, by zone (without trailing dot), for those who know when its signer renews them. Default: as `days` has it. */
  readonly signatureDays?: (zone: string) => number;
  /** Asks every authoritative server by itself; `leftOut`: why none is. Default: none is, and nothing is said. */
  readonly inspection?: ZoneInspector | { readonly leftOut: string };
  /** Whether MTA-STS and TLSRPT are looked at (default), and how a policy is fetched. */
  readonly besideDane?: boolean;
  /** Default: `policyFetcher()`, which asks addresses on the Internet only. */
  readonly fetchPolicy?: FetchPolicy;
  /** Opens sessions. Default: `openSession`; `SharedSessions.open` where many targets are checked. */
  readonly openSession?: OpenSession;
}
