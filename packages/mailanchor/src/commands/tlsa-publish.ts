/** `mailanchor tlsa publish`: adds, removes or replaces TLSA records through a publisher, and sees them on every server. */
import { tlsaFromText } from '@mailanchor/dane';
import { Name, RRType, type TlsaData } from '@mailanchor/dns';
import type { LoadedConfig } from '../config/load.ts';
import type { Context, Voice } from '../context.ts';
import { messageOf, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { type Lookup, openLookup } from '../lookup.ts';
import { readCommon } from '../options/common.ts';
import { type Given, parseInteger, parsePort, parseSeconds } from '../options/given.ts';
import { parseHostName } from '../options/host-name.ts';
import { type LookupSettings, optional, readLookupSettings } from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';
import { openPublisher, publisherNames } from '../tlsa-publish/open-publisher.ts';
import {
  changeOf,
  type PublishMode,
  publicationJson,
  renderPublication,
} from '../tlsa-publish/publication.ts';
import { publishedNow } from '../tlsa-publish/published-now.ts';
import type { Publisher, PublishOutcome, TlsaChange } from '../tlsa-publish/publisher.ts';
import { resultOf } from '../tlsa-publish/tlsa-set.ts';
import { type Visibility, visibility } from '../tlsa-publish/visibility.ts';
import { waitVisible } from '../tlsa-publish/wait-visible.ts';
import { wouldBreak } from '../tlsa-publish/would-break.ts';

interface PublishSettings {
  readonly lookup: LookupSettings;
  readonly host: string;
  readonly port: number;
  readonly mode: PublishMode;
  readonly records: readonly TlsaData[];
  /** Seconds; undefined: as it is, or an hour. */
  readonly ttl: number | undefined;
  readonly dryRun: boolean;
  /** Milliseconds; undefined: not at all. */
  readonly waitMs: number | undefined;
  /** `host:port` of which the user has said that it may break. */
  readonly force: string | undefined;
}

const DEFAULT_TTL = 3600;
const DEFAULT_WAIT_MS = 120_000;
const MAX_WAIT_S = 86_400;

export async function runTlsaPublish(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice, config } = await readCommon(context, options);
  const settings = readSettings(sources, options);
  const lookup = await openLookup(settings.lookup);
  try {
    const publisher = await publisherOf(settings, sources, config, lookup, voice);
    return await publish(settings, publisher, lookup, context.signal, voice);
  } finally {
    await lookup.close();
  }
}

async function publish(
  settings: PublishSettings,
  publisher: Publisher,
  lookup: Lookup,
  signal: AbortSignal,
  voice: Voice,
): Promise<number> {
  voice.progress.show(`${settings.host}: what is published now`);
  const planned = await planChange(settings, lookup, signal);
  if (planned.kind === 'unclear') return unclear(planned, voice);
  const { change } = planned;
  if (change.add.length === 0 && change.remove.length === 0 && planned.ttl === change.ttl)
    return finish({ change, publisher, outcome: { kind: 'unchanged' } }, settings, signal, voice);
  voice.progress.show(`${settings.host}:${settings.port}: what it presents`);
  const heldBack = await whyHeldBack(change, settings, lookup, signal, voice);
  if (settings.dryRun) {
    if (voice.json) voice.printJson(publicationJson({ change, publisher }));
    else voice.print(publisher.describe(change).split('\n'));
    if (heldBack) voice.warn(`it would not be done: ${heldBack}`);
    return heldBack ? ExitCode.usage : ExitCode.ok;
  }
  if (heldBack) throw new UsageError(`nothing was changed: ${heldBack}`);
  voice.progress.show(`${change.owner}: publishing by ${publisher.name}`);
  const outcome = await publisher.publish(change, signal);
  return finish({ change, publisher, outcome }, settings, signal, voice);
}

type Planned =
  | { readonly kind: 'change'; readonly change: TlsaChange; readonly ttl: number | null }
  | { readonly kind: 'unclear'; readonly status: number; readonly text: string };

async function planChange(
  { host, port, mode, records, ttl, lookup: settings }: PublishSettings,
  { resolver }: Lookup,
  signal: AbortSignal,
): Promise<Planned> {
  const { timeoutMs } = settings;
  const asked = Name.fromText(`_${port}._tcp.${host}`);
  const found = await resolver.resolve(asked, RRType.TLSA, { timeoutMs, signal });
  if (found.kind === 'failure') {
    const status = found.status === 'bogus' ? ExitCode.failed : ExitCode.unknown;
    return { kind: 'unclear', status, text: `TLSA of ${asked}: ${found.reason.text}` };
  }
  const owner = found.canonicalName;
  const seen = await visibility(owner, [], { lookup: settings, timeoutMs, signal });
  const now = publishedNow(seen);
  if (now.kind === 'unclear' || seen.zone === null)
    return {
      kind: 'unclear',
      status: ExitCode.unknown,
      text: `what the servers have at ${owner}: ${now.kind === 'unclear' ? now.text : 'no zone found'}`,
    };
  const change = changeOf(mode, records, {
    zone: Name.fromText(seen.zone),
    owner,
    expected: now.records,
    ttl: ttl ?? seen.ttl ?? DEFAULT_TTL,
  });
  return { kind: 'change', change, ttl: now.records.length > 0 ? seen.ttl : change.ttl };
}

function unclear({ status, text }: Extract<Planned, { kind: 'unclear' }>, voice: Voice): number {
  voice.warn(`nothing was changed: ${text}`);
  if (voice.json) voice.printJson({ outcome: { kind: 'failed', text } });
  return status;
}

/** What would break, unless the user has named it; undefined where nothing holds the change back. */
async function whyHeldBack(
  change: TlsaChange,
  { host, port, lookup: { timeoutMs }, force }: PublishSettings,
  { resolver, clock }: Lookup,
  signal: AbortSignal,
  voice: Voice,
): Promise<string | undefined> {
  const breakage = await wouldBreak(change, { resolver, clock, host, port, timeoutMs, signal });
  if (breakage.kind === 'none') return undefined;
  const what = breakage.texts.join('; ');
  if (force !== `${host}:${port}`)
    return `${what}. If that is what you want, say so: --force ${host}:${port}`;
  voice.warn(`forced: ${what}`);
  return undefined;
}

interface Finished {
  readonly change: TlsaChange;
  readonly publisher: Publisher;
  readonly outcome: PublishOutcome;
}

async function finish(
  finished: Finished,
  { lookup, waitMs }: PublishSettings,
  signal: AbortSignal,
  voice: Voice,
): Promise<number> {
  const { change, outcome } = finished;
  const isMade = outcome.kind === 'done' || outcome.kind === 'unchanged';
  let seen: Visibility | undefined;
  if (isMade && waitMs !== undefined) {
    const result = resultOf(change);
    const look = () => visibility(change.owner, result, { lookup, timeoutMs: lookup.timeoutMs, signal });
    seen = await waitVisible(look, {
      timeoutMs: waitMs,
      signal,
      onSeen: (now) => voice.progress.show(`${change.owner}: ${'text' in now ? now.text : now.kind}`),
    });
  }
  if (voice.json) voice.printJson(publicationJson({ ...finished, ...(seen && { seen }) }));
  else if (voice.verbosity !== 'quiet' || !isMade || (seen && seen.kind !== 'everywhere'))
    voice.print(renderPublication({ ...finished, ...(seen && { seen }) }, voice.paint));
  if (!isMade) return outcome.kind === 'failed' ? ExitCode.unknown : ExitCode.failed;
  if (!seen || seen.kind === 'everywhere') return ExitCode.ok;
  return seen.kind === 'bogus' || seen.kind === 'unsigned' ? ExitCode.failed : ExitCode.unknown;
}

/** The one that is named, that of the host under `tlsa:`, or the only one. */
function publisherOf(
  { host }: PublishSettings,
  sources: Sources,
  config: LoadedConfig | undefined,
  { clock }: Lookup,
  voice: Voice,
): Promise<Publisher> {
  const given = sources.one('publisher') ?? publisherOfHost(host, config) ?? onlyPublisher(config);
  const warn = (text: string) => voice.warn(text);
  return openPublisher(config, given.value, given.from, { warn, clock });
}

function publisherOfHost(host: string, config: LoadedConfig | undefined): Given | undefined {
  const hosts = config?.settings.tlsa?.hosts ?? [];
  const at = hosts.findIndex(({ name }) => name.toLowerCase().replace(/\.$/, '') === host);
  const publisher = hosts[at]?.publisher;
  return publisher === undefined ? undefined : config?.given(['tlsa', 'hosts', at, 'publisher'], publisher);
}

function onlyPublisher(config: LoadedConfig | undefined): Given {
  const names = publisherNames(config);
  const [only] = names;
  if (only !== undefined && names.length === 1) return { value: only, from: '--publisher' };
  throw new UsageError(
    only === undefined
      ? 'tlsa publish: the configuration has no publishers. Put one under publishers: (docs/publishing.md)'
      : `--publisher: which one? The configuration has ${names.join(', ')}`,
  );
}

function readSettings(sources: Sources, options: Record<string, unknown>): PublishSettings {
  const name = sources.one('name');
  if (!name)
    throw new UsageError('--name: whose records? Give the mail host, such as --name mx1.example.org');
  const records = sources.all('record').map(parseRecord);
  const modes = (['add', 'remove', 'replace'] as const).filter((mode) => options[mode] === true);
  if (modes.length > 1) throw new UsageError(`--${modes.join(' and --')} exclude each other`);
  const mode = modes[0] ?? 'add';
  if (records.length === 0 && mode !== 'replace')
    throw new UsageError('--record: which records? Give them as --record "3 1 1 <hex>"');
  const wait = options['wait'];
  return {
    lookup: readLookupSettings(sources),
    host: parseHostName(name),
    port: optional(sources.one('port'), parsePort) ?? 25,
    mode,
    records,
    ttl: optional(sources.one('ttl'), (given) => parseInteger(given, 0, 604_800)),
    dryRun: sources.on('dry-run'),
    waitMs:
      wait === true
        ? DEFAULT_WAIT_MS
        : optional(sources.one('wait'), (given) => parseSeconds(given, MAX_WAIT_S)),
    force: sources.one('force')?.value,
  };
}

function parseRecord(given: Given): TlsaData {
  try {
    return tlsaFromText(given.value);
  } catch (error) {
    throw new UsageError(`${given.from}: ${messageOf(error)}. Write it as "3 1 1 <hex>"`, { cause: error });
  }
}
