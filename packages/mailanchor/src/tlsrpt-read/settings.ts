/** The settings of `mailanchor tlsrpt read`, `listen` and `reports`, read and checked. */
import { parseDomain } from '@mailanchor/smtp';
import { UsageError } from '../errors.ts';
import { bad, type Given, parseInteger, parseSwitch } from '../options/given.ts';
import { parseInstant } from '../options/instant.ts';
import {
  type LookupSettings,
  type NamedFile,
  namedFile,
  optional,
  readLookupSettings,
} from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';
import { type Place, parsePlace } from '../resolver-service/settings.ts';

/** Where the units of systemd have it. */
export const DEFAULT_RECEIVED = '/var/lib/mailanchor-tlsrpt/received.sqlite';
const LISTEN_PORT = 8465;
const METRICS_PORT = 9157;
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

export interface ReadSettings {
  readonly lookup: LookupSettings;
  readonly database: string;
  /** Ours, each with all below it; none: all. A-labels. */
  readonly domains: readonly string[];
  readonly maildirs: readonly NamedFile[];
  /** Days for which reports are kept. */
  readonly retention: number;
  /** Whether signatures of mails are looked at. */
  readonly signatures: boolean;
}

export interface ListenSettings extends ReadSettings {
  readonly listen: Place;
  readonly path: string;
  readonly tls: { readonly cert: NamedFile; readonly key: NamedFile } | undefined;
  readonly metrics: Place | undefined;
}

export interface ReportsSettings {
  readonly database: string;
  readonly domains: readonly string[];
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly unverified: boolean;
}

/** Throws `UsageError`. */
export function readReadSettings(sources: Sources): ReadSettings {
  const signatures = sources.one('signatures');
  return {
    lookup: readLookupSettings(sources),
    database: databaseOf(sources),
    domains: sources.all('domain').map(domainName),
    maildirs: sources.all('maildir').map(namedFile),
    retention: optional(sources.one('retention'), (given) => parseInteger(given, 1, 3650)) ?? 400,
    signatures: signatures ? parseSwitch(signatures) : true,
  };
}

/** Throws `UsageError`. */
export function readListenSettings(sources: Sources): ListenSettings {
  const [cert, key] = [sources.one('tls-cert'), sources.one('tls-key')];
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError(`${(cert ?? key)!.from}: --tls-cert and --tls-key belong together`);
  const listen = sources.one('listen') ?? { value: `127.0.0.1:${LISTEN_PORT}`, from: '--listen' };
  return {
    ...readReadSettings(sources),
    listen: parsePlace(listen, LISTEN_PORT),
    path: optional(sources.one('path'), urlPath) ?? '/',
    tls: cert && key && { cert: namedFile(cert), key: namedFile(key) },
    metrics: optional(sources.one('metrics'), (given) => parsePlace(given, METRICS_PORT)),
  };
}

/** `now`: milliseconds since the epoch. Throws `UsageError`. */
export function readReportsSettings(sources: Sources, now: number): ReportsSettings {
  return {
    database: databaseOf(sources),
    domains: sources.all('domain').map(domainName),
    since: optional(sources.one('since'), (given) => sinceOf(given, now)) ?? now - DEFAULT_DAYS * DAY_MS,
    unverified: sources.on('unverified'),
  };
}

function databaseOf(sources: Sources): string {
  return optional(sources.one('database'), namedFile)?.path ?? DEFAULT_RECEIVED;
}

/** `7` or `7d`: so many days ago; else a time. */
function sinceOf(given: Given, now: number): number {
  const days = /^(\d{1,4})d?$/.exec(given.value.trim())?.[1];
  return days === undefined ? parseInstant(given) : now - Number(days) * DAY_MS;
}

function domainName(given: Given): string {
  try {
    return parseDomain(given.value.trim()).toLowerCase();
  } catch {
    throw bad(given, 'a domain name');
  }
}

function urlPath(given: Given): string {
  const path = given.value.trim();
  if (!/^\/[\w./~-]*$/.test(path)) throw bad(given, 'a path such as /tlsrpt');
  return path;
}
