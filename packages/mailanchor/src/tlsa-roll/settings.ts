/** The `tlsa` section of the configuration, read and checked. */
import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { type KeyPolicy, Matching, SETTLE_MS } from '@mailanchor/dane';
import { decodeAaaa, encodeAaaa } from '@mailanchor/dns';
import type { LoadedConfig } from '../config/load.ts';
import type { HostConfig } from '../config/schema-tlsa.ts';
import { UsageError } from '../errors.ts';
import { bad, type Given } from '../options/given.ts';
import { parseHostName } from '../options/host-name.ts';
import { type NamedFile, namedFile } from '../options/lookup.ts';

export type NextKeyKind = 'ecdsa' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';

export interface PairSettings {
  /** Undefined: by the kind of its key. */
  readonly label: string | undefined;
  readonly certificate: NamedFile;
  readonly key: NamedFile;
  /** Undefined: as the key in use. */
  readonly nextKey: NextKeyKind | undefined;
}

export interface HostSettings {
  /** As in the configuration, with its `*.` where it is a wildcard. */
  readonly name: string;
  /** What is looked up and connected to. */
  readonly host: string;
  readonly ports: readonly number[];
  /** Name of a publisher, and where the configuration says so. */
  readonly publisher: Given | undefined;
  readonly policy: KeyPolicy;
  /** Seconds. */
  readonly ttl: number;
  readonly matching: readonly number[];
  readonly tlsaBase: 'host' | 'target' | undefined;
  readonly pairs: readonly PairSettings[];
  /** Undefined: others deploy. */
  readonly deploy: readonly string[] | undefined;
  readonly issue: readonly string[] | undefined;
  readonly strangers: 'keep' | 'remove';
  /** Addresses that are not connected to. */
  readonly unreachable: readonly string[];
}

export interface RollSettings {
  readonly state: NamedFile;
  /** Milliseconds. */
  readonly settleMs: number;
  readonly intervalMs: number;
  readonly hosts: readonly HostSettings[];
}

const DEFAULT_INTERVAL_S = 60;
const DEFAULT_TTL = 3600;
const DEFAULT_PROBE = 'mailanchor-probe';

/** Throws `UsageError` where there is no such section, or what it names cannot be. */
export function readRollSettings(config: LoadedConfig | undefined): RollSettings {
  const settings = config?.settings.tlsa;
  if (!config || !settings) {
    throw new UsageError(
      'no hosts to look after: the configuration has no section `tlsa:` (docs/rollover.md shows one). Name the file with --config',
    );
  }
  const hosts = settings.hosts.map((host, i) =>
    readHost(host, (key, value) => config.given(['tlsa', 'hosts', i, key], value)),
  );
  const double = hosts.find(({ name }, i) => hosts.findIndex((other) => other.name === name) !== i);
  if (double) throw new UsageError(`${config.file}: tlsa.hosts names ${double.name} twice`);
  return {
    state: namedFile(config.given(['tlsa', 'state'], settings.state)),
    settleMs: settings.settle === undefined ? SETTLE_MS : settings.settle * 1000,
    intervalMs: (settings.interval ?? DEFAULT_INTERVAL_S) * 1000,
    hosts,
  };
}

function readHost(host: HostConfig, given: (key: string, value: unknown) => Given): HostSettings {
  const wildcard = host.name.startsWith('*.');
  const plain = parseHostName({ ...given('name', host.name), value: host.name.slice(wildcard ? 2 : 0) });
  const file = (value: string): NamedFile => namedFile(given(host.pairs ? 'pairs' : 'certificate', value));
  return {
    name: wildcard ? `*.${plain}` : plain,
    host: wildcard ? parseHostName(given('probe', `${host.probe ?? DEFAULT_PROBE}.${plain}`)) : plain,
    ports: [...new Set(host.ports ?? [25])],
    publisher: host.publisher === undefined ? undefined : given('publisher', host.publisher),
    policy: host.policy ?? 'current-next',
    ttl: host.ttl ?? DEFAULT_TTL,
    matching: [...new Set(host.matching ?? [Matching.SHA2_256])].sort(),
    tlsaBase: host['tlsa-base'],
    pairs: pairsOf(host).map((pair) => ({
      label: pair.label,
      certificate: file(pair.certificate),
      key: file(pair.key),
      nextKey: pair['next-key'],
    })),
    deploy:
      host.deploy === undefined || host.deploy === 'external'
        ? undefined
        : programOf(host.deploy, given('deploy', '')),
    issue: host.issue && programOf(host.issue, given('issue', '')),
    strangers: host.others ?? 'keep',
    unreachable: (host.unreachable ?? []).map((value) => parseAddress(given('unreachable', value))),
  };
}

/** As addresses are written where they come out of DNS. */
function parseAddress(given: Given): string {
  const text = given.value.trim();
  if (isIP(text) === 4) return text;
  if (isIP(text) === 6) return decodeAaaa(encodeAaaa(text));
  throw bad(given, 'an IPv4 or IPv6 address');
}

/** A host of one pair names it directly. */
function pairsOf({
  pairs,
  certificate = '',
  key = '',
  ...host
}: HostConfig): NonNullable<HostConfig['pairs']> {
  return pairs ?? [{ certificate, key, 'next-key': host['next-key'] }];
}

/** A program that is a path starts from the folder of the file; one that is a name is looked for in PATH. */
function programOf([program = '', ...args]: readonly string[], { base }: Given): readonly string[] {
  const isPath = program.includes('/') && !isAbsolute(program);
  return [isPath && base !== undefined ? resolve(base, program) : program, ...args];
}

/** A host that no configuration has: to be looked at, not looked after. */
export function adHocHost(name: string, port: number): HostSettings {
  return {
    name,
    host: name,
    ports: [port],
    publisher: undefined,
    policy: 'reuse',
    ttl: DEFAULT_TTL,
    matching: [Matching.SHA2_256],
    tlsaBase: undefined,
    pairs: [],
    deploy: undefined,
    issue: undefined,
    strangers: 'keep',
    unreachable: [],
  };
}

/** The hosts that `--host` names, all where it names none. Throws `UsageError`. */
export function chosenHosts(settings: RollSettings, names: readonly Given[]): readonly HostSettings[] {
  if (names.length === 0) return settings.hosts;
  return names.map((given) => {
    const wanted = given.value.trim().toLowerCase().replace(/\.$/, '');
    const found = settings.hosts.find(({ name }) => name === wanted);
    if (found) return found;
    const known = settings.hosts.map(({ name }) => name).join(', ');
    throw new UsageError(`${given.from}: there is no host ${JSON.stringify(wanted)} under tlsa: (${known})`);
  });
}
