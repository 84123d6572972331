/** The failures of an overview as sentences, one for each host and result type: who, what, where, since when, and what to look at. */
import { printable } from '../terminal/printable.ts';
import type { LiveFinding } from './live-check.ts';
import { type FailureRow, NOT_SAID } from './overview.ts';

export interface Sentence {
  readonly host: string;
  readonly resultType: string;
  readonly text: string;
}

const DAY_MS = 86_400_000;
/** Reporters that are named. */
const NAMED = 3;

/** `last`: the end of the newest report of all, milliseconds since the epoch. `live`: what a check found, by host and result type. */
export function sentencesOf(
  rows: readonly FailureRow[],
  last: number,
  live?: ReadonlyMap<string, LiveFinding>,
): Sentence[] {
  const groups = new Map<string, FailureRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([key, group]) => {
    const { host, resultType } = group[0]!;
    return { host, resultType, text: sentence(group, last, live?.get(key)) };
  });
}

export function keyOf({ host, resultType }: Pick<FailureRow, 'host' | 'resultType'>): string {
  return `${host} ${resultType}`;
}

function sentence(group: readonly FailureRow[], last: number, live: LiveFinding | undefined): string {
  const { host, resultType } = group[0]!;
  const sessions = group.reduce((sum, row) => sum + row.sessions, 0);
  const how = resultType === NOT_SAID ? 'failed, nobody says how,' : `failed with ${resultType}`;
  const when = period(
    Math.min(...group.map(({ first }) => first)),
    Math.max(...group.map((row) => row.last)),
    last,
  );
  const count = sessions === 1 ? '1 session' : `${sessions} sessions`;
  const findings = [...new Set(group.flatMap((row) => row.findings))];
  const see = findings.length === 0 ? '' : `: see ${findings.slice(0, 2).join(' or ')}`;
  const now = live === undefined ? '' : `; ${live.text}`;
  return printable(`mail from ${senders(group)} ${how} on ${host} ${when} (${count})${see}${now}`);
}

function senders(group: readonly FailureRow[]): string {
  const names = [
    ...new Set(
      group.map(({ organization }) => (organization === '' ? 'a sender without name' : organization)),
    ),
  ];
  if (names.length === 1) return names[0]!;
  const named = names.slice(0, NAMED).join(', ');
  const more = names.length > NAMED ? ' and others' : '';
  return `${names.length} senders (${named}${more})`;
}

/** What the newest reports still tell of has gone on since; else it is over. */
function period(first: number, until: number, last: number): string {
  const from = day(first);
  if (until >= last - DAY_MS) return `since ${from}`;
  const to = day(until);
  return from === to ? `on ${from}` : `from ${from} to ${to}`;
}

function day(at: number): string {
  const date = new Date(at);
  const weekday = date.toLocaleDateString('en-GB', { weekday: 'long', timeZone: 'UTC' });
  return `${weekday} ${date.toISOString().slice(0, 10)}`;
}
