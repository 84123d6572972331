/** What a resolver has done since it began, for metrics. */
import type { Work } from '../budget.ts';
import type { Status } from '../proof.ts';

export interface CacheStats {
  /** Names found, and not found, when they were looked for: an alias is one name, its target another. */
  readonly hits: number;
  readonly misses: number;
  readonly entries: number;
}

export interface ResolverStats {
  /** Questions answered, by status; askers of the same moment count as one. */
  readonly answers: Readonly<Record<Status, number>>;
  /** Questions answered without proof. */
  readonly unchecked: number;
  readonly caches: {
    /** Validated answers. `octets` is a rough count. */
    readonly answers: CacheStats & { readonly octets: number };
    /** Answers without proof. */
    readonly unchecked: CacheStats;
    /** NSEC and NSEC3 records that answer for names not asked yet (rfc8198): zones, and names denied by them. */
    readonly denials: CacheStats;
  };
  /** Packets sent, and those of them that got no answer. */
  readonly upstreamQueries: number;
  readonly upstreamErrors: number;
  readonly verifications: number;
  readonly failedVerifications: number;
  readonly nsec3Hashes: number;
  /** Answers looked up anew before they expired. */
  readonly prefetches: number;
  /** Questions being answered now. */
  readonly underWay: number;
}

/** The counters behind `ResolverStats`. */
export class ResolverCounters {
  readonly answers: Record<Status, number> = { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 };
  unchecked = 0;
  hits = 0;
  misses = 0;
  denied = 0;
  prefetches = 0;
  upstreamQueries = 0;
  upstreamErrors = 0;
  verifications = 0;
  failedVerifications = 0;
  nsec3Hashes = 0;

  /** What one question cost. */
  add(work: Work): void {
    this.verifications += work.verifications;
    this.failedVerifications += work.failedVerifications;
    this.nsec3Hashes += work.nsec3Hashes;
  }
}
