/** What the commands of rollovers begin with: settings, voice, publishers. */

import { clockFrom } from '../clock.ts';
import type { LoadedConfig } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import type { Context, Voice } from '../context.ts';
import { readVoice } from '../options/common.ts';
import { readLookupSettings } from '../options/lookup.ts';
import { openPublisher } from '../tlsa-publish/open-publisher.ts';
import { teller } from './events.ts';
import type { Surroundings } from './pass.ts';
import { chosenHosts, type HostSettings, readRollSettings } from './settings.ts';

export interface OpenedRoll {
  readonly voice: Voice;
  readonly config: LoadedConfig | undefined;
  readonly around: Surroundings;
  readonly hosts: readonly HostSettings[];
}

/** Milliseconds that a step which is under way has when the program is stopped: a command that deploys is let end. */
const GRACE_MS = 150_000;

/** Throws `UsageError`. */
export async function openRoll(context: Context, options: Record<string, unknown>): Promise<OpenedRoll> {
  if (context.process) context.process.graceMs = GRACE_MS;
  const { sources: plain, voice } = readVoice(context, options);
  const config = await loadConfig(plain);
  if (config) voice.detail(`configuration: ${config.file}`);
  const sources = plain.over(config);
  const settings = readRollSettings(config);
  const hosts = chosenHosts(settings, plain.all('host'));
  const lookup = readLookupSettings(sources);
  const clock = clockFrom(lookup.at);
  const around: Surroundings = {
    settings,
    lookup,
    clock,
    signal: context.signal,
    tell: teller(voice, clock),
    publisherOf: async ({ publisher }) =>
      publisher &&
      openPublisher(config, publisher.value, publisher.from, { clock, warn: (text) => voice.warn(text) }),
    ...(options['removeOthers'] === true && { strangers: 'remove' as const }),
  };
  return { voice, config, around, hosts };
}
