/**
 * What NSEC records prove (rfc4034#section-4, rfc4035#section-5.4, rfc6840#section-4). The records given are validated
 * already, all by the same zone; here it is only asked what they say.
 */
import { decodeNsec, type Name, type RRset, RRType, type TypeBitmap } from '@mailanchor/dns';

export interface Nsec {
  readonly owner: Name;
  readonly next: Name;
  readonly types: TypeBitmap;
  readonly ttl: number;
}

/** Reads NSEC RRsets of `zone`; malformed ones and those that point out of the zone are left out and so prove nothing. */
export function readNsec(rrsets: readonly RRset[], zone: Name): Nsec[] {
  const records: Nsec[] = [];
  for (const rrset of rrsets) {
    if (rrset.type !== RRType.NSEC || !rrset.name.isAtOrBelow(zone)) continue;
    for (const rdata of rrset.rdatas) {
      try {
        const { next, types } = decodeNsec(rdata);
        if (next.isAtOrBelow(zone)) records.push({ owner: rrset.name, next, types, ttl: rrset.ttl });
      } catch {
        // Nothing is proven by what cannot be read.
      }
    }
  }
  return records;
}

/** Whether the record is from the parent's side of a zone cut: NS without SOA (rfc6840#section-4.1). */
export function isDelegation(types: TypeBitmap): boolean {
  return types.has(RRType.NS) && !types.has(RRType.SOA);
}

/** Whether the record may speak of names below its owner: not from above a zone cut, not at a DNAME (rfc6840#section-4.1). */
function speaksBelow(types: TypeBitmap): boolean {
  return !isDelegation(types) && !types.has(RRType.DNAME);
}

/** Whether `nsec` proves that no records have the name: the name falls between owner and next. */
export function nsecCovers(nsec: Nsec, name: Name, zone: Name): boolean {
  if (nsec.owner.compare(name) >= 0) return false;
  if (name.isBelow(nsec.owner) && !speaksBelow(nsec.types)) return false;
  // The last record of a zone points back to its apex and covers all that sorts after it.
  return nsec.next.equals(zone) || name.compare(nsec.next) < 0;
}

/** The closest encloser that a covering NSEC implies: of owner and next, the longer ancestor shared with the name. */
function closestEncloser(nsec: Nsec, name: Name): Name {
  const byOwner = name.commonAncestor(nsec.owner);
  const byNext = name.commonAncestor(nsec.next);
  return byOwner.labelCount >= byNext.labelCount ? byOwner : byNext;
}

/** NXDOMAIN: the name and the wildcard that could have made it are both covered (rfc4035#section-5.4). */
export function nsecProvesNxdomain(records: readonly Nsec[], name: Name, zone: Name): boolean {
  return records.some((nsec) => {
    // Where `next` lies below the name, the name exists as an empty non-terminal.
    if (!nsecCovers(nsec, name, zone) || nsec.next.isBelow(name)) return false;
    const encloser = closestEncloser(nsec, name);
    if (!encloser.isAtOrBelow(zone)) return false;
    const wildcard = encloser.prepend('*');
    return records.some((other) => nsecCovers(other, wildcard, zone) && !other.next.isBelow(wildcard));
  });
}

/** Whether the record, which has the name asked for, proves that the type is not there. */
function deniesType(nsec: Nsec, type: number, zone: Name): boolean {
  if (nsec.types.has(type) || nsec.types.has(RRType.CNAME)) return false;
  // Whatever is there answers a question for everything.
  if (type === RRType.ANY) return false;
  // DS belongs to the parent: the child's apex record, which has SOA, says nothing of it (rfc6840#section-4.1)...
  if (type === RRType.DS) return !nsec.types.has(RRType.SOA) || zone.isRoot;
  // ...and the parent's record at a cut says nothing of anything else.
  return !isDelegation(nsec.types);
}

/** NODATA: the name exists, or a wildcard stands for it, and the type does not (rfc4035#section-5.4). */
export function nsecProvesNodata(records: readonly Nsec[], name: Name, type: number, zone: Name): boolean {
  return records.some((nsec) => {
    if (nsec.owner.equals(name)) return deniesType(nsec, type, zone);
    if (!nsecCovers(nsec, name, zone)) return false;
    // Covered, but something lies below: an empty non-terminal has no types at all.
    if (nsec.next.isBelow(name)) return true;
    // Covered, and the wildcard of the closest encloser exists without the type.
    const wildcard = closestEncloser(nsec, name).prepend('*');
    return records.some((other) => other.owner.equals(wildcard) && deniesType(other, type, zone));
  });
}

/**
 * A wildcard was expanded to `name`: no closer name exists (rfc4035#section-5.3.4). `encloserLabels` is the labels field of the
 * RRSIG.
 */
export function nsecProvesExpansion(
  records: readonly Nsec[],
  name: Name,
  encloserLabels: number,
  zone: Name,
): boolean {
  const nextCloser = name.ancestor(encloserLabels + 1);
  // The name itself is covered, and not because something longer than the wildcard's parent exists.
  return records.some(
    (nsec) =>
      nsecCovers(nsec, name, zone) &&
      !nsec.next.isBelow(name) &&
      !nsec.owner.isAtOrBelow(nextCloser) &&
      !nsec.next.isAtOrBelow(nextCloser),
  );
}

/** The NSEC that shows an unsigned delegation at `name`: NS, no DS, no SOA (rfc4035#section-5.2). */
export function nsecInsecureDelegation(records: readonly Nsec[], name: Name): boolean {
  return records.some(
    ({ owner, types }) =>
      owner.equals(name) && isDelegation(types) && !types.has(RRType.DS) && !types.has(RRType.CNAME),
  );
}
