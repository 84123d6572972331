/** The NSEC records of a zone (rfc4034#section-4): one at each name that has records, pointing to the next. */
import { encodeNsec, type Name, RRClass, type RRset, RRType, TypeBitmap } from '@mailanchor/dns';
import { denialTtl, ownTypes } from './denial-chain.ts';
import type { Zone } from './zone.ts';

export class NsecChain {
  readonly kind = 'nsec';
  /** In canonical order, the zone's origin first. */
  readonly rrsets: readonly RRset[];

  constructor(zone: Zone) {
    const nodes = zone.authoritativeNodes().filter(({ rrsets }) => rrsets.size > 0);
    const ttl = denialTtl(zone.soa);
    this.rrsets = nodes.map((node, i) => {
      const next = nodes[(i + 1) % nodes.length]!.name;
      const types = TypeBitmap.of([...ownTypes(zone, node), RRType.RRSIG, RRType.NSEC]);
      const rdatas = [encodeNsec({ next, types })];
      return { name: node.name, type: RRType.NSEC, class: RRClass.IN, ttl, rdatas };
    });
  }

  match(name: Name): RRset | undefined {
    return this.rrsets.find((rrset) => rrset.name.equals(name));
  }

  /** The record whose owner is the last at or before `name`: it covers the name, or is at it. */
  cover(name: Name): RRset {
    let found = this.rrsets[0]!;
    for (const rrset of this.rrsets) {
      if (rrset.name.compare(name) > 0) break;
      found = rrset;
    }
    return found;
  }
}
