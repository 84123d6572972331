/**
 * A setting as the user gave it, and where: every complaint about a value names the place to mend. One set of parsers serves the command line,
 * the environment and the configuration file alike.
 */
import { UsageError } from '../errors.ts';

export interface Given {
  readonly value: string;
  /** `--dns-port`, `MAILANCHOR_DNS_PORT` or `mailanchor.yaml:3: dns-port`. */
  readonly from: string;
  /** The folder that relative paths start from, where that is not the working directory. */
  readonly base?: string;
}

export function bad(given: Given, wants: string): UsageError {
  return new UsageError(`${given.from}: ${shown(given.value)} is not ${wants}`);
}

/** A user's text, fit for one line of an error. */
export function shown(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(short);
}

export function parseInteger(given: Given, min: number, max: number): number {
  const value = /^[0-9]{1,9}$/.test(given.value.trim()) ? Number(given.value) : Number.NaN;
  if (!(value >= min && value <= max)) throw bad(given, `a whole number from ${min} to ${max}`);
  return value;
}

export function parsePort(given: Given): number {
  return parseInteger(given, 1, 65535);
}

/** Seconds, fractions allowed, given back in milliseconds. */
export function parseSeconds(given: Given, max: number): number {
  const text = given.value.trim();
  const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= max)) throw bad(given, `a number of seconds above 0 and up to ${max}`);
  return Math.max(1, Math.round(value * 1000));
}

export function parseChoice<const T extends string>(given: Given, choices: readonly T[]): T {
  const value = given.value.trim().toLowerCase();
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw bad(given, `one of ${choices.join(', ')}`);
  return found;
}

/** Of a switch in the environment; on the command line a switch is there or it is not. */
export function parseSwitch(given: Given): boolean {
  const value = given.value.trim().toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(value)) return true;
  if (['', '0', 'false', 'no', 'off'].includes(value)) return false;
  throw bad(given, 'yes or no');
}
