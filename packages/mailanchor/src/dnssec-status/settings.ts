/** The settings of `dnssec-status` beside those of every lookup. */
import { UsageError } from '../errors.ts';
import { bad, parseChoice, parseInteger } from '../options/given.ts';
import { type LookupSettings, optional, readLookupSettings } from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';

/** Zones at a time. */
const DEFAULT_PARALLEL = 32;
/** Days before the end of signatures: signers renew them earlier. */
const DEFAULT_DAYS = 3;

export interface DnssecStatusSettings {
  readonly lookup: LookupSettings;
  readonly parallel: number;
  readonly days: number;
  /** Whether every authoritative server is asked by itself; undefined: for single zones, not for lists. */
  readonly servers: 'all' | 'one' | undefined;
  readonly digestTypes: readonly number[];
  readonly output: string | undefined;
  readonly resume: boolean;
}

export function readDnssecStatusSettings(sources: Sources): DnssecStatusSettings {
  const output = optional(sources.one('output'), ({ value }) => value);
  const resume = sources.on('resume');
  if (resume && output === undefined)
    throw new UsageError('--resume goes on with the file of --output: give that too');
  return {
    lookup: readLookupSettings(sources),
    parallel: optional(sources.one('parallel'), (given) => parseInteger(given, 1, 1024)) ?? DEFAULT_PARALLEL,
    days: optional(sources.one('days'), (given) => parseInteger(given, 1, 3650)) ?? DEFAULT_DAYS,
    servers: optional(sources.one('servers'), (given) => parseChoice(given, ['all', 'one'])),
    digestTypes: optional(sources.one('digest'), (given) => {
      const types = given.value.split(/[\s,]+/).map((value) => parseInteger({ ...given, value }, 0, 255));
      // SHA-1 is given up (RFC 9905), and nobody computes the others.
      if (types.length === 0 || types.some((type) => type !== 2 && type !== 4)) {
        throw bad(given, '2 (SHA-256), 4 (SHA-384), or both: 2,4');
      }
      return [...new Set(types)];
    }) ?? [2],
    output,
    resume,
  };
}
