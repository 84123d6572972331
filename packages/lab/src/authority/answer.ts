/**
 * What an authoritative server says (rfc1034#section-4.3.2, rfc4035#section-3.1, rfc5155#section-7.2): from zones, a question and
 * the DO bit to a response. Nothing here knows of sockets or faults of servers.
 */
import {
  DnsFormatError,
  decodeSingleName,
  encodeSingleName,
  type Message,
  type Name,
  type Question,
  Rcode,
  RRClass,
  type RRset,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import type { ZoneNode } from '../zone/zone.ts';
import { denialProof } from './denial.ts';
import { Sections } from './sections.ts';
import type { ServedZone } from './served-zone.ts';

/** Aliases followed within one zone for one response; the client follows the rest. */
const ALIASES = 8;

/** The response of a server that has these zones. REFUSED outside of them, NOTIMP and FORMERR as needed. */
export function answer(zones: readonly ServedZone[], query: Message): Message {
  if (query.opcode !== 0) return responseTo(query, { rcode: Rcode.NOTIMP });
  const question = query.questions[0];
  if (!question || query.questions.length !== 1) return responseTo(query, { rcode: Rcode.FORMERR });
  if (query.edns && query.edns.version !== 0) return responseTo(query, { rcode: Rcode.BADVERS });
  const zone = question.class === RRClass.IN ? zoneFor(zones, question) : undefined;
  if (!zone) return responseTo(query, { rcode: Rcode.REFUSED });
  const reply = new Reply(zone, question.type, query.edns?.do ?? false);
  reply.resolve(question.name, ALIASES);
  const { answers, authorities, additionals } = reply.sections;
  return responseTo(query, {
    aa: reply.authoritative,
    rcode: reply.rcode,
    answers,
    authorities,
    additionals,
  });
}

/** The zone nearest to the name; for DS the parent's where the server has both (rfc4035#section-3.1.4.1). */
function zoneFor(zones: readonly ServedZone[], { name, type }: Question): ServedZone | undefined {
  const enclosing = zones
    .filter(({ origin }) => name.isAtOrBelow(origin))
    .sort((a, b) => b.origin.labelCount - a.origin.labelCount);
  const above = enclosing.find(({ origin }) => !name.equals(origin));
  return type === RRType.DS && above ? above : enclosing[0];
}

class Reply {
  readonly sections: Sections;
  rcode: number = Rcode.NOERROR;
  authoritative = true;
  readonly #zone: ServedZone;
  readonly #type: number;
  readonly #dnssec: boolean;

  constructor(zone: ServedZone, type: number, dnssec: boolean) {
    this.#zone = zone;
    this.#type = type;
    this.#dnssec = dnssec;
    this.sections = new Sections(dnssec);
  }

  resolve(name: Name, aliases: number): void {
    if (!name.isAtOrBelow(this.#zone.origin)) return;
    const { zone } = this.#zone;
    const redirection = zone.redirection(name);
    const node = zone.node(name);
    if (redirection?.kind === 'dname') {
      this.#dname(name, redirection.rrset, aliases);
    } else if (redirection && !(this.#type === RRType.DS && redirection.rrset.name.equals(name))) {
      this.#referral(redirection.rrset, aliases < ALIASES);
    } else if (node) {
      if (!this.#positive(name, node, aliases)) this.#absent({ kind: 'nodata', name });
    } else {
      this.#nonexistent(name, zone.closestEncloser(name), aliases);
    }
  }

  #nonexistent(name: Name, encloser: Name, aliases: number): void {
    const wildcard = this.#zone.zone.node(encloser.prepend('*'));
    if (!wildcard) {
      this.rcode = Rcode.NXDOMAIN;
      this.#absent({ kind: 'nxdomain', name, encloser });
    } else if (this.#positive(name, wildcard, aliases)) {
      this.#prove({ kind: 'wildcard-answer', name, encloser });
    } else {
      this.#absent({ kind: 'wildcard-nodata', name, encloser });
    }
  }

  /** Adds what the node has for the type, or its alias; false where it has neither. */
  #positive(name: Name, node: ZoneNode, aliases: number): boolean {
    const cname = node.rrsets.get(RRType.CNAME);
    if (cname && this.#type !== RRType.CNAME && this.#type !== RRType.ANY) {
      this.sections.addSigned('answers', this.#zone, cname, name);
      if (aliases > 0) this.resolve(decodeSingleName(cname.rdatas[0]!), aliases - 1);
      return true;
    }
    const wanted = this.#type === RRType.ANY ? [...node.rrsets.values()] : this.#rrsetsOf(node);
    for (const rrset of wanted) {
      this.sections.addSigned('answers', this.#zone, rrset, name);
      if (rrset.type === RRType.NS) this.#addresses(rrset);
    }
    return wanted.length > 0;
  }

  #rrsetsOf(node: ZoneNode): RRset[] {
    const { chain } = this.#zone.signing ?? {};
    const nsec = this.#type === RRType.NSEC && chain?.kind === 'nsec' ? chain.match(node.name) : undefined;
    const rrset = node.rrsets.get(this.#type) ?? nsec;
    return rrset ? [rrset] : [];
  }

  /** The DNAME and the CNAME that follows from it (rfc6672#section-3.1); YXDOMAIN where the new name is too long. */
  #dname(name: Name, dname: RRset, aliases: number): void {
    this.sections.addSigned('answers', this.#zone, dname);
    let target: Name;
    try {
      target = name.replaceSuffix(dname.name, decodeSingleName(dname.rdatas[0]!));
    } catch (error) {
      if (!(error instanceof DnsFormatError)) throw error;
      this.rcode = Rcode.YXDOMAIN;
      return;
    }
    const { ttl, class: rrClass } = dname;
    const rdatas = [encodeSingleName(target)];
    this.sections.addUnsigned('answers', { name, type: RRType.CNAME, class: rrClass, ttl, rdatas });
    if (aliases > 0) this.resolve(target, aliases - 1);
  }

  #referral(ns: RRset, afterAlias: boolean): void {
    if (!afterAlias) this.authoritative = false;
    this.sections.addUnsigned('authorities', ns);
    if (this.#dnssec && this.#zone.signing) {
      const ds = this.#zone.zone.rrset(ns.name, RRType.DS);
      if (ds) this.sections.addSigned('authorities', this.#zone, ds);
      else this.#prove({ kind: 'nodata', name: ns.name });
    }
    this.#addresses(ns);
  }

  /** Addresses of name servers that this zone knows: its own or glue (rfc1034#section-4.2.1). */
  #addresses(ns: RRset): void {
    for (const rdata of ns.rdatas) {
      const server = decodeSingleName(rdata);
      if (!server.isAtOrBelow(this.#zone.origin)) continue;
      for (const type of [RRType.A, RRType.AAAA]) {
        const rrset = this.#zone.zone.rrset(server, type);
        if (!rrset) continue;
        if (this.#zone.zone.redirection(server)) this.sections.addUnsigned('additionals', rrset);
        else this.sections.addSigned('additionals', this.#zone, rrset);
      }
    }
  }

  #absent(denied: Parameters<typeof denialProof>[1]): void {
    this.sections.addSigned('authorities', this.#zone, this.#zone.zone.soa);
    this.#prove(denied);
  }

  #prove(denied: Parameters<typeof denialProof>[1]): void {
    if (!this.#dnssec) return;
    for (const rrset of denialProof(this.#zone, denied))
      this.sections.addSigned('authorities', this.#zone, rrset);
  }
}
