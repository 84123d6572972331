/** `mailanchor tlsa status`: what the last run saw, decided and did. No network, no lock. */
import { believableUntil, type HostMemory } from '@mailanchor/dane';
import type { Context, Voice } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { hostFolder, type ReadState, readState } from '../tlsa-roll/kept-state.ts';
import { readMaterials } from '../tlsa-roll/look.ts';
import { openRoll } from '../tlsa-roll/open.ts';
import { indented, instant } from '../tlsa-roll/render.ts';

interface HostStatus {
  readonly host: string;
  readonly kept: ReadState;
  /** Files of keys made in advance, by label. */
  readonly nextKeys: readonly { readonly label: string; readonly path: string }[];
}

export async function runTlsaStatus(options: Record<string, unknown>, context: Context): Promise<number> {
  const { voice, around, hosts } = await openRoll(context, options);
  const statuses = await Promise.all(
    hosts.map(async (host): Promise<HostStatus> => {
      const folder = hostFolder(around.settings.state.path, host.name);
      const materials = await readMaterials(host, folder, around.clock());
      return {
        host: host.name,
        kept: await readState(folder),
        nextKeys: materials.flatMap(({ label, next }) => (next ? [{ label, path: next.path }] : [])),
      };
    }),
  );
  for (const { host, kept } of statuses) if (kept.lost !== undefined) voice.warn(`${host}: ${kept.lost}`);
  if (voice.json) voice.printJson({ hosts: statuses.map(statusJson) });
  else voice.print(render(statuses, voice));
  return statuses.every(({ kept }) => kept.last !== null) ? ExitCode.ok : ExitCode.unknown;
}

function statusJson({ host, kept: { memory, last }, nextKeys }: HostStatus): object {
  const iso = (milliseconds: number | null): string | null =>
    milliseconds === null ? null : new Date(milliseconds).toISOString();
  return {
    host,
    last: last && { ...last, at: iso(last.at), earliest: iso(last.earliest) },
    places: Object.entries(memory.places).map(([owner, { sets, underway }]) => ({
      owner,
      believable: sets.map((set) => ({
        records: set.records,
        ttl: set.ttl,
        until: Number.isFinite(believableUntil(set)) ? iso(believableUntil(set)) : null,
      })),
      underway: underway.map(({ records, since }) => ({ records, since: iso(since) })),
    })),
    presentedSince: iso(memory.settled?.since ?? null),
    attempts: memory.attempts.map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
    replacing: Object.keys(memory.replacing),
    nextKeys,
  };
}

function render(statuses: readonly HostStatus[], voice: Voice): string[] {
  const { paint, columns } = voice;
  const rows = statuses.map(({ host, kept: { last } }) => [
    host,
    last?.state ?? 'never looked at',
    last?.step ?? '-',
    last ? instant(last.at) : '-',
  ]);
  return [
    ...table([['host', 'state', 'step', 'looked at'], ...rows], { rule: (text) => paint.dim(text) }),
    ...statuses.flatMap(({ host, kept: { memory, last }, nextKeys }) => [
      '',
      paint.bold(host),
      ...(last ? indented(printable(last.why), columns) : []),
      ...believable(memory),
      ...nextKeys.map(({ label, path }) => `  next ${label} key: ${printable(path)}`),
      ...memory.attempts
        .slice(-5)
        .map(({ key, at, outcome, text }) =>
          printable(`  ${instant(at)} ${outcome} ${short(key)}${text === undefined ? '' : ` (${text})`}`),
        ),
    ]),
  ];
}

function believable({ places }: HostMemory): string[] {
  return Object.entries(places).flatMap(([owner, { sets, underway }]) => [
    ...sets.map((set) => {
      const until = believableUntil(set);
      const what = set.records === null ? 'whatever was there before' : records(set.records);
      return `  ${owner}: ${what}, ${Number.isFinite(until) ? `to be believed until ${instant(until)}` : 'published'}`;
    }),
    ...underway.map((set) => `  ${owner}: ${records(set.records)}, on its way since ${instant(set.since)}`),
  ]);
}

function records(texts: readonly string[]): string {
  return texts.length === 0 ? 'no record' : texts.map((text) => `${text.slice(0, 18)}...`).join(' and ');
}

function short(key: string): string {
  return key.length > 80 ? `${key.slice(0, 77)}...` : key;
}
