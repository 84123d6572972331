/**
 * Where settings come from, strongest first: command line, environment (`MAILANCHOR_<OPTION>`), configuration file, default. A value keeps its
 * origin, see `Given`.
 */
import type { OptionValues } from 'commander';
import { type Given, parseSwitch } from './given.ts';

export interface ConfigValues {
  /** Values of a setting, by the option's long name without dashes; a switch is `true` or `false`. */
  get(key: string): readonly Given[] | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export class Sources {
  readonly #options: OptionValues;
  readonly #environment: Environment;
  readonly #config: ConfigValues | undefined;

  constructor(options: OptionValues, environment: Environment, config?: ConfigValues) {
    this.#options = options;
    this.#environment = environment;
    this.#config = config;
  }

  /** The same command line and environment over a configuration file. */
  over(config: ConfigValues | undefined): Sources {
    return new Sources(this.#options, this.#environment, config);
  }

  /** The setting's value; undefined where nobody gave one. */
  one(key: string): Given | undefined {
    return this.all(key).at(-1);
  }

  /** Every value of a setting that may be repeated, all from the strongest place that has any. */
  all(key: string): readonly Given[] {
    const given: unknown = this.#options[camelCase(key)];
    const from = `--${key}`;
    if (Array.isArray(given)) return given.map((value) => ({ value: String(value), from }));
    if (typeof given === 'string') return [{ value: given, from }];
    // `--no-connect`. What is true may be commander's default, and then says nothing.
    if (given === false) return [{ value: 'false', from: `--no-${key}` }];
    const variable = variableOf(key);
    const text = this.#environment[variable];
    // An empty variable is one that is not set: that is how a shell takes a setting back.
    if (text !== undefined && text.trim() !== '') {
      return REPEATABLE.has(key)
        ? text
            .split(/[\s,]+/)
            .filter((value) => value !== '')
            .map((value) => ({ value, from: variable }))
        : [{ value: text, from: variable }];
    }
    return this.#config?.get(key) ?? [];
  }

  on(key: string): boolean {
    const given: unknown = this.#options[camelCase(key)];
    if (typeof given === 'boolean') return given;
    const value = this.one(key);
    return value !== undefined && parseSwitch(value);
  }
}

/** Options that may be given several times; in the environment their values stand beside each other. */
const REPEATABLE = new Set([
  'forward-zone',
  'from-address',
  'insecure-zone',
  'listen',
  'listen-tls',
  'tcp-table',
  'allow',
  'log',
  'maildir',
  'domain',
]);

export function variableOf(key: string): string {
  return `MAILANCHOR_${key.toUpperCase().replaceAll('-', '_')}`;
}

function camelCase(key: string): string {
  return key.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
