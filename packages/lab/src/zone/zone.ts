/**
 * One zone's records as a tree of names (rfc1034#section-4.2): what is asked of it is where a name leads (a node, a delegation, a
 * DNAME, nothing) and which names are authoritative. Empty non-terminals are nodes without records.
 */
import {
  groupRRsets,
  type Name,
  parseZoneFile,
  type ResourceRecord,
  type RRset,
  RRType,
} from '@mailanchor/dns';
import { LabError } from '../errors.ts';

export interface ZoneNode {
  readonly name: Name;
  /** By type; empty for an empty non-terminal. */
  readonly rrsets: ReadonlyMap<number, RRset>;
}

export class Zone {
  readonly origin: Name;
  readonly soa: RRset;
  readonly #nodes = new Map<string, { name: Name; rrsets: Map<number, RRset> }>();

  /** Throws {@link LabError} 'bad-zone' on a record outside the zone, or without exactly one SOA at the origin. */
  constructor(origin: Name, records: readonly ResourceRecord[]) {
    this.origin = origin;
    this.#nodes.set(origin.key, { name: origin, rrsets: new Map() });
    for (const rrset of groupRRsets(records)) {
      if (!rrset.name.isAtOrBelow(origin))
        throw new LabError('bad-zone', `${rrset.name} lies outside the zone ${origin}`);
      for (let name = rrset.name; !this.#nodes.has(name.key); name = name.parent)
        this.#nodes.set(name.key, { name, rrsets: new Map() });
      this.#nodes.get(rrset.name.key)!.rrsets.set(rrset.type, rrset);
    }
    const soa = this.rrset(origin, RRType.SOA);
    if (soa?.rdatas.length !== 1) throw new LabError('bad-zone', `the zone ${origin} needs one SOA record`);
    this.soa = soa;
  }

  /** Master-file text (rfc1035#section-5), names relative to the origin. Throws `DnsFormatError` too. */
  static fromText(origin: Name, text: string): Zone {
    return new Zone(origin, parseZoneFile(text, { origin, source: `zone ${origin}` }));
  }

  node(name: Name): ZoneNode | undefined {
    return this.#nodes.get(name.key);
  }

  rrset(name: Name, type: number): RRset | undefined {
    return this.#nodes.get(name.key)?.rrsets.get(type);
  }

  get records(): ResourceRecord[] {
    return [...this.#nodes.values()].flatMap(({ rrsets }) => [...rrsets.values()].flatMap(recordsOf));
  }

  /** Whether the name is a delegation to a child zone. */
  isCut(name: Name): boolean {
    return !name.equals(this.origin) && this.rrset(name, RRType.NS) !== undefined;
  }

  /**
   * What takes `name` out of this zone's own data: the delegation at or above it, or the DNAME above it, whichever is nearer to
   * the origin (rfc6672#section-2.3).
   */
  redirection(name: Name): { kind: 'cut' | 'dname'; rrset: RRset } | undefined {
    for (let labels = this.origin.labelCount; labels <= name.labelCount; labels++) {
      const at = name.ancestor(labels);
      if (labels > this.origin.labelCount) {
        const ns = this.rrset(at, RRType.NS);
        if (ns) return { kind: 'cut', rrset: ns };
      }
      const dname = labels < name.labelCount ? this.rrset(at, RRType.DNAME) : undefined;
      if (dname) return { kind: 'dname', rrset: dname };
    }
    return undefined;
  }

  /** The longest existing ancestor of a name that does not exist (rfc4592#section-3.3.1). */
  closestEncloser(name: Name): Name {
    let encloser = name;
    while (!this.#nodes.has(encloser.key)) encloser = encloser.parent;
    return encloser;
  }

  /** Nodes that this zone speaks for, delegations included and glue left out, in canonical order (rfc4034#section-6.1). */
  authoritativeNodes(): ZoneNode[] {
    return [...this.#nodes.values()]
      .filter(({ name }) => {
        const redirection = this.redirection(name);
        return redirection === undefined || redirection.rrset.name.equals(name);
      })
      .sort((a, b) => a.name.compare(b.name));
  }
}

export function recordsOf(rrset: RRset): ResourceRecord[] {
  const { name, type, class: rrClass, ttl } = rrset;
  return rrset.rdatas.map((rdata) => ({ name, type, class: rrClass, ttl, rdata }));
}
