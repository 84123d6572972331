/** The settings of `mailanchor resolver`, read and checked. */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { bad, type Given, parseInteger } from '../options/given.ts';
import {
  type LookupSettings,
  type NamedFile,
  namedFile,
  optional,
  readLookupSettings,
} from '../options/lookup.ts';
import type { Environment, Sources } from '../options/sources.ts';
import { LOOPBACK, type Network, parseNetwork } from './access.ts';

export interface Place {
  readonly address: string;
  /** 0: one that is free. */
  readonly port: number;
}

export interface ServiceSettings {
  readonly lookup: LookupSettings;
  /** UDP and TCP. */
  readonly listen: readonly Place[];
  /** Whether the user chose `listen`: a default that cannot be had on this machine may be left out. */
  readonly listenIsDefault: boolean;
  /** DNS over TLS. */
  readonly listenTls: readonly Place[];
  readonly tls: { readonly cert: NamedFile; readonly key: NamedFile } | undefined;
  readonly allow: readonly Network[];
  readonly metrics: Place | undefined;
  /** The folder of what outlives the process. */
  readonly state: NamedFile | undefined;
  /** The file in which trust anchors follow their rollovers (rfc5011); undefined: they stay as they are. */
  readonly trustAnchorState: NamedFile | undefined;
  /** Octets for validated answers, and for encoded responses. */
  readonly answerCacheOctets: number;
  readonly packetCacheOctets: number;
  readonly outstanding: { readonly total: number; readonly perClient: number };
}

const DNS_PORT = 53;
const TLS_PORT = 853;
const METRICS_PORT = 9153;
const DEFAULT_LISTEN: readonly Place[] = [
  { address: '127.0.0.1', port: DNS_PORT },
  { address: '::1', port: DNS_PORT },
];
const DEFAULT_CACHE_MIB = 96;
const MIB = 1024 * 1024;
const DEFAULT_OUTSTANDING = 4000;
const DEFAULT_PER_CLIENT = 2000;

export function readServiceSettings(sources: Sources, environment: Environment = {}): ServiceSettings {
  const listen = sources.all('listen').map((given) => parsePlace(given, DNS_PORT));
  const listenTls = sources.all('listen-tls').map((given) => parsePlace(given, TLS_PORT));
  const cert = optional(sources.one('tls-cert'), namedFile);
  const key = optional(sources.one('tls-key'), namedFile);
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert ? [cert, '--tls-key'] : [key!, '--tls-cert'];
    throw new UsageError(`${given.from} needs ${missing} beside it`);
  }
  if (listenTls.length > 0 && !cert) throw new UsageError('--listen-tls needs --tls-cert and --tls-key');
  const allow = sources.all('allow').map(parseNetwork);
  const cacheOctets =
    MIB *
    (optional(sources.one('cache-size'), (given) => parseInteger(given, 1, 65536)) ?? DEFAULT_CACHE_MIB);
  const total =
    optional(sources.one('max-queries'), (given) => parseInteger(given, 1, 1_000_000)) ?? DEFAULT_OUTSTANDING;
  return {
    lookup: readLookupSettings(sources),
    listen: listen.length > 0 ? listen : DEFAULT_LISTEN,
    listenIsDefault: listen.length === 0,
    listenTls,
    tls: cert && key ? { cert, key } : undefined,
    allow: allow.length > 0 ? allow : LOOPBACK,
    metrics: optional(sources.one('metrics'), (given) => parsePlace(given, METRICS_PORT)),
    state: optional(sources.one('state'), namedFile),
    trustAnchorState: anchorState(sources.one('trust-anchor-state'), environment),
    // Encoded responses are small beside what proves them.
    answerCacheOctets: Math.floor((cacheOctets * 2) / 3),
    packetCacheOctets: Math.floor(cacheOctets / 3),
    outstanding: {
      total,
      perClient:
        optional(sources.one('max-queries-per-client'), (given) => parseInteger(given, 1, 1_000_000)) ??
        Math.min(total, DEFAULT_PER_CLIENT),
    },
  };
}

const ANCHOR_STATE_FILE = 'trust-anchors.json';

/** Where systemd has given the service a folder of its own, trust anchors are followed there unless told `none`. */
function anchorState(given: Given | undefined, environment: Environment): NamedFile | undefined {
  if (given) return given.value === 'none' ? undefined : namedFile(given);
  // systemd.exec(5): several folders are separated by colons.
  const folder = (environment['STATE_DIRECTORY'] ?? '').split(':')[0]!;
  return folder === ''
    ? undefined
    : { path: join(folder, ANCHOR_STATE_FILE), from: 'STATE_DIRECTORY of systemd' };
}

/** `192.0.2.1`, `192.0.2.1:53`, `[2001:db8::1]:53`, a bare IPv6 address; port 0 is one that is free. Throws `UsageError`. */
export function parsePlace(given: Given, defaultPort: number): Place {
  const text = given.value.trim();
  if (isIP(text) !== 0) return { address: text, port: defaultPort };
  const parts = /^(?:\[([^\]]+)\]|([0-9.]+))(?::([0-9]+))?$/.exec(text);
  const address = parts?.[1] ?? parts?.[2] ?? '';
  if (!parts || isIP(address) !== (parts[1] === undefined ? 4 : 6)) {
    throw bad(given, `an address such as 127.0.0.1, 127.0.0.1:${defaultPort} or [::1]:${defaultPort}`);
  }
  return {
    address,
    port: parts[3] === undefined ? defaultPort : parseInteger({ ...given, value: parts[3] }, 0, 65535),
  };
}

/** As it is written: `127.0.0.1:53`, `[::1]:53`. */
export function placeToText({ address, port }: Place): string {
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}
