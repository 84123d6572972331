/** What an authoritative server says of a zone: referral, answer, alias, denial (rfc1034#section-4.3.2, rfc4035#section-3.1). */
import {
  decodeA,
  decodeSingleName,
  type Message,
  type Name,
  Rcode,
  type ResourceRecord,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import type { Zone } from './zone.ts';

export interface Answer {
  rcode: number;
  aa: boolean;
  answers: ResourceRecord[];
  authorities: ResourceRecord[];
  additionals: ResourceRecord[];
}

/** What a query without DO is not told. */
const DNSSEC_TYPES: ReadonlySet<number> = new Set([RRType.RRSIG, RRType.NSEC, RRType.NSEC3, RRType.DS]);

/** How many aliases are followed inside the zone. */
const ALIASES = 20;

export function answer(zone: Zone, name: Name, type: number): Answer {
  const result: Answer = {
    rcode: Rcode.NOERROR,
    aa: true,
    answers: [],
    authorities: [],
    additionals: [],
  };
  let current = name;
  for (let n = 0; n < ALIASES; n++) {
    const target = step(zone, current, type, result);
    if (!target?.isAtOrBelow(zone.name)) break;
    current = target;
  }
  result.answers = unique(result.answers);
  result.authorities = unique(result.authorities);
  return result;
}

/** Adds what the zone knows of one name; returns where an alias leads. */
function step(zone: Zone, name: Name, type: number, result: Answer): Name | undefined {
  const cut = zone.cut(name);
  if (cut && !(type === RRType.DS && cut.equals(name))) {
    if (result.answers.length === 0) refer(zone, cut, result);
    return undefined;
  }
  for (let owner = name.parent; owner.isAtOrBelow(zone.name) && !owner.isRoot; owner = owner.parent) {
    const dname = zone.get(owner, RRType.DNAME);
    if (!dname) continue;
    result.answers.push(...zone.rrset(owner, RRType.DNAME));
    let target: Name;
    try {
      target = name.replaceSuffix(owner, decodeSingleName(dname.rdatas[0]!));
    } catch {
      // rfc6672#section-2.2: too long a name.
      result.rcode = Rcode.YXDOMAIN;
      return undefined;
    }
    result.answers.push({ name, type: RRType.CNAME, class: 1, ttl: dname.ttl, rdata: target.wire });
    return target;
  }
  if (zone.exists(name)) return known(zone, name, name, type, result);
  let encloser = name.parent;
  while (!zone.exists(encloser)) encloser = encloser.parent;
  const wildcard = encloser.prepend('*');
  const nextCloser = name.ancestor(encloser.labelCount + 1);
  if (!zone.exists(wildcard)) {
    result.rcode = Rcode.NXDOMAIN;
    deny(zone, result, [
      zone.options.nsec3 ? zone.matching(encloser) : [],
      zone.covering(zone.options.nsec3 ? nextCloser : name),
      zone.covering(wildcard),
    ]);
    return undefined;
  }
  if (zone.signed) result.authorities.push(...zone.covering(zone.options.nsec3 ? nextCloser : name));
  return known(zone, wildcard, name, type, result);
}

/** The name exists, or a wildcard stands for it. */
function known(zone: Zone, owner: Name, name: Name, type: number, result: Answer): Name | undefined {
  const rename = (records: readonly ResourceRecord[]) => records.map((record) => ({ ...record, name }));
  const types = type === RRType.ANY ? zone.at(owner).map((records) => records.type) : [type];
  const found = types.flatMap((each) => rename(zone.rrset(owner, each)));
  if (found.length > 0) {
    result.answers.push(...found);
    return undefined;
  }
  const alias = zone.get(owner, RRType.CNAME);
  if (alias && type !== RRType.DS) {
    result.answers.push(...rename(zone.rrset(owner, RRType.CNAME)));
    return decodeSingleName(alias.rdatas[0]!);
  }
  const wildcard = !owner.equals(name);
  const proofs = [zone.matching(owner)];
  if (proofs[0]!.length === 0) proofs.push(zone.covering(owner));
  if (zone.options.nsec3 && (wildcard || proofs[0]!.length === 0)) proofs.push(...encloserProof(zone, name));
  deny(zone, result, proofs);
  return undefined;
}

/** The closest name above that the NSEC3 chain has, and what covers the next one. */
function encloserProof(zone: Zone, name: Name): ResourceRecord[][] {
  for (let closer = name; !closer.equals(zone.name); closer = closer.parent) {
    const match = zone.matching(closer.parent);
    if (match.length > 0) return [match, zone.covering(closer)];
  }
  return [];
}

function deny(zone: Zone, result: Answer, proofs: readonly (readonly ResourceRecord[])[]): void {
  result.authorities.push(...zone.rrset(zone.name, RRType.SOA));
  if (zone.signed) result.authorities.push(...proofs.flat());
}

function refer(zone: Zone, cut: Name, result: Answer): void {
  result.aa = false;
  result.authorities.push(...zone.rrset(cut, RRType.NS));
  const ds = zone.rrset(cut, RRType.DS);
  result.authorities.push(...ds);
  if (ds.length === 0 && zone.signed) {
    const match = zone.matching(cut);
    result.authorities.push(...(match.length > 0 ? match : encloserProof(zone, cut).flat()));
  }
  for (const { type, rdata } of zone.rrset(cut, RRType.NS)) {
    if (type !== RRType.NS) continue;
    for (const family of [RRType.A, RRType.AAAA])
      result.additionals.push(...zone.rrset(decodeSingleName(rdata), family));
  }
}

function unique(records: readonly ResourceRecord[]): ResourceRecord[] {
  const seen = new Set<string>();
  return records.filter(({ name, type, rdata }) => {
    const key = `${type}/${name.key}/${Buffer.from(rdata).toString('latin1')}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The response of a server that serves `zones`: the deepest that has the name; REFUSED where none does. */
export function respond(zones: readonly Zone[], query: Message): Message {
  const { name, type } = query.questions[0]!;
  const serving = zones
    .filter((zone) => name.isAtOrBelow(zone.name))
    .sort((a, b) => b.name.labelCount - a.name.labelCount);
  // A DS is the parent's, where this server has the parent too.
  const zone = type === RRType.DS && serving[0]?.name.equals(name) ? (serving[1] ?? serving[0]) : serving[0];
  if (!zone) return responseTo(query, { rcode: Rcode.REFUSED });
  const made = answer(zone, name, type);
  if (query.edns?.do) return responseTo(query, made);
  const plain = (records: readonly ResourceRecord[]) =>
    records.filter((record) => record.type === type || !DNSSEC_TYPES.has(record.type));
  return responseTo(query, {
    ...made,
    answers: plain(made.answers),
    authorities: plain(made.authorities),
    additionals: plain(made.additionals),
  });
}

/** Addresses of the zone's servers, from its own NS and A records. */
export function addressesOf(zone: Zone): string[] {
  const servers = zone.get(zone.name, RRType.NS)?.rdatas ?? [];
  return servers.flatMap((rdata) =>
    (zone.get(decodeSingleName(rdata), RRType.A)?.rdatas ?? []).map((address) => decodeA(address)),
  );
}
