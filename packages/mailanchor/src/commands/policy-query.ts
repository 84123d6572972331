/** `mailanchor policy query`, `dump` and `purge` */
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { openLookup } from '../lookup.ts';
import { readCommon } from '../options/common.ts';
import type { Answer } from '../policy-service/answer.ts';
import type { DumpLine } from '../policy-service/control.ts';
import { askControl } from '../policy-service/control-client.ts';
import { explainHosts, meaningOf } from '../policy-service/explain.ts';
import { parseKey } from '../policy-service/key.ts';
import { parseSocketPath } from '../policy-service/listen.ts';
import { lookUp } from '../policy-service/look-up.ts';
import { openSts } from '../policy-service/open-sts.ts';
import { answerOfOverride, Overrides } from '../policy-service/overrides.ts';
import { DEFAULT_CONTROL, readPolicySettings } from '../policy-service/settings.ts';
import { printable } from '../terminal/printable.ts';

type Options = Record<string, unknown>;

export async function runPolicyQuery(text: string, options: Options, context: Context): Promise<number> {
  const { sources, voice } = await readCommon(context, options, 'policy-service');
  const server = serverOf(options);
  if (server !== undefined) {
    const [line = ''] = await askControl(server, 'GET', `/query?key=${encodeURIComponent(text)}`);
    return tell(voice, text, JSON.parse(line) as Answer, options, []);
  }
  const key = parseKey(text);
  if (key.kind === 'other') throw new UsageError(`${JSON.stringify(text)} has no policy: it is ${key.why}`);
  if (key.kind === 'unknown-port') throw new UsageError(`${key.text}: write the port as a number`);
  const settings = readPolicySettings(sources, context.environment);
  const lookup = await openLookup(settings.lookup);
  try {
    const override = new Overrides(settings.overrides).find(key, lookup.clock());
    if (override) return tell(voice, text, answerOfOverride(override), options, []);
    const { timeoutMs } = settings.lookup;
    const { partialDane } = settings;
    const { resolver } = lookup;
    const sts = await openSts(settings, lookup.clock);
    const { answer } = await lookUp(key, { resolver, timeoutMs, partialDane, sts, signal: context.signal });
    const hosts = options['explain'] ? await explainHosts(key, resolver, timeoutMs, context.signal) : [];
    const next = `mailanchor check ${key.name} shows what would mend it`;
    const more = answer.status === 'TEMP' && key.kind === 'domain' ? [...hosts, next] : hosts;
    return tell(voice, text, answer, options, more);
  } finally {
    await lookup.close();
  }
}

function tell(voice: Voice, key: string, answer: Answer, options: Options, hosts: readonly string[]): number {
  const { status, text, attributes, reason } = answer;
  if (voice.json)
    voice.printJson({ key, status, policy: text, ...(attributes !== undefined && { attributes }), reason });
  else {
    const words = status === 'OK' ? text : status === 'NOTFOUND' ? 'NOTFOUND' : `${status} ${text}`;
    // Of a failure the answer itself is the reason.
    const why = status === 'OK' || status === 'NOTFOUND' ? [`why: ${reason}`] : [];
    const told = attributes === undefined ? [] : [`for Postfix 3.10 and later: ${attributes}`];
    const lines = options['explain'] ? [meaningOf(answer), ...why, ...told, ...hosts] : [];
    voice.print([words, ...lines.map((line) => `  ${line}`)].map(printable));
  }
  return status === 'TEMP' || status === 'PERM' ? ExitCode.unknown : ExitCode.ok;
}

export async function runPolicyDump(options: Options, context: Context): Promise<number> {
  const { voice } = await readCommon(context, options, 'policy-service');
  const lines = await askControl(serverOf(options) ?? DEFAULT_CONTROL, 'GET', '/dump');
  if (voice.json) voice.print(lines);
  else voice.print(lines.map((line) => dumped(JSON.parse(line) as DumpLine)));
  return ExitCode.ok;
}

function dumped({ key, status, policy, reason, expires, asked }: DumpLine): string {
  const words = status === 'OK' ? policy : status;
  return printable(`${key}  ${words}  until ${expires.slice(0, 19)}Z, asked ${asked} times  (${reason})`);
}

export async function runPolicyPurge(
  destination: string | undefined,
  options: Options,
  context: Context,
): Promise<number> {
  const { voice } = await readCommon(context, options, 'policy-service');
  const path = destination === undefined ? '/purge' : `/purge?key=${encodeURIComponent(destination)}`;
  const [line = ''] = await askControl(serverOf(options) ?? DEFAULT_CONTROL, 'POST', path);
  const { purged } = JSON.parse(line) as { purged: number };
  if (voice.json) voice.printJson({ purged });
  else voice.print([`${purged} ${purged === 1 ? 'answer' : 'answers'} forgotten`]);
  return ExitCode.ok;
}

/** `--server` alone means the default place. */
function serverOf(options: Options): string | undefined {
  const { server } = options;
  if (server === true) return DEFAULT_CONTROL;
  return typeof server === 'string' ? parseSocketPath({ value: server, from: '--server' }) : undefined;
}
