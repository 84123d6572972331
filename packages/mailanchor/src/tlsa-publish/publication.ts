/** A change as `tlsa publish` makes it from what it is told, and what came of it, as JSON and in lines. */
import type { TlsaData } from '@mailanchor/dns';
import { type Paint, sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import type { Publisher, PublishOutcome, TlsaChange } from './publisher.ts';
import { distinctTlsa, resultOf, tlsaKey, tlsaLine, tlsaText } from './tlsa-set.ts';
import type { Visibility } from './visibility.ts';

export type PublishMode = 'add' | 'remove' | 'replace';

export function changeOf(
  mode: PublishMode,
  records: readonly TlsaData[],
  base: Pick<TlsaChange, 'zone' | 'owner' | 'ttl' | 'expected'>,
): TlsaChange {
  const given = distinctTlsa(records);
  const isIn = (set: readonly TlsaData[]) => {
    const keys = new Set(set.map(tlsaKey));
    return (record: TlsaData) => keys.has(tlsaKey(record));
  };
  const there = isIn(base.expected);
  const named = isIn(given);
  return {
    ...base,
    add: mode === 'remove' ? [] : given.filter((record) => !there(record)),
    remove:
      mode === 'add'
        ? []
        : base.expected.filter((record) => (mode === 'remove' ? named(record) : !named(record))),
  };
}

export interface Publication {
  readonly change: TlsaChange;
  readonly publisher: Publisher;
  /** Absent: it was a dry run. */
  readonly outcome?: PublishOutcome;
  /** Absent where nobody waited for it. */
  readonly seen?: Visibility;
}

/** Names with a trailing dot, records as in a master file, TTL in seconds. */
export function publicationJson({ change, publisher, outcome, seen }: Publication) {
  const { zone, owner, ttl, expected, add, remove } = change;
  return {
    owner: owner.toString(),
    zone: zone.toString(),
    publisher: publisher.name,
    ttl,
    expected: expected.map(tlsaText),
    add: add.map(tlsaText),
    remove: remove.map(tlsaText),
    result: resultOf(change).map(tlsaText),
    ...(outcome ? { outcome } : { dryRun: publisher.describe(change) }),
    ...(seen && { visibility: { ...seen, at: new Date(seen.at).toISOString() } }),
  };
}

const WORDS: Readonly<Record<PublishOutcome['kind'], string>> = {
  done: 'PUBLISHED',
  unchanged: 'UNCHANGED',
  conflict: 'CONFLICT',
  refused: 'REFUSED',
  failed: 'FAILED',
};

export function renderPublication({ change, publisher, outcome, seen }: Publication, paint: Paint): string[] {
  if (!outcome) return [];
  const { owner, ttl, add, remove } = change;
  const isMade = outcome.kind === 'done' || outcome.kind === 'unchanged';
  const tone = isMade ? 'good' : 'bad';
  const text = 'text' in outcome ? `: ${printable(outcome.text)}` : '';
  const lines = [
    `${sign(paint, tone)} ${paint.badge(tone, WORDS[outcome.kind])} ${owner} by ${publisher.name}${text}`,
  ];
  if (outcome.kind === 'done')
    lines.push(
      ...remove.map((record) => `  - ${tlsaLine(owner, ttl, record)}`),
      ...add.map((record) => `  + ${tlsaLine(owner, ttl, record)}`),
    );
  if (!seen) return lines;
  const where =
    seen.kind === 'everywhere'
      ? `on all ${seen.servers.length} servers of ${seen.zone}, signed and validated from the root`
      : printable(seen.text);
  const seenTone = seen.kind === 'everywhere' ? 'good' : seen.kind === 'not-yet' ? 'warn' : 'bad';
  return [...lines, `${sign(paint, seenTone)} ${paint.badge(seenTone, seen.kind.toUpperCase())} ${where}`];
}
