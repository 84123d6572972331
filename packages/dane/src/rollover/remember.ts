/** What of a view is worth remembering. Done after every look, before anything is decided by it. */
import { createHash, hash } from 'node:crypto';
import { type PlaceMemory, rememberLook, TTLS_TO_WAIT, type Underway } from './memory.ts';
import { joinRecords, recordTexts, withoutRecords } from './record-set.ts';
import type { RecordChange } from './step.ts';
import type { Attempt, HostMemory, HostView } from './view.ts';
import { diskKey, keyDigest, wantedOfDisk } from './wanted.ts';

/** Milliseconds that attempts are kept. */
const KEPT_MS = 86_400_000;
const MAX_ATTEMPTS = 32;

export function remember(memory: HostMemory, view: HostView, ttlsToWait: number = TTLS_TO_WAIT): HostMemory {
  const places: Record<string, PlaceMemory> = { ...memory.places };
  for (const { owner, servers, assumedTtl, problem } of view.places) {
    // What cannot be believed shows nothing: neither that a set is there nor that it is gone.
    const look = { at: view.at, servers: problem === undefined ? servers : [], assumedTtl };
    places[owner] = rememberLook(memory.places[owner], look, ttlsToWait);
  }
  const replacing = stillReplacing(memory, view);
  const wanted = recordTexts(wantedOfDisk(view, { ...memory, replacing }));
  return {
    places,
    ours: [...new Set([...memory.ours.filter((text) => isPublished(places, text)), ...wanted])].sort(),
    settled: settledSince(memory, view),
    attempts: memory.attempts
      .map((attempt) => ({ ...attempt, at: Math.min(attempt.at, view.at) }))
      .filter(({ at }) => at + KEPT_MS > view.at)
      .slice(-MAX_ATTEMPTS),
    replacing,
  };
}

export function rememberAttempt(memory: HostMemory, attempt: Attempt): HostMemory {
  return { ...memory, attempts: [...memory.attempts.filter(({ key }) => key !== attempt.key), attempt] };
}

/** To be kept before a change is tried, since whoever tries may be killed before he knows what came of it. */
export function rememberBegun(memory: HostMemory, change: RecordChange, at: number): HostMemory {
  return withUnderway(memory, change, at, (others, made) => [...others, made]);
}

/**
 * A server has taken the change, and so had just what the change expected: whatever was on its way before is not, or is overtaken. A change
 * that was refused leaves the memory as it was before it was begun; one whose end is unknown, as it was begun.
 */
export function rememberDone(memory: HostMemory, change: RecordChange, at: number): HostMemory {
  return withUnderway(memory, change, at, (_, made) => [made]);
}

function withUnderway(
  memory: HostMemory,
  { owner, expected, add, remove }: RecordChange,
  since: number,
  next: (others: readonly Underway[], made: Underway) => readonly Underway[],
): HostMemory {
  const records = recordTexts(joinRecords(withoutRecords(expected, remove), add));
  const place = memory.places[owner] ?? { sets: [], underway: [] };
  const others = place.underway.filter((one) => one.records.join() !== records.join());
  const underway = next(others, { records, since });
  return { ...memory, places: { ...memory.places, [owner]: { ...place, underway } } };
}

/** Asks for another key in place of the one that is on disk now. */
export function startReplacing(memory: HostMemory, view: HostView): HostMemory {
  const replacing = { ...memory.replacing };
  for (const identity of view.identities) {
    const own = diskKey(identity);
    if (own) replacing[identity.label] = keyDigest(own);
  }
  return { ...memory, replacing };
}

/** A rollover that was asked for has its certificate once another key is on disk; the rest goes by itself. */
function stillReplacing(memory: HostMemory, view: HostView): HostMemory['replacing'] {
  const left = Object.entries(memory.replacing).filter(([label, digest]) => {
    const identity = view.identities.find((one) => one.label === label);
    const own = identity && diskKey(identity);
    return identity !== undefined && (own === undefined || keyDigest(own) === digest);
  });
  return Object.fromEntries(left);
}

function isPublished(places: HostMemory['places'], text: string): boolean {
  return Object.values(places).some(({ sets }) =>
    sets.some(({ records, goneAt }) => goneAt === null && (records === null || records.includes(text))),
  );
}

function settledSince(memory: HostMemory, view: HostView): HostMemory['settled'] {
  const { addresses, at } = view;
  if (addresses.length === 0 || addresses.some(({ problem }) => problem !== undefined)) return null;
  const digest = createHash('sha256');
  for (const { address, port, chains } of addresses) {
    digest.update(`${address} ${port}\n`);
    for (const leaf of chains.map(([der]) => (der ? hash('sha256', der) : '')).sort())
      digest.update(`${leaf}\n`);
  }
  const what = digest.digest('hex');
  const since = memory.settled?.what === what ? Math.min(memory.settled.since, at) : at;
  return { what, since };
}
