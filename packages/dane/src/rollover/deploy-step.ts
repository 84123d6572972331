/** When may a chain, or a key, be presented? Once every set of records that a sender may still believe suffices for it. */
import { type CoverageOptions, type Subject, suffices } from './coverage.ts';
import type { PlaceFacts } from './facts.ts';
import { believableUntil, type RememberedSet, TTLS_TO_WAIT } from './memory.ts';
import { recordsOfTexts } from './record-set.ts';
import type { HostMemory } from './view.ts';

/** What keeps a subject from being presented at a place. */
export interface Obstacle {
  readonly owner: string;
  readonly set: RememberedSet;
  /** Milliseconds since the epoch; infinite while a server has the set. */
  readonly until: number;
}

/** Every set that a sender may believe at `now` and that does not suffice; none: it may be presented. The last to go comes first. */
export function obstacles(
  subject: Subject,
  places: readonly PlaceFacts[],
  memory: HostMemory,
  now: number,
  ttlsToWait: number = TTLS_TO_WAIT,
): readonly Obstacle[] {
  return places
    .flatMap(({ place, options }) => {
      const { sets, underway } = memory.places[place.owner] ?? { sets: [NEVER_SEEN], underway: [] };
      const coming = underway.map(({ records }): RememberedSet => ({ records, ttl: 0, goneAt: null }));
      return [...sets, ...coming]
        .filter((set) => believableUntil(set, ttlsToWait) > now && !setSuffices(set, subject, options))
        .map((set) => ({ owner: place.owner, set, until: believableUntil(set, ttlsToWait) }));
    })
    .sort((a, b) => b.until - a.until);
}

const NEVER_SEEN: RememberedSet = { records: null, ttl: 0, goneAt: null };

function setSuffices({ records }: RememberedSet, subject: Subject, options: CoverageOptions): boolean {
  return records !== null && suffices(recordsOfTexts(records), subject, options);
}
