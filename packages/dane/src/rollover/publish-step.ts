/** Records that are missing: published where that hurts nobody, then waited for until every server has them. */
import type { TlsaRecord } from '../tlsa.ts';
import { tlsaToText } from '../tlsa-text.ts';
import { attemptKey, standingOf, whenText } from './attempts.ts';
import { coverageOf } from './coverage.ts';
import type { PlaceFacts } from './facts.ts';
import { combinationOf, joinRecords, withoutRecords } from './record-set.ts';
import type { Decision, RollStep } from './step.ts';
import type { HostMemory } from './view.ts';

/** Undefined: nothing to be published here, and all servers that answer agree. */
export function publishStep(
  facts: PlaceFacts,
  memory: HostMemory,
  now: number,
  notes: string[],
): Decision | undefined {
  const { place, agreed, served, wanted } = facts;
  const { owner } = place;
  if (!agreed) {
    const lacking = served.some((records) => withoutRecords(addable(facts, records), records).length > 0);
    return {
      state: lacking ? 'publishing' : 'retiring',
      step: { kind: 'wait', until: null, held: null },
      why: `the servers of ${owner} do not have the same records yet: ${differences(facts)}`,
      notes,
    };
  }
  const add = withoutRecords(addable(facts, agreed), agreed);
  const { settledAt } = facts;
  if (settledAt !== null && settledAt > now && add.some((record) => isNew(record, agreed))) {
    return {
      state: agreed.length === 0 ? 'unprotected' : 'publishing',
      step: {
        kind: 'wait',
        until: settledAt,
        held: { kind: 'publish', change: { owner, expected: agreed, add, remove: [] } },
      },
      why: `${listed(add)} at ${owner} is published from ${whenText(settledAt)}, in case an old process still presents another key`,
      notes,
    };
  }
  const left = withoutRecords(withoutRecords(wanted, agreed), add);
  if (left.length > 0) {
    notes.push(
      `${listed(left)} would be of a combination that nothing presented matches now: published once it does, or never`,
    );
  }
  if (add.length === 0) return undefined;
  const step: RollStep = { kind: 'publish', change: { owner, expected: agreed, add, remove: [] } };
  const standing = standingOf(memory, attemptKey(step), now);
  const what = `${listed(add)} at ${owner}`;
  const state = agreed.length === 0 ? 'unprotected' : 'publishing';
  switch (standing.kind) {
    case 'pending':
      return {
        state: 'publishing',
        step: { kind: 'wait', until: null, held: null },
        why: `${what} was published at ${whenText(standing.since)}, and no server shows it yet`,
        notes,
      };
    case 'failed':
      return {
        state,
        step: { kind: 'wait', until: standing.until, held: step },
        why: `${what} could not be published: ${standing.text}`,
        notes,
      };
    case 'due':
      return { state, step, why: `${what} is not published`, notes };
  }
}

/**
 * Wanted records that can be added at once. One more of a combination that is there harms nobody. A combination that is new must match
 * everything that is presented (rfc7671#section-8), hence all of that must be known.
 */
function addable(facts: PlaceFacts, present: readonly TlsaRecord[]): readonly TlsaRecord[] {
  const { wanted, live, settledAt, options } = facts;
  const known = new Set(present.map(combinationOf));
  const missing = withoutRecords(wanted, present);
  const groups = Map.groupBy(missing, combinationOf);
  return [...groups].flatMap(([combination, records]) => {
    if (known.has(combination)) return records;
    if (settledAt === null) return [];
    const fits = live.every(({ subject }) => coverageOf(records, subject, options).kind === 'covered');
    return fits ? records : [];
  });
}

function isNew(record: TlsaRecord, present: readonly TlsaRecord[]): boolean {
  return !present.some((other) => combinationOf(other) === combinationOf(record));
}

export function listed(records: readonly TlsaRecord[]): string {
  return records.map(shortText).join(' and ');
}

/** `3 1 1 0123456789ab...` */
function shortText(record: TlsaRecord): string {
  const text = tlsaToText(record);
  return text.length > 22 ? `${text.slice(0, 18)}...` : text;
}

function differences({ place, served }: PlaceFacts): string {
  const all = joinRecords(...served);
  const words = place.servers.map((sight) => {
    if (sight.kind === 'failed') return `${sight.server} does not answer (${sight.text})`;
    const lacks = withoutRecords(all, sight.records);
    return lacks.length === 0 ? `${sight.server} has all` : `${sight.server} lacks ${listed(lacks)}`;
  });
  return words.join(', ');
}
