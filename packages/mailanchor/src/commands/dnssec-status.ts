/** `mailanchor dnssec-status ZONE...` */
import type { Name } from '@mailanchor/dns';
import { ZoneInspector } from '@mailanchor/smtp';
import type { Context, Voice } from '../context.ts';
import { lookAt } from '../dnssec-status/look-at.ts';
import { Overview } from '../dnssec-status/overview.ts';
import { zoneText } from '../dnssec-status/records-text.ts';
import { renderState, renderStatus } from '../dnssec-status/render.ts';
import { STATUS_LINES } from '../dnssec-status/result-lines.ts';
import { type DnssecStatusSettings, readDnssecStatusSettings } from '../dnssec-status/settings.ts';
import { STATE_NAMES, statusOfStates, type ZoneState } from '../dnssec-status/state.ts';
import type { ZoneStatus } from '../dnssec-status/zone-status.ts';
import { UsageError } from '../errors.ts';
import { ResultFile } from '../list/result-file.ts';
import { ListRun } from '../list/run.ts';
import { chooseSource, type ListSource } from '../list/source.ts';
import { type Lookup, openLookup } from '../lookup.ts';
import { readCommon } from '../options/common.ts';
import { parseQuestionName } from '../resolve/question.ts';

/** Octets of answers kept for a list: what many zones share is used all the time; of the rest each zone needs its own once. */
const LIST_CACHE = 16 << 20;

const COMMAND = {
  command: 'dnssec-status',
  targets: 'zones',
  nothing: 'nothing to look at. Give a zone, such as: mailanchor dnssec-status example.org',
  read: readZone,
} as const;

function readZone(text: string): Name {
  const zone = parseQuestionName(text);
  if (zone.isRoot) throw new UsageError('zone . has no zone above it that could vouch for it');
  return zone;
}

export async function runDnssecStatus(
  texts: readonly string[],
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const file = typeof options['file'] === 'string' ? options['file'] : undefined;
  const source = chooseSource(COMMAND, texts, file, context);
  const { sources, voice } = await readCommon(context, options, 'dnssec-status');
  const settings = readDnssecStatusSettings(sources);
  const results =
    settings.output === undefined
      ? undefined
      : await ResultFile.open(settings.output, settings.resume, STATUS_LINES);
  try {
    const lookup = await openLookup(settings.lookup, source.isList ? { cacheOctets: LIST_CACHE } : {});
    const inspector = inspectorFor(settings, lookup, source.isList);
    try {
      return await runZones({ source, settings, lookup, inspector, voice, results });
    } finally {
      voice.progress.end();
      await inspector?.close();
      await lookup.close();
    }
  } finally {
    await results?.close();
  }
}

function inspectorFor(
  { servers, lookup: { mode, dnsPort, forwardZones } }: DnssecStatusSettings,
  { resolver }: Lookup,
  isList: boolean,
): ZoneInspector | undefined {
  if ((servers ?? (isList ? 'one' : 'all')) === 'one') return undefined;
  if (mode.kind === 'forward') {
    // Behind a forwarder the servers themselves may well be out of reach: that is what it is there for.
    if (servers === 'all')
      throw new UsageError('--servers all asks the servers themselves: leave --resolver away');
    return undefined;
  }
  return new ZoneInspector({ resolver, port: dnsPort, except: forwardZones.map(({ zone }) => zone) });
}

interface Parts {
  readonly source: ListSource<Name>;
  readonly settings: DnssecStatusSettings;
  readonly lookup: Lookup;
  readonly inspector: ZoneInspector | undefined;
  readonly voice: Voice;
  readonly results: ResultFile<ZoneState> | undefined;
}

async function runZones({ source, settings, lookup, inspector, voice, results }: Parts): Promise<number> {
  const { resolver, clock } = lookup;
  const { days, digestTypes, parallel } = settings;
  const { timeoutMs } = settings.lookup;
  const overview = new Overview();
  if (results) overview.addBefore(results.before.outcomes);
  let printed = 0;
  const run = new ListRun<Name, ZoneStatus, ZoneState>({
    source,
    voice,
    results,
    parallel,
    order: STATE_NAMES.toReversed(),
    nameOf: ({ target }) => zoneText(target),
    work: ({ target }) =>
      lookAt(target, {
        resolver,
        inspector,
        clock,
        timeoutMs,
        signal: voice.context.signal,
        days,
        digestTypes,
      }),
    outcomeOf: ({ state }) => state,
    take: (status) => overview.add(status),
    json: (status) => status,
    show: (status) => show(status, voice, source.isList, printed++ > 0),
  });
  await run.run();
  if (!voice.json && voice.verbosity !== 'quiet') voice.print(overview.render(voice.paint));
  return statusOfStates(run.outcomes, run.badLines);
}

/** Of a list one line a zone: the counts come at the end, and -v tells all. */
function show(status: ZoneStatus, voice: Voice, isList: boolean, further: boolean): void {
  const { paint, columns } = voice;
  const verbose = voice.verbosity === 'verbose';
  if (voice.json) voice.printJson(status);
  else if (voice.verbosity === 'quiet' || (isList && !verbose)) voice.print([renderState(status, paint, 32)]);
  else {
    const lines = renderStatus(status, { paint, columns, verbose });
    voice.print(further ? ['', ...lines] : lines);
  }
}
