/** The lab without sockets: zones, name servers and mail hosts in memory, for `createAuthorityTransport` and for `startLab`. */
import { Name, parseZoneFile, type ResourceRecord, recordToText } from '@mailanchor/dns';
import type { Clock } from '@mailanchor/dnssec';
import { AuthorityNetwork } from './authority/network.ts';
import type { ServedZone } from './authority/served-zone.ts';
import { type BuiltHost, HostBuilder } from './build-hosts.ts';
import { besideRecords, servedPolicies } from './build-sts.ts';
import { buildZones, rootHints } from './build-zones.ts';
import { EXIT_CODES, type LabDestination, type LabService } from './destination.ts';
import type { DestinationSpec, ServiceSpec } from './destination-spec.ts';
import { DESTINATIONS } from './destinations.ts';
import { LabError } from './errors.ts';
import { Seed } from './keys/seed.ts';
import { dsRecords } from './keys/signing-key.ts';
import type { ServedPolicy } from './mail/policy-host.ts';
import { SERVICE_SPECS } from './service-destinations.ts';

export interface LabNetworkOptions {
  /** Milliseconds since the epoch: signatures and certificates are made for this time. Default Date.now. */
  readonly clock?: Clock;
  /** The same seed gives the same keys, those of RSA excepted. Default random. */
  readonly seed?: string;
  /** Only these destinations, by domain; default all. */
  readonly only?: readonly string[];
  /** Whether there are services besides; default where `only` is not given. */
  readonly services?: boolean;
}

export interface LabNetwork {
  /** Root hints in master-file format, for `--root-hints`. */
  readonly rootHints: string;
  /** DS of the root in master-file format, for `--trust-anchor`. */
  readonly trustAnchor: string;
  readonly destinations: readonly LabDestination[];
  readonly services: readonly LabService[];
  /** Name servers by address, with their faults; also what `createAuthorityTransport` asks. */
  readonly network: AuthorityNetwork;
  /** A zone by its origin, to break or to change it. Throws {@link LabError} 'unknown-name'. */
  zone(origin: string): ServedZone;
}

/** The zones of the lab, TLSA records for port 25 and `mailPort` (default 25) in them. */
export async function createLabNetwork(
  options: LabNetworkOptions & { readonly mailPort?: number } = {},
): Promise<LabNetwork> {
  return new LabPlan(options).network(options.mailPort ?? 25);
}

/** Everything but the zones, which need to know the port of the mail hosts. */
export class LabPlan {
  readonly hosts: readonly BuiltHost[];
  readonly builder: HostBuilder;
  readonly #specs: readonly DestinationSpec[];
  readonly #services: readonly ServiceSpec[];
  readonly #seed: Seed;
  readonly #clock: Clock;

  constructor({ clock = Date.now, seed, only, services = only === undefined }: LabNetworkOptions) {
    this.#specs = chosen(only);
    this.#services = services ? SERVICE_SPECS : [];
    this.#seed = new Seed(seed);
    this.#clock = clock;
    this.builder = new HostBuilder(this.#seed, clock);
    const nextAddress = addressPool();
    this.hosts = [...this.#specs, ...this.#services]
      .flatMap(({ hosts = [] }) => hosts)
      .map((spec) => this.builder.build(spec, nextAddress));
  }

  /** MTA-STS policies by policy host. */
  policies(): Map<string, ServedPolicy> {
    return servedPolicies(this.#specs);
  }

  async network(mailPort: number): Promise<LabNetwork> {
    const network = new AuthorityNetwork();
    const plan = {
      zones: [...this.#specs, ...this.#services].flatMap(({ zones }) => zones),
      records: [
        ...this.#specs.flatMap(parentRecords),
        ...this.#specs.flatMap(besideRecords),
        ...this.hosts.flatMap((host) => this.builder.records(host, mailPort, host.spec.tlsa)),
      ],
      secondRecords: this.hosts.flatMap((host) =>
        this.builder.records(host, mailPort, host.spec.tlsaAtSecond ?? host.spec.tlsa),
      ),
    };
    const { zones, rootKeys } = await buildZones(network, plan, { seed: this.#seed, clock: this.#clock });
    const byOrigin = new Map(zones.map((zone) => [zone.origin.key, zone]));
    return {
      rootHints: rootHints(),
      trustAnchor: `${dsRecords(Name.root, rootKeys).map(recordToText).join('\n')}\n`,
      destinations: this.#specs.map(describe),
      services: this.#services.map(describeService),
      network,
      zone(origin) {
        const zone = byOrigin.get(Name.fromText(origin).key);
        if (!zone) throw new LabError('unknown-name', `the lab has no zone ${origin}`);
        return zone;
      },
    };
  }
}

function chosen(only: readonly string[] | undefined): readonly DestinationSpec[] {
  if (!only) return DESTINATIONS;
  return only.map((domain) => {
    const spec = DESTINATIONS.find((candidate) => candidate.domain === domain);
    if (!spec) throw new LabError('unknown-name', `the lab has no destination ${domain}`);
    return spec;
  });
}

/** 127.53.1.1, 127.53.1.2 and so on. */
function addressPool(): () => string {
  let next = 1;
  return () => `127.53.${1 + (next >> 8)}.${next++ & 255}`;
}

function parentRecords({ domain, parentRecords: text = '' }: DestinationSpec): ResourceRecord[] {
  const origin = Name.fromText(domain).ancestor(1);
  return parseZoneFile(text, { origin, source: `zone ${origin}`, defaultTtl: 3600 });
}

function describeService(spec: ServiceSpec): LabService {
  const { target, title, special, kind = 'srv-service', verdict, hostVerdicts, findings } = spec;
  const hosts = hostVerdicts.map(([host, hostVerdict]) => ({ host, verdict: hostVerdict }));
  return {
    target,
    title,
    special,
    kind,
    expected: { verdict, exitCode: EXIT_CODES[verdict], hosts, findings },
  };
}

function describe(spec: DestinationSpec): LabDestination {
  const { domain, title, special, slow = false, group = 'main', verdict, hostVerdicts, findings = [] } = spec;
  const hosts = hostVerdicts.map(([host, hostVerdict]) => ({ host, verdict: hostVerdict }));
  return {
    domain,
    title,
    special,
    slow,
    group,
    expected: { verdict, exitCode: EXIT_CODES[verdict], hosts, findings },
  };
}
