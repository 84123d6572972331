/** What every command does first: gather its settings from everywhere and find its voice. */
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { type Context, Voice } from '../context.ts';
import { Sources } from './sources.ts';

export interface Common {
  readonly sources: Sources;
  readonly voice: Voice;
  /** The configuration file, where there is one: for settings that are lists or maps of records. */
  readonly config?: LoadedConfig;
}

/** For commands without configuration file. */
export function readVoice(context: Context, options: Record<string, unknown>): Common {
  const sources = new Sources(options, context.environment);
  const voice = new Voice(context, {
    json: sources.on('json'),
    quiet: sources.on('quiet'),
    verbose: sources.on('verbose'),
  });
  return { sources, voice };
}

/** With the configuration file, if there is one; `section` is the command's own part of it. */
export async function readCommon(
  context: Context,
  options: Record<string, unknown>,
  section?: string,
): Promise<Common> {
  const { sources, voice } = readVoice(context, options);
  const config = await loadConfig(sources);
  if (config) voice.detail(`configuration: ${config.file}`);
  return {
    sources: sources.over(section ? config?.section(section) : config),
    voice,
    ...(config && { config }),
  };
}
