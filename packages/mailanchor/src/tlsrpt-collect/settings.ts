/** The settings of `mailanchor tlsrpt collect`, read and checked. */
import { resolve } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import { UsageError } from '../errors.ts';
import { parsePort } from '../options/given.ts';
import {
  type LookupSettings,
  type NamedFile,
  namedFile,
  optional,
  readLookupSettings,
} from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';
import { parseSocketPath } from '../policy-service/listen.ts';
import type { PolicySettings } from '../policy-service/settings.ts';
import { type Place, parsePlace } from '../resolver-service/settings.ts';
import { DEFAULT_DATABASE } from '../tlsrpt/settings.ts';

const METRICS_PORT = 9156;

export interface CollectSettings {
  readonly lookup: LookupSettings;
  readonly database: string;
  /** Absolute: the position is kept under the path. */
  readonly logs: readonly string[];
  readonly journal: boolean;
  readonly stdin: boolean;
  /** Whether standard input has datagrams of libtlsrpt in place of log lines. */
  readonly libtlsrpt: boolean;
  readonly fromEnd: boolean;
  /** Path of the socket for programs. */
  readonly listen: NamedFile | undefined;
  readonly metrics: Place | undefined;
  readonly sts: PolicySettings['sts'];
}

/** Throws `UsageError`. */
export function readCollectSettings(
  sources: Sources,
  config: LoadedConfig | undefined,
  stdin: boolean,
): CollectSettings {
  const database = sources.one('database') ?? config?.get('tlsrpt.database')?.at(-1);
  const listen = sources.one('listen');
  const settings: CollectSettings = {
    lookup: readLookupSettings(sources),
    database: optional(database, namedFile)?.path ?? DEFAULT_DATABASE,
    logs: [...new Set(sources.all('log').map((given) => resolve(namedFile(given).path)))],
    journal: sources.on('journal'),
    stdin,
    libtlsrpt: sources.on('libtlsrpt'),
    fromEnd: sources.on('from-end'),
    listen: listen && { path: parseSocketPath(listen), from: listen.from },
    metrics: optional(sources.one('metrics'), (given) => parsePlace(given, METRICS_PORT)),
    sts: {
      port: optional(sources.one('sts-port'), parsePort),
      ca: optional(sources.one('sts-ca'), namedFile),
      privateAddresses: sources.on('sts-private-addresses'),
    },
  };
  if (settings.libtlsrpt && !stdin)
    throw new UsageError('--libtlsrpt reads datagrams from standard input: give - as well');
  if (settings.logs.length === 0 && !settings.journal && !stdin && !listen) {
    throw new UsageError(
      'nothing to collect from: give --log FILE, --journal, --listen unix:PATH, or - for standard input',
    );
  }
  return settings;
}
