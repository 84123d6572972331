/**
 * A response, cut into segments: what it says of one name each. `www` is an alias of `web`, `web` has this address: two segments, each with
 * a status of its own (rfc7672#section-2.1.3 asks for exactly that).
 */
import { decodeSingleName, type Message, type Name, Rcode, RRType } from '@mailanchor/dns';
import { collectRRsets, type RRsets } from './rrsets.ts';
import type { SignedRRset } from './signature.ts';

interface SegmentBase {
  /** The name that the segment speaks of. */
  readonly owner: Name;
  /** Whether the name lies outside what the server was asked for: believed only if it proves itself secure. */
  readonly outside: boolean;
  /** NSEC, NSEC3 and SOA RRsets of the authority section. */
  readonly proofs: readonly SignedRRset[];
  /** The zone that the server was asked for; undefined of what no server has said just now. */
  readonly bailiwick?: Name;
}

export type Segment =
  | (SegmentBase & { readonly kind: 'answer'; readonly rrsets: readonly SignedRRset[] })
  | (SegmentBase & {
      readonly kind: 'alias';
      readonly via: 'CNAME';
      readonly rrset: SignedRRset;
      readonly target: Name;
    })
  | (SegmentBase & {
      readonly kind: 'alias';
      readonly via: 'DNAME';
      /** The DNAME RRset; its owner is above the segment's. */
      readonly rrset: SignedRRset;
      readonly target: Name;
      /** The CNAME that came with it, unsigned by design (rfc6672#section-5.3.1). */
      readonly synthesised?: SignedRRset;
    })
  | (SegmentBase & { readonly kind: 'nodata' | 'nxdomain' })
  /** A DNAME that makes of the name one of more than 255 octets (rfc6672#section-2.2). */
  | (SegmentBase & { readonly kind: 'overlong'; readonly rrset: SignedRRset })
  /** The response contradicts itself: two CNAMEs, a synthesised CNAME that is not its DNAME's. */
  | (SegmentBase & { readonly kind: 'contradiction'; readonly text: string });

/** How many aliases of one response are followed inside it. */
const MAX_ALIASES = 16;
/** How many RRsets of an answer to ANY are taken: each has a signature to be verified, and some of them are enough (RFC 8482). */
const MAX_ANY_RRSETS = 24;

const PROOF_TYPES: ReadonlySet<number> = new Set([RRType.NSEC, RRType.NSEC3, RRType.SOA]);

/** Which of two RRsets came first. */
function firstOf(sets: RRsets, a: SignedRRset, b: SignedRRset | undefined): SignedRRset | undefined {
  for (const set of sets.values()) if (set === a || set === b) return set;
  return undefined;
}

/** A single name as data; undefined where it is malformed. */
function targetOf(rdata: Uint8Array): Name | undefined {
  try {
    return decodeSingleName(rdata);
  } catch {
    return undefined;
  }
}

/** The DNAME that covers `name`, the closest first. */
function coveringDname(sets: RRsets, name: Name): SignedRRset | undefined {
  for (let owner = name.parent; !owner.isRoot; owner = owner.parent) {
    const dname = sets.get(owner, RRType.DNAME);
    if (dname) return dname;
  }
  return undefined;
}

/**
 * Reads the segments for the question. Names at or below `bailiwick`, the zone that the server was asked for, are the server's to
 * speak of; what an alias leads to outside of it, or into one of the zones that are an exception, is marked so.
 */
export function readSegments(
  message: Message,
  name: Name,
  type: number,
  bailiwick: Name,
  except: readonly Name[] = [],
): Segment[] {
  const elsewhere = [...message.authorities, ...message.additionals];
  const sets = collectRRsets(message.answers, elsewhere);
  const proofs: SignedRRset[] = [];
  for (const set of collectRRsets(message.authorities, message.additionals).values()) {
    if (PROOF_TYPES.has(set.type)) proofs.push(set);
  }
  const segments: Segment[] = [];
  const visited = new Set<string>();
  let owner = name;
  const isOutside = (other: Name) =>
    !other.isAtOrBelow(bailiwick) || (segments.length > 0 && except.some((zone) => other.isAtOrBelow(zone)));
  const isDenied = (other: Name) =>
    proofs.some((proof) => proof.type === RRType.SOA && other.isAtOrBelow(proof.name));
  /** A question for a CNAME is answered by it; that there is nothing where it leads to may be said by the way (rfc2308#section-2.1). */
  const denyTarget = (target: Name | undefined) => {
    if (target && message.rcode === Rcode.NXDOMAIN && isDenied(target))
      segments.push({ owner: target, proofs, bailiwick, outside: isOutside(target), kind: 'nxdomain' });
  };

  while (segments.length < MAX_ALIASES && !visited.has(owner.key)) {
    visited.add(owner.key);
    const base = { owner, proofs, bailiwick, outside: isOutside(owner) };

    const dname = coveringDname(sets, owner);
    const cname = sets.get(owner, RRType.CNAME);
    const rrsets = sets
      .values()
      .filter((set) => (type === RRType.ANY || set.type === type) && set.name.equals(owner));
    // A CNAME has nothing beside it (rfc2181#section-10.1): where a server sends both all the same, the first counts.
    const isAlias = type !== RRType.ANY && cname !== undefined && firstOf(sets, cname, rrsets[0]) === cname;
    // Below a DNAME even a question for the CNAME, or for everything, is answered by the DNAME, which alone is signed
    // (rfc6672#section-3.1).
    if (rrsets.length > 0 && (type === RRType.CNAME || type === RRType.ANY ? !dname : !isAlias)) {
      segments.push({ ...base, kind: 'answer', rrsets: rrsets.slice(0, MAX_ANY_RRSETS) });
      if (type === RRType.CNAME) denyTarget(targetOf(rrsets[0]!.rdatas[0]!));
      return segments;
    }
    if (dname) {
      const into = dname.rdatas.length === 1 ? targetOf(dname.rdatas[0]!) : undefined;
      const target = into && replaceSuffix(owner, dname.name, into);
      if (into && !target && !cname) {
        segments.push({ ...base, kind: 'overlong', rrset: dname });
        return segments;
      }
      if (!target) {
        const text = `the DNAME of ${dname.name} cannot be applied to ${owner}`;
        segments.push({ ...base, kind: 'contradiction', text });
        return segments;
      }
      if (cname && (cname.rdatas.length !== 1 || !targetOf(cname.rdatas[0]!)?.equals(target))) {
        const text = `the CNAME of ${owner} is not what the DNAME of ${dname.name} makes`;
        segments.push({ ...base, kind: 'contradiction', text });
        return segments;
      }
      segments.push({
        ...base,
        kind: 'alias',
        via: 'DNAME',
        rrset: dname,
        target,
        ...(cname && { synthesised: cname }),
      });
      if (type === RRType.CNAME) {
        denyTarget(target);
        return segments;
      }
      owner = target;
      continue;
    }
    if (cname) {
      const target = cname.rdatas.length === 1 ? targetOf(cname.rdatas[0]!) : undefined;
      if (!target) {
        segments.push({
          ...base,
          kind: 'contradiction',
          text: `${owner} has more than one CNAME, or a malformed one`,
        });
        return segments;
      }
      segments.push({ ...base, kind: 'alias', via: 'CNAME', rrset: cname, target });
      owner = target;
      continue;
    }

    // Nothing here. At the name asked for, that is the answer; at the end of aliases only where an SOA says so (rfc2308#section-2.2):
    // otherwise the server stopped half-way, and the target is asked for by itself. NSEC records may be there for other reasons.
    if (segments.length > 0 && !isDenied(owner)) return segments;
    if (message.rcode === Rcode.YXDOMAIN) {
      const text = `YXDOMAIN for ${owner} without a DNAME that makes too long a name of it`;
      segments.push({ ...base, kind: 'contradiction', text });
      return segments;
    }
    segments.push({ ...base, kind: message.rcode === Rcode.NXDOMAIN ? 'nxdomain' : 'nodata' });
    return segments;
  }
  return segments;
}

function replaceSuffix(name: Name, suffix: Name, target: Name): Name | undefined {
  try {
    return name.replaceSuffix(suffix, target);
  } catch {
    return undefined; // Longer than 255 octets (rfc6672#section-2.2, YXDOMAIN).
  }
}
