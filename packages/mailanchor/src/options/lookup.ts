/** The settings that every command with lookups takes, read and checked. */
import { resolve } from 'node:path';
import type { Name } from '@mailanchor/dns';
import { type Given, parseChoice, parseInteger, parsePort, parseSeconds } from './given.ts';
import { parseInstant } from './instant.ts';
import {
  type ForwardZone,
  parseForwardZone,
  parseResolver,
  parseZone,
  type ResolverMode,
} from './resolver-spec.ts';
import type { Sources } from './sources.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_NSEC3_ITERATIONS = 50;

/** A file that a setting names. `from` says which setting, for errors. */
export interface NamedFile {
  readonly path: string;
  readonly from: string;
}

export interface LookupSettings {
  readonly mode: ResolverMode;
  readonly forwardZones: readonly ForwardZone[];
  readonly qnameMinimisation: 'on' | 'relaxed' | 'off';
  readonly rootHints: NamedFile | undefined;
  readonly trustAnchor: NamedFile | undefined;
  readonly dnsPort: number;
  /** Milliseconds since the epoch at which the clock starts; undefined: it is the system's. */
  readonly at: number | undefined;
  readonly insecureZones: readonly Name[];
  readonly nsec3Iterations: number;
  /** Milliseconds for one target. */
  readonly timeoutMs: number;
}

export function readLookupSettings(sources: Sources): LookupSettings {
  const resolver = sources.one('resolver');
  return {
    mode: resolver ? parseResolver(resolver) : { kind: 'iterate' },
    forwardZones: mergeZones(sources.all('forward-zone').map(parseForwardZone)),
    qnameMinimisation:
      optional(sources.one('qname-minimisation'), (given) => parseChoice(given, ['on', 'relaxed', 'off'])) ??
      'relaxed',
    rootHints: optional(sources.one('root-hints'), namedFile),
    trustAnchor: optional(sources.one('trust-anchor'), namedFile),
    dnsPort: optional(sources.one('dns-port'), parsePort) ?? 53,
    at: optional(sources.one('at'), parseInstant),
    insecureZones: sources.all('insecure-zone').map(parseZone),
    nsec3Iterations:
      optional(sources.one('nsec3-iterations'), (given) => parseInteger(given, 0, 65535)) ??
      DEFAULT_NSEC3_ITERATIONS,
    timeoutMs: optional(sources.one('timeout'), (given) => parseSeconds(given, 3600)) ?? DEFAULT_TIMEOUT_MS,
  };
}

export function optional<T>(given: Given | undefined, parse: (given: Given) => T): T | undefined {
  return given && parse(given);
}

/** A path of the configuration file starts from that file's folder. */
export function namedFile(given: Given): NamedFile {
  return {
    path: given.base === undefined ? given.value : resolve(given.base, given.value),
    from: given.from,
  };
}

/** Several servers of one zone stand beside each other. */
function mergeZones(zones: readonly ForwardZone[]): readonly ForwardZone[] {
  const merged = new Map<string, ForwardZone>();
  for (const { zone, servers } of zones) {
    const before = merged.get(zone.key);
    merged.set(zone.key, { zone, servers: [...(before?.servers ?? []), ...servers] });
  }
  return [...merged.values()];
}
