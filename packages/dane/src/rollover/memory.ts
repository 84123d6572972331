/**
 * What senders may believe of one TLSA owner name: not only what its servers say now, but whatever they have said within the life of an
 * answer. rfc7671#section-8.1 asks for two TTLs: one for the cache of the resolver, one for all that looks cannot show, such as an
 * instance behind the same address that lags, or a second cache in front of the first.
 *
 *   a set of records   is believable while a server answers with it, and two of its TTLs after the last of them has stopped
 *   what was before    we first looked is unknown, so nothing matches it: the first complete look begins its two TTLs
 *
 * A memory is JSON as it stands. One that is lost is made anew by looking, at the price of waiting again.
 * Limitation: what somebody else publishes and withdraws between two looks is not seen.
 */
import type { TlsaRecord } from '../tlsa.ts';
import { type RecordTexts, recordTexts } from './record-set.ts';

/** TTLs that a set outlives its last appearance. */
export const TTLS_TO_WAIT = 2;

export interface RememberedSet {
  /** Null: unknown. */
  readonly records: RecordTexts | null;
  /** Seconds; the longest that was seen at the name while it was there. */
  readonly ttl: number;
  /** Milliseconds since the epoch: the first complete look without it. Null: a server had it when it last spoke. */
  readonly goneAt: number | null;
}

export interface PlaceMemory {
  readonly sets: readonly RememberedSet[];
  /** Sets that a change of ours has made, or may have made, and that no server has shown yet: they may appear at any time. */
  readonly underway: readonly Underway[];
}

export interface Underway {
  readonly records: RecordTexts;
  /** Milliseconds since the epoch, when it was tried last. */
  readonly since: number;
}

/** Milliseconds after which a change that no server shows was never made: no secondary lags for longer without being noticed. */
export const UNDERWAY_MS = 86_400_000;

/** What one authoritative server says, validated. */
export type ServerSight =
  | {
      readonly server: string;
      readonly kind: 'records';
      readonly records: readonly TlsaRecord[];
      /** Seconds; of a denial its negative TTL. */
      readonly ttl: number;
    }
  | { readonly server: string; readonly kind: 'failed'; readonly text: string };

export interface Look {
  /** Milliseconds since the epoch, when the last server had answered. */
  readonly at: number;
  readonly servers: readonly ServerSight[];
  /** Seconds, taken for what was there before the first look; where servers say more, theirs. */
  readonly assumedTtl: number;
}

/** The list is bounded by what changes within two TTLs: what nobody can believe any more is forgotten. */
export function rememberLook(
  memory: PlaceMemory | undefined,
  look: Look,
  ttlsToWait: number = TTLS_TO_WAIT,
): PlaceMemory {
  const { at } = look;
  const answers = look.servers.filter((sight) => sight.kind === 'records');
  const complete = answers.length > 0 && answers.length === look.servers.length;
  const longest = answers.reduce((most, { ttl }) => Math.max(most, ttl), look.assumedTtl);
  const before: readonly RememberedSet[] = memory?.sets ?? [{ records: null, ttl: longest, goneAt: null }];
  const served = new Map(answers.map((sight) => [recordTexts(sight.records).join(), sight]));

  const sets: RememberedSet[] = [];
  for (const set of before) {
    // A clock that was put back must not make a wait shorter: what lies ahead counts from now.
    const goneAt = set.goneAt === null ? null : Math.min(set.goneAt, at);
    const key = set.records?.join();
    const again = key === undefined ? undefined : served.get(key);
    if (key !== undefined) served.delete(key);
    // Somebody may have raised the TTL between two looks: until it is seen gone, a set may have had any that is seen by then.
    const ttl = goneAt === null ? Math.max(set.ttl, longest) : set.ttl;
    if (again) sets.push({ ...set, ttl: Math.max(set.ttl, longest), goneAt: null });
    else sets.push({ ...set, ttl, goneAt: goneAt ?? (complete ? at : null) });
  }
  for (const { records } of served.values())
    sets.push({ records: recordTexts(records), ttl: longest, goneAt: null });
  const seen = new Set(answers.map((sight) => recordTexts(sight.records).join()));
  return {
    sets: sets.filter((set) => believableUntil(set, ttlsToWait) > at),
    underway: (memory?.underway ?? [])
      .map(({ records, since }) => ({ records, since: Math.min(since, at) }))
      .filter(({ records, since }) => !seen.has(records.join()) && since + UNDERWAY_MS > at),
  };
}

/** Milliseconds since the epoch; infinite while a server has it. */
export function believableUntil({ ttl, goneAt }: RememberedSet, ttlsToWait: number = TTLS_TO_WAIT): number {
  return goneAt === null ? Number.POSITIVE_INFINITY : goneAt + ttlsToWait * ttl * 1000;
}
