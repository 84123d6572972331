/** The settings of `mailanchor policy`, read and checked. */
import { join } from 'node:path';
import { type Given, parseChoice, parseInteger, parsePort } from '../options/given.ts';
import {
  type LookupSettings,
  type NamedFile,
  namedFile,
  optional,
  readLookupSettings,
} from '../options/lookup.ts';
import type { Environment, Sources } from '../options/sources.ts';
import { LOOPBACK, type Network, parseNetwork } from '../resolver-service/access.ts';
import { type Place, parsePlace } from '../resolver-service/settings.ts';
import { type ListenPlace, parseListenPlace, parseSocketPath } from './listen.ts';
import { type Override, readOverrides } from './overrides.ts';

export interface PolicySettings {
  readonly lookup: LookupSettings;
  readonly listen: readonly ListenPlace[];
  /** Whether the user chose `listen`: sockets of systemd stand in for a default. */
  readonly listenIsDefault: boolean;
  readonly tcpTable: readonly ListenPlace[];
  readonly allow: readonly Network[];
  /** Path of the socket for query, dump and purge. */
  readonly control: NamedFile | undefined;
  readonly metrics: Place | undefined;
  /** The folder of what outlives the process. */
  readonly state: NamedFile | undefined;
  readonly cacheEntries: number;
  readonly maxLookups: number;
  readonly maxConnections: number;
  readonly partialDane: 'dane' | 'sts';
  /** Of MTA-STS policy hosts; set by labs. */
  readonly sts: {
    readonly port: number | undefined;
    readonly ca: NamedFile | undefined;
    readonly privateAddresses: boolean;
  };
  /** Whether every answer bears its attributes for TLS reports, asked for or not. */
  readonly tlsrptAttributes: boolean;
  readonly overrides: readonly Override[];
}

export const SOCKETMAP_PORT = 8461;
const TCP_TABLE_PORT = 8462;
const METRICS_PORT = 9154;
/** Where the units of systemd have it. */
export const DEFAULT_CONTROL = '/run/mailanchor-policy/control';

export function readPolicySettings(sources: Sources, environment: Environment = {}): PolicySettings {
  const listen = sources.all('listen').map((given) => parseListenPlace(given, SOCKETMAP_PORT));
  const allow = sources.all('allow').map(parseNetwork);
  const count = (key: string, most: number, otherwise: number) =>
    optional(sources.one(key), (given) => parseInteger(given, 1, most)) ?? otherwise;
  return {
    lookup: readLookupSettings(sources),
    listen:
      listen.length > 0
        ? listen
        : [{ kind: 'tcp', place: { address: '127.0.0.1', port: SOCKETMAP_PORT }, from: '--listen' }],
    listenIsDefault: listen.length === 0,
    tcpTable: sources.all('tcp-table').map((given) => parseListenPlace(given, TCP_TABLE_PORT)),
    allow: allow.length > 0 ? allow : LOOPBACK,
    control: controlPath(sources.one('control'), environment),
    metrics: optional(sources.one('metrics'), (given) => parsePlace(given, METRICS_PORT)),
    state: optional(sources.one('state'), namedFile),
    cacheEntries: count('cache-entries', 10_000_000, 100_000),
    maxLookups: count('max-lookups', 100_000, 500),
    maxConnections: count('max-connections', 1_000_000, 10_000),
    partialDane:
      optional(sources.one('partial-dane'), (given) => parseChoice(given, ['dane', 'sts'])) ?? 'dane',
    sts: {
      port: optional(sources.one('sts-port'), parsePort),
      ca: optional(sources.one('sts-ca'), namedFile),
      privateAddresses: sources.on('sts-private-addresses'),
    },
    tlsrptAttributes: sources.on('tlsrpt-attributes'),
    overrides: readOverrides(sources),
  };
}

/** Where systemd has given the service a folder for its sockets, it is there unless told otherwise. */
function controlPath(given: Given | undefined, environment: Environment): NamedFile | undefined {
  if (given) return given.value === 'none' ? undefined : { path: parseSocketPath(given), from: given.from };
  const folder = (environment['RUNTIME_DIRECTORY'] ?? '').split(':')[0]!;
  return folder === '' ? undefined : { path: join(folder, 'control'), from: 'RUNTIME_DIRECTORY of systemd' };
}
