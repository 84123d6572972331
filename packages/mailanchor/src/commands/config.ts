/** `mailanchor config check|schema` */
import { z } from 'zod';
import { readCheckSettings } from '../check/settings.ts';
import { DEFAULT_CONFIG_FILES, findConfig, type LoadedConfig, readConfig } from '../config/load.ts';
import { configSchema } from '../config/schema.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { openLookup } from '../lookup.ts';
import { readVoice } from '../options/common.ts';
import { Sources } from '../options/sources.ts';

export async function runConfigCheck(
  argument: string | undefined,
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const { sources, voice } = readVoice(context, options);
  const file = argument ?? (await findConfig(sources));
  if (file === undefined) {
    throw new UsageError(
      `config check: there is no configuration (${DEFAULT_CONFIG_FILES.join(', ')}). Name one with --config`,
    );
  }
  const config = await readConfig(file);
  // The file alone is judged, whatever the environment would put in its place; the files it names are read as a command would.
  const settings = readCheckSettings(new Sources({}, {}, config.section('check')));
  const lookup = await openLookup(settings.lookup);
  await lookup.close();
  const { openPublisher, publisherNames } = await import('../tlsa-publish/open-publisher.ts');
  const surroundings = { warn: (text: string) => voice.warn(text), clock: lookup.clock };
  for (const name of publisherNames(config)) await openPublisher(config, name, file, surroundings);
  if (config.settings.watch) await checkWatch(config);
  if (config.settings.tlsa) await checkHosts(config);
  if (voice.json) voice.printJson({ file, valid: true });
  else if (voice.verbosity !== 'quiet') voice.print([`${voice.paint.good('✔')} ${file} is valid`]);
  return ExitCode.ok;
}

/** Targets, times and channels; where the history is kept is for whoever starts it to say. */
async function checkWatch(config: LoadedConfig): Promise<void> {
  const { readWatchSettings } = await import('../watch/settings.ts');
  const { openChannels } = await import('../watch/channels.ts');
  const { channels } = readWatchSettings(new Sources({ state: 'history' }, {}), config, {});
  await openChannels(channels, 'localhost');
}

/** Hosts and what they name; their certificates are looked at by `tlsa plan`. */
async function checkHosts(config: LoadedConfig): Promise<void> {
  const { readRollSettings } = await import('../tlsa-roll/settings.ts');
  const known = Object.keys(config.settings.publishers ?? {});
  for (const { publisher } of readRollSettings(config).hosts) {
    if (publisher && !known.includes(publisher.value))
      throw new UsageError(`${publisher.from}: there is no publisher ${JSON.stringify(publisher.value)}`);
  }
}

export async function runConfigSchema(context: Context): Promise<number> {
  const schema = { title: 'Mailanchor configuration', ...z.toJSONSchema(configSchema) };
  context.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  return ExitCode.ok;
}
