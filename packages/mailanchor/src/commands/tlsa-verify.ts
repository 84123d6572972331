/** `mailanchor tlsa verify`: would a sender accept this chain under these records? */
import {
  type DaneMode,
  type DaneVerdict,
  matchDane,
  type TlsaRecord,
  tlsaFromText,
  tlsaParametersToText,
} from '@mailanchor/dane';
import { clockFrom } from '../clock.ts';
import type { Context, Voice } from '../context.ts';
import { messageOf, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readVoice } from '../options/common.ts';
import { type Given, parseChoice } from '../options/given.ts';
import { parseHostName } from '../options/host-name.ts';
import { parseInstant } from '../options/instant.ts';
import { optional } from '../options/lookup.ts';
import { sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { certificates } from '../tlsa/material.ts';
import { verdictJson } from '../tlsa/verdict-json.ts';

const STATUS: Readonly<Record<DaneVerdict['kind'], number>> = {
  match: ExitCode.ok,
  mismatch: ExitCode.failed,
  unusable: ExitCode.notApplicable,
};

export async function runTlsaVerify(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice } = readVoice(context, options);
  const mode: DaneMode =
    optional(sources.one('mode'), (given) => parseChoice(given, ['smtp', 'general'])) ?? 'smtp';
  const records = sources.all('tlsa').map(parseRecord);
  const names = sources.all('name').map(parseHostName);
  const at = clockFrom(optional(sources.one('at'), parseInstant))();
  const ca = sources.one('ca');
  if (ca && mode === 'smtp')
    voice.warn('--ca is for usages 0 and 1, which SMTP does not have: it changes nothing here');
  const file = sources.one('chain');
  if (!file || records.length === 0) {
    throw new UsageError(
      'give --chain and --tlsa, or --deploy with --cert, --key and --name. See: mailanchor tlsa verify --help',
    );
  }
  const chain = await certificates(file);
  const verdict = matchDane({
    records,
    chain,
    names,
    at: at / 1000,
    mode,
    ...(ca && { ca: await certificates(ca) }),
    eeNames: options['eeNames'] === true,
  });
  if (verdict.kind === 'mismatch' && verdict.reason === 'name-mismatch' && names.length === 0) {
    throw new UsageError(
      'a name is needed beside these records: say with --name which one the certificate should have',
    );
  }
  if (voice.json) voice.printJson(verdictJson(verdict));
  else voice.print(renderVerdict(verdict, records, voice));
  if (verdict.kind === 'match') for (const note of verdict.notes ?? []) voice.warn(printable(note.text));
  return STATUS[verdict.kind];
}

function parseRecord(given: Given): TlsaRecord {
  try {
    return tlsaFromText(given.value);
  } catch (error) {
    throw new UsageError(`${given.from}: ${messageOf(error)}. Write it as "3 1 1 <hex>"`, { cause: error });
  }
}

function renderVerdict(verdict: DaneVerdict, records: readonly TlsaRecord[], { paint }: Voice): string[] {
  switch (verdict.kind) {
    case 'match': {
      const what = verdict.selector === 1 ? 'key' : 'certificate';
      const whose =
        verdict.depth === 0 ? `the server's own ${what}` : `the ${what} of the CA at depth ${verdict.depth}`;
      return [
        `${sign(paint, 'good')} ${paint.badge('good', 'MATCH')} record ${verdict.record}, ${tlsaParametersToText(verdict)}: ${whose}`,
      ];
    }
    case 'mismatch':
      return [
        `${sign(paint, 'bad')} ${paint.badge('bad', 'MISMATCH')} ${verdict.reason}: ${printable(verdict.text)}`,
      ];
    case 'unusable':
      return [
        `${sign(paint, 'warn')} ${paint.badge('warn', 'UNUSABLE')} no record that could match anything`,
        ...verdict.records.map(({ record, why }) => {
          const parameters = records[record] ? tlsaParametersToText(records[record]) : '';
          return `  record ${record}, ${parameters}: ${printable(why)}`;
        }),
      ];
  }
}
