/** The settings of `check` beside those of every lookup. */
import { isIP } from 'node:net';
import { UsageError } from '../errors.ts';
import { bad, type Given, parseChoice, parseInteger, parsePort, parseSwitch } from '../options/given.ts';
import {
  type LookupSettings,
  type NamedFile,
  namedFile,
  optional,
  readLookupSettings,
} from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';

/** Targets at a time. */
const DEFAULT_PARALLEL = 8;

export interface CheckSettings {
  readonly lookup: LookupSettings;
  readonly port: number | undefined;
  readonly connect: boolean;
  /** One of each family at most; empty: the system chooses. */
  readonly fromAddresses: readonly string[];
  readonly helo: string | undefined;
  readonly parallel: number;
  /** Days ahead; undefined: the checks' own. */
  readonly days: number | undefined;
  /** Whether every authoritative server is asked by itself; undefined: for single targets, not for lists. */
  readonly servers: 'all' | 'one' | undefined;
  /** Of MTA-STS policy hosts; set by labs. */
  readonly sts: {
    readonly port: number | undefined;
    readonly ca: NamedFile | undefined;
    readonly privateAddresses: boolean;
  };
  /** Whether older versions of TLS are asked for; a profile may want it too. */
  readonly tlsVersions: boolean;
  /** Name or file of a profile. */
  readonly profile: string | undefined;
  /** Where the page goes. */
  readonly html: string | undefined;
  /** Where results go as JSON lines. */
  readonly output: string | undefined;
  /** Whether `output` is gone on with. */
  readonly resume: boolean;
}

export function readCheckSettings(sources: Sources): CheckSettings {
  const connect = sources.one('connect');
  const output = optional(sources.one('output'), ({ value }) => value);
  const resume = sources.on('resume');
  if (resume && output === undefined)
    throw new UsageError('--resume goes on with the file of --output: give that too');
  const html = optional(sources.one('html'), ({ value }) => value);
  if (html !== undefined && html === output)
    throw new UsageError('--html and --output name the same file: each needs its own');
  return {
    lookup: readLookupSettings(sources),
    port: optional(sources.one('port'), parsePort),
    connect: connect ? parseSwitch(connect) : true,
    fromAddresses: readFromAddresses(sources.all('from-address')),
    helo: optional(sources.one('helo'), (given) => {
      const helo = given.value.trim();
      // Printable and without space: a line break here would be a command of its own.
      if (!/^[\x21-\x7e]{1,255}$/.test(helo)) throw bad(given, 'a host name');
      return helo;
    }),
    parallel: optional(sources.one('parallel'), (given) => parseInteger(given, 1, 256)) ?? DEFAULT_PARALLEL,
    days: optional(sources.one('days'), (given) => parseInteger(given, 1, 3650)),
    servers: optional(sources.one('servers'), (given) => parseChoice(given, ['all', 'one'])),
    sts: {
      port: optional(sources.one('sts-port'), parsePort),
      ca: optional(sources.one('sts-ca'), namedFile),
      privateAddresses: optional(sources.one('sts-private-addresses'), parseSwitch) ?? false,
    },
    tlsVersions: sources.on('tls-versions'),
    profile: optional(sources.one('profile'), ({ value }) => value),
    html,
    output,
    resume,
  };
}

function readFromAddresses(given: readonly Given[]): readonly string[] {
  const addresses = new Map<number, string>();
  for (const each of given) {
    // An IPv4 address mapped into IPv6 connects to IPv4 only: it is taken as what it is.
    const address = each.value.trim().replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(address);
    if (family === 0) throw bad(each, 'an IP address');
    if (addresses.has(family)) throw new UsageError(`${each.from}: one IPv4 and one IPv6 address at most`);
    addresses.set(family, address);
  }
  return [...addresses.values()];
}
