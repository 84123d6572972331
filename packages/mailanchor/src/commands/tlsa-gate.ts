/** `mailanchor tlsa verify --deploy`: the gate before a certificate goes to a mail server. */
import { clockFrom } from '../clock.ts';
import { loadConfig } from '../config/load.ts';
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readVoice } from '../options/common.ts';
import { type Given, parsePort } from '../options/given.ts';
import { parseHostName } from '../options/host-name.ts';
import { type LookupSettings, namedFile, optional, readLookupSettings } from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';
import { sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { wrap } from '../terminal/table.ts';
import { type GateResult, type GateVerdict, judgeGate } from '../tlsa-roll/gate.ts';
import { hostFolder, readState } from '../tlsa-roll/kept-state.ts';
import { placesOrWhy, withRecords } from '../tlsa-roll/look.ts';
import { type PairFiles, readPairFiles } from '../tlsa-roll/pair-files.ts';
import { adHocHost, type HostSettings, readRollSettings } from '../tlsa-roll/settings.ts';

const STATUS: Readonly<Record<GateVerdict['kind'], number>> = {
  match: ExitCode.ok,
  mismatch: ExitCode.failed,
  'too-early': ExitCode.failed,
  'no-records': ExitCode.notApplicable,
  unseen: ExitCode.unknown,
  unfit: ExitCode.usage,
};

export async function runTlsaGate(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources: plain, voice } = readVoice(context, options);
  const config = await loadConfig(plain);
  const sources = plain.over(config);
  const lookup = readLookupSettings(sources);
  const name = parseHostName(required(plain, 'name'));
  const port = optional(plain.one('port'), parsePort);
  const files = await readPairFiles(
    { certificate: namedFile(required(plain, 'cert')), key: namedFile(required(plain, 'key')) },
    { at: clockFrom(lookup.at)(), datesCount: false },
  );
  const settings = config?.settings.tlsa ? readRollSettings(config) : undefined;
  const known = settings?.hosts.find((host) => host.name === name || host.host === name);
  const host = known
    ? { ...known, ports: port === undefined ? known.ports : [port] }
    : adHocHost(name, port ?? 25);
  const result = await gateOf(host, files, {
    lookup,
    signal: context.signal,
    folder: settings && known && hostFolder(settings.state.path, known.name),
    anyRecord: options['anyRecord'] === true,
  });
  tellGate(host.name, result, voice);
  return STATUS[result.verdict.kind];
}

function required(sources: Sources, key: string): Given {
  const given = sources.one(key);
  if (given) return given;
  throw new UsageError(`--deploy needs --cert, --key and --name: --${key} is missing`);
}

export interface GateOptions {
  readonly lookup: LookupSettings;
  readonly signal: AbortSignal;
  /** Where a roll keeps what it has seen of the host. */
  readonly folder: string | undefined;
  readonly anyRecord?: boolean;
}

export async function gateOf(
  host: HostSettings,
  files: PairFiles,
  { lookup, signal, folder, anyRecord }: GateOptions,
): Promise<GateResult> {
  const memory = folder === undefined ? undefined : (await readState(folder)).memory;
  return withRecords(host, { lookup, signal }, ({ plans, places, clock }) =>
    judgeGate({
      host: host.name,
      files,
      places: placesOrWhy(host, plans, places),
      at: clock(),
      memory,
      rolled: host.publisher !== undefined,
      ...(anyRecord && { anyRecord }),
    }),
  );
}

export function tellGate(host: string, { verdict, wayOn, record }: GateResult, voice: Voice): void {
  if (voice.json) {
    const { kind, text } = verdict;
    const until = verdict.kind === 'too-early' && verdict.until !== null ? new Date(verdict.until) : null;
    voice.printJson({ host, kind, text, until: until?.toISOString() ?? null, record, wayOn });
    return;
  }
  const { paint, columns } = voice;
  const tone = verdict.kind === 'match' ? 'good' : verdict.kind === 'no-records' ? 'warn' : 'bad';
  const word = verdict.kind.toUpperCase().replace('-', ' ');
  voice.print([
    ...wrap(
      `${sign(paint, tone)} ${paint.badge(tone, word)} ${host}: ${printable(verdict.text)}`,
      columns,
      '  ',
    ),
    ...wayOn.map((line) => `  ${printable(line)}`),
  ]);
}
