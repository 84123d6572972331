/** `mailanchor tlsa hook`: between an ACME client that has renewed and the mail server that would read it. */
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readVoice } from '../options/common.ts';
import type { Sources } from '../options/sources.ts';
import { printable } from '../terminal/printable.ts';
import { commandText, resultText, runCommand } from '../tlsa-publish/run-command.ts';
import {
  type HookedHost,
  type HookOutcome,
  hookDeployed,
  hookedHosts,
  hookGated,
} from '../tlsa-roll/hook.ts';
import { HOOK_KINDS, type HookFiles, type HookKind, hookFiles, reusesKey } from '../tlsa-roll/hook-files.ts';
import { openRoll } from '../tlsa-roll/open.ts';
import { readPairFiles } from '../tlsa-roll/pair-files.ts';
import type { Surroundings } from '../tlsa-roll/pass.ts';
import type { HostSettings } from '../tlsa-roll/settings.ts';
import { stepText } from '../tlsa-roll/words.ts';
import { tellGate } from './tlsa-gate.ts';

/** Milliseconds for the command that follows, a reload. */
const COMMAND_MS = 120_000;

export async function runTlsaHook(
  kindText: string,
  words: readonly string[],
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const kind = HOOK_KINDS.find((one) => one === kindText);
  if (!kind)
    throw new UsageError(`tlsa hook: ${JSON.stringify(kindText)} is not one of ${HOOK_KINDS.join(', ')}`);
  const { sources } = readVoice(context, options);
  const { voice, around, hosts } = await openRoll(context, options);
  if (options['pre'] === true) return tellBefore(kind, hosts, voice);
  return afterRenewal(kind, words, { sources, voice, around, hosts });
}

interface Opened {
  readonly sources: Sources;
  readonly voice: Voice;
  readonly around: Surroundings;
  readonly hosts: readonly HostSettings[];
}

async function afterRenewal(
  kind: HookKind,
  words: readonly string[],
  { sources, voice, around, hosts }: Opened,
): Promise<number> {
  const { context } = voice;
  const files = hookFiles(kind, context.environment, sources);
  const pair = await readPairFiles(files, { at: around.clock(), datesCount: false });
  const hooked = await hookedHosts(hosts, files, pair);
  const outcomes: { readonly hooked: HookedHost; readonly outcome: HookOutcome }[] = [];
  for (const one of hooked.filter(deploysOwn))
    outcomes.push({ hooked: one, outcome: await hookDeployed(one.host, around) });
  const status = { value: ExitCode.ok as number, ran: false };
  // Every gate must be open, and stay locked, before the one command runs.
  const gated = hooked.filter((one) => !deploysOwn(one));
  const run = async (): Promise<void> => {
    if (outcomes.some(({ outcome }) => outcome.kind !== 'open')) return;
    status.ran = true;
    status.value = await runAfter(words, voice);
  };
  await gates(gated, files, around, outcomes, run);
  if (gated.length === 0) await run();

  for (const { hooked: one, outcome } of outcomes) await tell(one, outcome, files, voice);
  if (hooked.length === 0) voice.detail(`no host of the configuration uses ${files.certificate.path}`);
  if (words.length > 0 && !status.ran) voice.warn(`not run: ${commandText(words)}`);
  const stopped = outcomes.some(({ outcome }) => outcome.kind === 'stopped' || outcome.kind === 'stuck');
  return stopped ? ExitCode.failed : status.value;
}

/** One gate within the other, so that all of them are locked when the command runs. */
async function gates(
  left: readonly HookedHost[],
  files: HookFiles,
  around: Surroundings,
  outcomes: { readonly hooked: HookedHost; readonly outcome: HookOutcome }[],
  run: () => Promise<void>,
): Promise<void> {
  const [first, ...rest] = left;
  if (!first) return;
  const inner = rest.length > 0 ? () => gates(rest, files, around, outcomes, run) : run;
  const outcome = await hookGated(first, files, around, inner);
  outcomes.push({ hooked: first, outcome });
  // Those behind a gate that is shut are judged all the same, for what they have to say.
  if (outcome.kind !== 'open') await gates(rest, files, around, outcomes, async () => {});
}

function deploysOwn({ host, own }: HookedHost): boolean {
  return own && host.deploy !== undefined;
}

async function runAfter(words: readonly string[], { context }: Voice): Promise<number> {
  if (words.length === 0) return ExitCode.ok;
  // What reloads a mail server is let end, also where we are stopped.
  const { signal } = new AbortController();
  const result = await runCommand(words, { timeoutMs: COMMAND_MS, signal });
  if (result.kind === 'ended' && result.status === 0) return ExitCode.ok;
  context.stderr.write(`mailanchor: ${commandText(words)}: ${printable(resultText(result))}\n`);
  return ExitCode.failed;
}

async function tell(
  { host }: HookedHost,
  outcome: HookOutcome,
  files: HookFiles,
  voice: Voice,
): Promise<void> {
  switch (outcome.kind) {
    case 'open':
      if (outcome.gate) tellGate(host.name, outcome.gate, voice);
      else say(voice, `${host.name}: ${outcome.text}`);
      return;
    case 'prepared':
      say(
        voice,
        `${host.name}: the mail server keeps its certificate for now; \`mailanchor tlsa roll\` goes on: ${stepText(outcome.decision.step)} (${outcome.decision.why})`,
      );
      return;
    case 'stuck':
      voice.warn(printable(`${host.name}: ${outcome.decision.state}: ${outcome.decision.why}`));
      return;
    case 'stopped':
      tellGate(host.name, outcome.gate, voice);
      if (outcome.decision) say(voice, `${host.name}: ${outcome.decision.state}: ${outcome.decision.why}`);
      voice.warn(`${host.name}: the renewed certificate is not for the mail server yet: do not reload it`);
      for (const line of await aboutReuse(files)) say(voice, line);
  }
}

function say(voice: Voice, text: string): void {
  if (voice.json) voice.context.stderr.write(`${printable(text)}\n`);
  else if (voice.verbosity !== 'quiet') voice.print([printable(text)]);
}

async function aboutReuse({ lineage }: HookFiles): Promise<string[]> {
  const found = lineage && (await reusesKey(lineage.live));
  if (!lineage || !found) return [];
  if (found.reuses)
    return [`  ${found.file} has reuse_key set: the key was changed by somebody, not by certbot`];
  return [
    `  ${found.file} does not have reuse_key set, so certbot makes a new key at every renewal. To keep one from now on:`,
    `  certbot renew --cert-name ${lineage.name} --reuse-key --force-renewal`,
  ];
}

/** certbot's pre hook: what the renewal that begins will mean. Never stops it: certbot goes on whatever a pre hook says. */
async function tellBefore(kind: HookKind, hosts: readonly HostSettings[], voice: Voice): Promise<number> {
  if (kind !== 'certbot')
    throw new UsageError('--pre is for certbot: other clients run nothing before they renew');
  for (const { name, pairs, deploy } of hosts) {
    for (const { certificate } of pairs) {
      const found = await reusesKey(certificate.path.replace(/\/[^/]*$/, ''));
      if (!found) continue;
      const then = deploy
        ? 'a new key is deployed two TTLs after its record is published'
        : 'a new key must not be deployed before its record has been published for two TTLs';
      const text = found.reuses
        ? `${name}: the key stays (reuse_key is set in ${found.file})`
        : `${name}: certbot makes a new key (reuse_key is not set in ${found.file}); ${then}`;
      if (voice.json) voice.printJson({ host: name, file: found.file, reuseKey: found.reuses });
      else say(voice, text);
    }
  }
  return ExitCode.ok;
}
