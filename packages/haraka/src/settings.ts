/** `mailanchor.ini`, and what of Haraka's own configuration matters. A setting that cannot be is an error at the start, not a guess. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import {
  createResolver,
  parseRootHints,
  parseTrustAnchors,
  type Resolver,
  type ResolverOptions,
} from '@mailanchor/dnssec';
import type { ConnectMxOptions } from '@mailanchor/smtp';
import type { Config, Ini } from './haraka.ts';
import type { ReportSettings } from './reports.ts';

type Mode = NonNullable<ConnectMxOptions['mode']>;

export interface Settings {
  readonly mode: Mode;
  /** By domain in lower case. */
  readonly modes: ReadonlyMap<string, Mode>;
  readonly relays: ReadonlyMap<string, string>;
  readonly connect: Pick<
    ConnectMxOptions,
    'port' | 'insecureMx' | 'helo' | 'localAddress' | 'timeoutMs' | 'sts' | 'resolver' | 'ca'
  >;
  readonly offerRequireTls: boolean;
  /** Domains and hosts of `force_tls_hosts` in Haraka's tls.ini, lower case. */
  readonly forced: ReadonlySet<string>;
  readonly reports: ReportSettings;
}

const BOOLEANS = ['+sts', '-offer_requiretls'];
/** Haraka's own, in seconds, where outbound.ini says nothing. */
const CONNECT_TIMEOUT = 30;
/** Seconds in which our answer still reaches Haraka. */
const MARGIN = 2;

/** Throws `Error` with a line that names file and setting. */
export function readSettings(config: Config, changed: () => void): Settings {
  const ini = config.get('mailanchor.ini', { booleans: BOOLEANS }, changed);
  const { main, resolver = {}, modes = {}, relays = {} } = ini;
  const outbound = config.get('outbound.ini', {});
  const connectTimeout = Number(outbound.main['connect_timeout'] ?? CONNECT_TIMEOUT);
  const timeout = number(main, 'timeout', Math.max(1, connectTimeout - MARGIN));
  const local = text(main, 'local_address');
  const helo = text(main, 'helo') ?? config.get('me') ?? undefined;
  const ca = text(main, 'sts_ca');
  return {
    mode: oneOf(main, 'mode', MODES, 'opportunistic'),
    modes: new Map(
      Object.keys(modes).map((domain) => [
        domain.toLowerCase(),
        oneOf(modes, domain, MODES, 'opportunistic'),
      ]),
    ),
    relays: new Map(Object.entries(relays).map(([domain, host]) => [domain.toLowerCase(), String(host)])),
    connect: {
      port: number(main, 'port', 25),
      insecureMx: oneOf(main, 'insecure_mx', ['dane', 'encrypt', 'may'], 'dane'),
      timeoutMs: timeout * 1000,
      ...(helo !== undefined && { helo }),
      ...(local !== undefined && { localAddress: addresses(local) }),
      ...(main['sts'] === false && { sts: false as const }),
      ...(ca !== undefined && { ca: [readFileSync(ca, 'utf8')] }),
      ...openResolver(resolver),
    },
    forced: forcedHosts(config.get('tls.ini', {})),
    offerRequireTls: main['offer_requiretls'] === true,
    reports: { socket: text(main, 'report_socket'), file: text(main, 'report_file') },
  };
}

/** Where the section has none, Haraka takes the list of the whole. */
function forcedHosts({ main, ['outbound']: outbound = {} }: Ini): Set<string> {
  const list: unknown = outbound['force_tls_hosts'] ?? main['force_tls_hosts'] ?? [];
  return new Set([list].flat().map((host) => String(host).toLowerCase()));
}

const MODES = ['opportunistic', 'dane-only', 'audit'] as const;

function openResolver(section: Section): { resolver?: Resolver } {
  const forward = text(section, 'forward');
  const hints = text(section, 'root_hints');
  const anchor = text(section, 'trust_anchor');
  const options: ResolverOptions = {
    ...(forward !== undefined && {
      mode: { kind: 'forward', servers: addresses(forward).map((address) => ({ address, port: 53 })) },
    }),
    ...(hints !== undefined && { rootHints: parseRootHints(readFileSync(hints, 'utf8')) }),
    ...(anchor !== undefined && { trustAnchors: parseTrustAnchors(readFileSync(anchor, 'utf8')) }),
    ...(section['dns_port'] !== undefined && { dnsPort: number(section, 'dns_port', 53) }),
  };
  return Object.keys(options).length > 0 ? { resolver: createResolver(options) } : {};
}

type Section = NonNullable<Ini[string]>;

function text(section: Section, name: string): string | undefined {
  const value = section[name];
  return value === undefined || value === '' ? undefined : String(value);
}

function number(section: Section, name: string, standard: number): number {
  const value = section[name] === undefined ? standard : Number(section[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`mailanchor.ini: ${name} must be a number above 0`);
  return value;
}

function oneOf<T extends string>(section: Section, name: string, all: readonly T[], standard: T): T {
  const value = text(section, name) ?? standard;
  const found = all.find((one) => one === value);
  if (found === undefined) throw new Error(`mailanchor.ini: ${name} must be one of ${all.join(', ')}`);
  return found;
}

function addresses(list: string): string[] {
  const all = list.split(/[\s,]+/).filter(Boolean);
  const bad = all.find((address) => isIP(address) === 0);
  if (bad !== undefined) throw new Error(`mailanchor.ini: ${bad} is no IP address`);
  return all;
}
