/** What a resolver is made with. Everything has a default: iterate from the root, trust its built-in keys. */
import type { Name, ResourceRecord, Transport } from '@mailanchor/dns';
import type { Budgets, YieldTurn } from '../budget.ts';
import type { NegativeTrustAnchor } from '../negative-trust-anchor.ts';
import type { Clock, ResolveOptions } from '../resolver.ts';
import type { QueryEvent, ServerEndpoint } from './exchange.ts';
import type { QnameMinimisation } from './qname-minimisation.ts';
import type { RootHint } from './root-hints.ts';

export interface ResolverOptions {
  /** Iterate from the root (default), or ask other resolvers; either way validation is ours. */
  readonly mode?:
    | { readonly kind: 'iterate' }
    | { readonly kind: 'forward'; readonly servers: readonly ServerEndpoint[] };
  /** Zones, with all below them, that are asked of other servers; the longest match wins. */
  readonly forwardZones?: readonly { readonly zone: Name; readonly servers: readonly ServerEndpoint[] }[];
  readonly rootHints?: readonly RootHint[];
  /** DS or DNSKEY records; default: the root's, built in. */
  readonly trustAnchors?: readonly ResourceRecord[];
  /** Names at and below which nothing is validated, as long as they last (rfc7646). */
  readonly negativeTrustAnchors?: readonly (Name | NegativeTrustAnchor)[];
  /**
   * Seconds by which this machine's clock may be wrong: signatures hold for so much longer, and earlier. Default 0, as
   * rfc4035#section-5.3.1 has it: an expired signature is an old one that somebody may be replaying.
   */
  readonly clockSkewSeconds?: number;
  /** Port of authoritative servers; default 53. */
  readonly dnsPort?: number;
  /** NSEC3 iterations above which a zone counts as insecure; default the budget's. */
  readonly nsec3Iterations?: number;
  readonly qnameMinimisation?: QnameMinimisation;
  readonly transport?: Transport;
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: Clock;
  /** 0 (inclusive) to 1, for choosing among equally good servers; default Math.random. */
  readonly random?: () => number;
  readonly budgets?: Partial<Budgets>;
  /** Accept SHA-1 signatures and DS digests; default no. */
  readonly sha1?: boolean;
  /** Address families of authoritative servers; default: IPv6 only where the machine has a global IPv6 address. */
  readonly families?: { readonly ipv4: boolean; readonly ipv6: boolean };
  /**
   * Answer from NSEC and NSEC3 records seen before (rfc8198); default yes. A diagnosis says no: it wants to see what the servers
   * say to this very question.
   */
  readonly aggressiveDenial?: boolean;
  /** How the event loop is given to others while signatures are verified; default setImmediate. */
  readonly yieldTurn?: YieldTurn;
  /**
   * Verify signatures on Node's thread pool: a fifth more work in all, and the event loop is free meanwhile. Default no; worth it for a service
   * with more than one core.
   */
  readonly concurrentVerification?: boolean;
  /** Look up anew, in the background, what is asked for in the last tenth of its time; default no: a service says yes. */
  readonly prefetch?: boolean;
  /** Octets of the answer cache, roughly; default 64 MiB. */
  readonly cacheOctets?: number;
  /** Called for each packet's outcome. */
  readonly onQuery?: (event: QueryEvent) => void;
}

export interface UncheckedResolveOptions extends ResolveOptions {
  /** Ask the servers, whatever is kept of earlier answers; default no. */
  readonly fresh?: boolean;
}
