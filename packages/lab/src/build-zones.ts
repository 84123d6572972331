/**
 * The tree of zones: root, two top-level domains, the operator of the name servers, and the zones of the destinations. Keys come
 * first, since a parent's DS records are made of its children's keys; then the zones, each with all it has.
 */
import { encodeA, Name, parseZoneFile, type ResourceRecord, RRClass, RRType } from '@mailanchor/dns';
import type { Clock } from '@mailanchor/dnssec';
import type { AuthorityNetwork } from './authority/network.ts';
import { ServedZone } from './authority/served-zone.ts';
import type { ZoneSpec } from './destination-spec.ts';
import type { Seed } from './keys/seed.ts';
import { createSigningKey, dsRecords, type SigningKey } from './keys/signing-key.ts';
import type { DenialMethod, SigningOptions } from './zone/signed-zone.ts';

/** Where the name servers of the lab are. */
export const SERVERS = {
  root: '127.53.0.1',
  tld: '127.53.0.2',
  operators: ['127.53.0.3', '127.53.0.4'],
} as const;

/** Seconds. */
const TTL = 3600;
const ROOT_SERVER = 'a.root-servers.';
const TLD_SERVER = 'a.tld-servers.';
const OPERATOR_SERVERS = ['ns1.operator.example.', 'ns2.operator.example.'] as const;

function soa(serial = 1): string {
  return `$TTL ${TTL}
@ SOA ns1.operator.example. hostmaster.operator.example. ${serial} 3600 600 86400 300
`;
}

const OPT_OUT = {
  kind: 'nsec3',
  optOut: true,
  iterations: 0,
  salt: new Uint8Array(0),
} as const satisfies DenialMethod;
const NSEC3 = { ...OPT_OUT, optOut: false };

export interface ZonePlan {
  readonly zones: readonly ZoneSpec[];
  /** Records to go into the zone that their name belongs to. */
  readonly records: readonly ResourceRecord[];
  /** The same for the versions of the second operator's server. */
  readonly secondRecords: readonly ResourceRecord[];
}

export interface BuiltZones {
  readonly zones: readonly ServedZone[];
  /** Of the root, in master-file format. */
  readonly rootKeys: readonly SigningKey[];
}

export async function buildZones(
  network: AuthorityNetwork,
  plan: ZonePlan,
  { seed, clock }: { seed: Seed; clock: Clock },
): Promise<BuiltZones> {
  const take = (origin: Name, children: readonly Name[], records = plan.records): ResourceRecord[] =>
    records.filter(
      ({ name }) => name.isAtOrBelow(origin) && !children.some((child) => name.isAtOrBelow(child)),
    );

  const operator: ZoneSpec = { origin: 'operator.example' };
  const children = await Promise.all([operator, ...plan.zones].map((spec) => signingOf(spec, seed, clock)));
  const childNames = children.map(({ origin }) => origin);
  const served = children.map(({ spec, origin, signing }) => {
    const own = parse(origin, soa() + operatorNs('@') + (spec.records ?? ''));
    const zone = new ServedZone(origin, [...own, ...take(origin, []), ...operatorAddresses(origin)], signing);
    zone.denialFault = spec.denialFault;
    return zone;
  });
  for (const [i, address] of SERVERS.operators.entries()) {
    const server = network.server(address);
    server.zones.push(
      ...served.map((zone, j) => (i === 1 ? secondVersion(children[j]!, plan) : undefined) ?? zone),
    );
    server.faults = children.flatMap(({ spec: { serverFault }, origin }) =>
      serverFault && (i === 1 || !serverFault.secondOnly) ? [{ ...serverFault, below: origin }] : [],
    );
  }

  const tlds = await Promise.all([
    tldOf('example', { kind: 'nsec' }, true, seed, clock),
    tldOf('test', OPT_OUT, false, seed, clock),
  ]);
  const servedTlds = tlds.map(({ origin, signing }) => {
    const delegations = children
      .filter((child) => child.origin.isBelow(origin))
      .flatMap(({ origin: name, spec, signing: keys }) => [
        ...parse(origin, operatorNs(name.toString())),
        ...dsRecords(
          name,
          (keys?.keys ?? []).filter((_, i) => !(spec.spareKey && i > 0)),
          spec.ds,
        ),
      ]);
    const own = parse(origin, `${soa()}@ NS ${TLD_SERVER}\n`);
    const glue = operatorAddresses(origin);
    return new ServedZone(origin, [...own, ...take(origin, childNames), ...delegations, ...glue], signing);
  });
  network.server(SERVERS.tld).zones.push(...servedTlds);

  const rootSigning = await signingOf({ origin: '.', twoKeys: true }, seed, clock);
  const rootRecords = parse(
    Name.root,
    `${soa()}@ NS ${ROOT_SERVER}\n${ROOT_SERVER} A ${SERVERS.root}\n${TLD_SERVER} A ${SERVERS.tld}\n` +
      tlds.map(({ origin }) => `${origin} NS ${TLD_SERVER}\n`).join(''),
  );
  const tldDs = tlds.flatMap(({ origin, signing }) => dsRecords(origin, signing?.keys ?? []));
  const root = new ServedZone(Name.root, [...rootRecords, ...tldDs], rootSigning.signing);
  network.server(SERVERS.root).zones.push(root);
  return { zones: [root, ...servedTlds, ...served], rootKeys: rootSigning.signing?.keys ?? [] };
}

/** The zone as the second operator's server has it; undefined where it has the same. */
function secondVersion({ spec, origin, signing }: Signing, plan: ZonePlan): ServedZone | undefined {
  const { second } = spec;
  if (!second) return undefined;
  const { serial = 1, records = spec.records ?? '', signingFaults = spec.signingFaults ?? [] } = second;
  const own = parse(origin, soa(serial) + operatorNs('@') + records);
  const hosts = plan.secondRecords.filter(({ name }) => name.isAtOrBelow(origin));
  return new ServedZone(origin, [...own, ...hosts], signing && { ...signing, faults: signingFaults });
}

/** Root hints in master-file format. */
export function rootHints(): string {
  return `. ${TTL} IN NS ${ROOT_SERVER}\n${ROOT_SERVER} ${TTL} IN A ${SERVERS.root}\n`;
}

interface Signing {
  readonly spec: ZoneSpec;
  readonly origin: Name;
  readonly signing: SigningOptions | undefined;
}

async function signingOf(spec: ZoneSpec, seed: Seed, clock: Clock): Promise<Signing> {
  const origin = Name.fromText(spec.origin);
  const { algorithm = 'ecdsa-p256' } = spec;
  if (algorithm === 'unsigned') return { spec, origin, signing: undefined };
  const roles = spec.twoKeys ? (['ksk', 'zsk'] as const) : (['csk'] as const);
  const keys = await Promise.all([
    ...roles.map((role) => createSigningKey(algorithm, role, seed, `zone ${origin}`)),
    ...(spec.spareKey ? [createSigningKey(algorithm, 'csk', seed, `spare of ${origin}`)] : []),
  ]);
  const denial: DenialMethod =
    spec.denial === 'nsec3' ? { ...NSEC3, iterations: spec.iterations ?? 0 } : { kind: 'nsec' };
  return { spec, origin, signing: { keys, denial, clock, faults: spec.signingFaults ?? [] } };
}

async function tldOf(
  origin: string,
  denial: DenialMethod,
  twoKeys: boolean,
  seed: Seed,
  clock: Clock,
): Promise<Signing> {
  const { signing, ...rest } = await signingOf({ origin, twoKeys }, seed, clock);
  return { ...rest, signing: signing && { ...signing, denial } };
}

function operatorNs(owner: string): string {
  return OPERATOR_SERVERS.map((server) => `${owner} NS ${server}\n`).join('');
}

/** Addresses of the operator's servers, for zones at or above their names: its own, and glue above it. */
function operatorAddresses(origin: Name): ResourceRecord[] {
  return OPERATOR_SERVERS.flatMap((server, i) => {
    const name = Name.fromText(server);
    const rdata = encodeA(SERVERS.operators[i]!);
    return name.isAtOrBelow(origin) ? [{ name, type: RRType.A, class: RRClass.IN, ttl: TTL, rdata }] : [];
  });
}

function parse(origin: Name, text: string): ResourceRecord[] {
  return parseZoneFile(text, { origin, source: `zone ${origin}`, defaultTtl: TTL });
}
