/** `mailanchor tlsa roll`: hosts brought to where they belong, one safe step at a time. */
import type { Decision, RollStep } from '@mailanchor/dane';
import type { Context, Voice } from '../context.ts';
import { MailanchorError, messageOf, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { parseSeconds } from '../options/given.ts';
import { decisionJson } from '../tlsa-roll/events.ts';
import { follow, once } from '../tlsa-roll/follow.ts';
import { agreesToBreak } from '../tlsa-roll/force.ts';
import { openRoll } from '../tlsa-roll/open.ts';
import type { PassOptions, Surroundings } from '../tlsa-roll/pass.ts';
import { type PlannedHost, renderPlan } from '../tlsa-roll/render.ts';
import type { HostSettings } from '../tlsa-roll/settings.ts';
import { runTlsaPlan } from './tlsa-plan.ts';

export async function runTlsaRoll(options: Record<string, unknown>, context: Context): Promise<number> {
  if (options['dryRun'] === true) return runTlsaPlan(options, context);
  const { voice, around, hosts } = await openRoll(context, options);
  if (options['force'] === true && options['follow'] === true)
    throw new UsageError('--force is for one run: not with --follow');
  const how = passOptions(options, voice);
  if (options['follow'] !== true) return rollOnce(hosts, around, how, voice);
  const interval = options['interval'];
  const settings =
    typeof interval === 'string'
      ? { ...around.settings, intervalMs: parseSeconds({ value: interval, from: '--interval' }, 86_400) }
      : around.settings;
  await Promise.all(hosts.map((host) => follow(host, { ...around, settings }, how(host))));
  return ExitCode.ok;
}

function passOptions(options: Record<string, unknown>, voice: Voice): (host: HostSettings) => PassOptions {
  const given = options['yesBreak'];
  return (host) => ({
    ...(options['start'] === true && { start: true }),
    ...(options['force'] === true && {
      force: (decision: Decision, held: RollStep) =>
        agreesToBreak(host.name, decision, held, voice, typeof given === 'string' ? given : undefined),
    }),
  });
}

async function rollOnce(
  hosts: readonly HostSettings[],
  around: Surroundings,
  how: (host: HostSettings) => PassOptions,
  voice: Voice,
): Promise<number> {
  const ended: PlannedHost[] = [];
  let failed = false;
  // One after the other: what one is asked must not be mixed with what another tells.
  for (const host of hosts) {
    try {
      const { decision, hint } = await once(host, around, how(host));
      ended.push({ host: host.name, decision, ...(hint && { change: hint.join('\n') }) });
    } catch (error) {
      if (!(error instanceof MailanchorError) || around.signal.aborted) throw error;
      failed = true;
      voice.warn(`${host.name}: ${messageOf(error)}`);
    }
  }
  if (voice.json)
    voice.printJson({ hosts: ended.map(({ host, decision }) => ({ host, ...decisionJson(decision) })) });
  else if (voice.verbosity !== 'quiet' && ended.length > 0) voice.print(renderPlan(ended, voice));
  const stuck = ended.some(({ decision }) => ['broken', 'blocked'].includes(decision.state));
  if (stuck) return ExitCode.failed;
  return failed || ended.some(({ decision }) => decision.state === 'unseen') ? ExitCode.unknown : ExitCode.ok;
}
