/** Which zone a name belongs to, and which servers it has: those that it names itself, and those that its parent names. */
import {
  DnsError,
  decodeA,
  decodeAaaa,
  decodeSingleName,
  type Name,
  Rcode,
  type ResourceRecord,
  RRType,
} from '@mailanchor/dns';
import type { UncheckedAnswer, ValidatingResolver } from '@mailanchor/dnssec';
import type { Deadline } from '../deadline.ts';
import type { ServerAsker } from './server-asker.ts';
import type { AuthoritativeServer } from './zone-inspection.ts';

/** What an inspection needs of a resolver: proof for what it believes, and what the servers say where they are what it doubts. */
export type InspectionResolver = Pick<ValidatingResolver, 'resolve' | 'resolveUnchecked' | 'judgeResponse'>;

export interface InspectionContext {
  readonly resolver: InspectionResolver;
  readonly asker: ServerAsker;
  readonly families: { readonly ipv4: boolean; readonly ipv6: boolean };
  readonly deadline: Deadline;
  readonly signal?: AbortSignal | undefined;
}

/** Name servers and addresses of one zone that are asked. */
const MAX_NAME_SERVERS = 13;
const MAX_ADDRESSES = 16;
/** Addresses of one name server. */
const MAX_ADDRESSES_EACH = 4;
/** Servers of the parent that are asked for the delegation, one after the other. */
const PARENT_SERVERS = 3;

/** The apex of the zone that `name` lies in. Undefined where nobody says. */
export async function apexOf(context: InspectionContext, name: Name): Promise<Name | undefined> {
  const { answer, authority, rcode } = await unchecked(context, name, RRType.SOA);
  const soa = [...answer, ...authority].find(
    ({ type, name: owner }) => type === RRType.SOA && name.isAtOrBelow(owner),
  );
  // No zone begins at an alias: the SOA beyond it is that of its target.
  const alias = answer.some(({ type }) => type === RRType.CNAME || type === RRType.DNAME);
  if (alias && !name.isRoot) return apexOf(context, name.parent);
  if (soa || rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN || name.isRoot) return soa?.name;
  // None of the zone's servers answers: the zone above says where it begins.
  const parent = await apexOf(context, name.parent);
  return parent && (await delegationOf(context, name, parent)).cut;
}

export interface ZoneServers {
  readonly servers: readonly AuthoritativeServer[];
  readonly listed: { readonly zone: readonly Name[]; readonly parent: readonly Name[] };
  readonly addressless: readonly Name[];
  /** Servers that were not taken on, beyond the limit. */
  readonly beyond: number;
}

export async function zoneServers(
  context: InspectionContext,
  zone: Name,
  parent: Name | undefined,
): Promise<ZoneServers> {
  const [own, delegation] = await Promise.all([
    unchecked(context, zone, RRType.NS),
    parent ? delegationOf(context, zone, parent) : NOT_TOLD,
  ]);
  const atCut = delegation.cut?.equals(zone) ?? false;
  const listed = { zone: namesOf(own.answer, zone), parent: atCut ? delegation.ns : [] };
  const names = distinct([...listed.zone, ...listed.parent]);
  const taken = names.slice(0, MAX_NAME_SERVERS);
  const found = await Promise.all(
    taken.map(async (name) => {
      const known = await addressesOf(context, name);
      return { name, addresses: known.length > 0 ? known : glueOf(delegation.glue, name, context) };
    }),
  );
  const servers = found.flatMap(({ name, addresses }) =>
    addresses
      .slice(0, MAX_ADDRESSES_EACH)
      .map((address) => ({ name, address, listedBy: listedBy(name, listed) })),
  );
  return {
    servers: servers.slice(0, MAX_ADDRESSES),
    listed,
    addressless: found.filter(({ addresses }) => addresses.length === 0).map(({ name }) => name),
    beyond: names.length - taken.length + Math.max(0, servers.length - MAX_ADDRESSES),
  };
}

function listedBy(name: Name, listed: ZoneServers['listed']): AuthoritativeServer['listedBy'] {
  const inZone = listed.zone.some((other) => other.equals(name));
  const inParent = listed.parent.some((other) => other.equals(name));
  return inZone && inParent ? 'both' : inZone ? 'zone' : 'parent';
}

interface Delegated {
  /** The zone that `name` is delegated to, or `parent` where it is not. */
  readonly cut: Name | undefined;
  readonly ns: readonly Name[];
  readonly glue: readonly ResourceRecord[];
}

const NOT_TOLD: Delegated = { cut: undefined, ns: [], glue: [] };

/** The delegation at or above `name` that a server of the parent hands out; nothing where none of those asked answers. */
async function delegationOf(context: InspectionContext, name: Name, parent: Name): Promise<Delegated> {
  const { asker, deadline, signal } = context;
  const servers = namesOf((await unchecked(context, parent, RRType.NS)).answer, parent);
  for (const server of servers.slice(0, PARENT_SERVERS)) {
    const [address] = await addressesOf(context, server);
    if (!address) continue;
    const reply = await asker.ask(address, name, RRType.NS, { deadline, signal });
    if (reply.kind !== 'message') continue;
    const { aa, answers, authorities, additionals } = reply.message;
    const cut = authorities.find(
      ({ type, name: owner }) => type === RRType.NS && owner.isBelow(parent) && name.isAtOrBelow(owner),
    )?.name;
    // A server that has both zones answers from the child (rfc4035#section-3.1.4.1): the child's records then, which is no delegation.
    if (cut && answers.length === 0) return { cut, ns: namesOf(authorities, cut), glue: additionals };
    if (aa) return { ...NOT_TOLD, cut: parent };
  }
  return NOT_TOLD;
}

function namesOf(records: readonly ResourceRecord[], owner: Name): Name[] {
  const names: Name[] = [];
  for (const { name, type, rdata } of records) {
    if (type !== RRType.NS || !name.equals(owner)) continue;
    try {
      names.push(decodeSingleName(rdata));
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
    }
  }
  return names;
}

/** IPv4 first: what is asked from here needs no IPv6. */
async function addressesOf(context: InspectionContext, name: Name): Promise<string[]> {
  const { ipv4, ipv6 } = context.families;
  const [v4, v6] = await Promise.all([
    ipv4 ? unchecked(context, name, RRType.A) : undefined,
    ipv6 ? unchecked(context, name, RRType.AAAA) : undefined,
  ]);
  return [...decodeAll(v4?.answer ?? [], RRType.A), ...decodeAll(v6?.answer ?? [], RRType.AAAA)];
}

function glueOf(glue: readonly ResourceRecord[], name: Name, { families }: InspectionContext): string[] {
  const own = glue.filter((record) => record.name.equals(name));
  return [
    ...(families.ipv4 ? decodeAll(own, RRType.A) : []),
    ...(families.ipv6 ? decodeAll(own, RRType.AAAA) : []),
  ];
}

function decodeAll(records: readonly ResourceRecord[], wanted: number): string[] {
  return records.flatMap(({ type, rdata }) => {
    if (type !== wanted) return [];
    try {
      return [type === RRType.A ? decodeA(rdata) : decodeAaaa(rdata)];
    } catch (error) {
      if (error instanceof DnsError) return [];
      throw error;
    }
  });
}

function distinct(names: readonly Name[]): Name[] {
  return [...new Map(names.map((name) => [name.key, name])).values()];
}

/** Milliseconds for one lookup on the way: a dead zone must not eat the time of the others. */
const LOOKUP_MS = 4000;

/** A time limit of nothing is answered at once, with nothing. */
export function lookupMs(deadline: Deadline): number {
  return Math.max(1, Math.min(LOOKUP_MS, deadline.remainingMs()));
}

function unchecked(
  { resolver, deadline, signal }: InspectionContext,
  name: Name,
  type: number,
): Promise<UncheckedAnswer> {
  const timeoutMs = lookupMs(deadline);
  return resolver.resolveUnchecked(name, type, { timeoutMs, ...(signal && { signal }) });
}
