/**
 * What a set of validated NSEC or NSEC3 records of one zone proves about a name: the two mechanisms behind one face.
 */
import { Ede, type Name, type RRset, RRType } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import {
  isDelegation,
  nsecCovers,
  nsecInsecureDelegation,
  nsecProvesExpansion,
  nsecProvesNodata,
  nsecProvesNxdomain,
  readNsec,
} from './nsec.ts';
import {
  type Nsec3Proof,
  Nsec3Set,
  nsec3InsecureDelegation,
  nsec3ProvesExpansion,
  nsec3ProvesNodata,
  nsec3ProvesNxdomain,
} from './nsec3.ts';
import type { Reason } from './proof.ts';

export type Denial =
  | { readonly kind: 'proven' }
  /** Denied, but by an opt-out span or by a zone with too many iterations: not securely. */
  | { readonly kind: 'insecure'; readonly note: string; readonly ede?: number }
  | { readonly kind: 'unproven'; readonly reason: Reason };

const OPT_OUT_NOTE = 'NSEC3 opt-out span';

function fromNsec3(proof: Nsec3Proof): Denial['kind'] {
  return proof === 'opt-out' ? 'insecure' : proof;
}

/** Looks at the iterations before anything is hashed (rfc9276#section-3.2). */
function iterationsVerdict(set: Nsec3Set, work: Work): Denial | undefined {
  const { nsec3Iterations, nsec3IterationsRefused } = work.budgets;
  const text = `NSEC3 with ${set.iterations} iterations in ${set.zone}`;
  if (set.iterations > Math.max(nsec3IterationsRefused, nsec3Iterations)) {
    return { kind: 'unproven', reason: { ede: Ede.UNSUPPORTED_NSEC3_ITERATIONS, text, zone: set.zone } };
  }
  if (set.iterations > nsec3Iterations) {
    return { kind: 'insecure', note: text, ede: Ede.UNSUPPORTED_NSEC3_ITERATIONS };
  }
  return undefined;
}

function decide(
  rrsets: readonly RRset[],
  zone: Name,
  work: Work,
  what: string,
  byNsec: () => boolean,
  byNsec3: (set: Nsec3Set) => Nsec3Proof,
): Denial {
  if (byNsec()) return { kind: 'proven' };
  const set = Nsec3Set.read(rrsets, zone, work);
  if (set.records.length > 0) {
    const refused = iterationsVerdict(set, work);
    if (refused) return refused;
    const kind = fromNsec3(byNsec3(set));
    if (kind === 'proven') return { kind };
    if (kind === 'insecure') return { kind, note: OPT_OUT_NOTE };
  }
  return {
    kind: 'unproven',
    reason: { ede: Ede.NSEC_MISSING, text: `${zone} does not prove that ${what}`, zone },
  };
}

export function proveNxdomain(name: Name, zone: Name, rrsets: readonly RRset[], work: Work): Denial {
  const nsec = readNsec(rrsets, zone);
  return decide(
    rrsets,
    zone,
    work,
    `${name} does not exist`,
    () => nsecProvesNxdomain(nsec, name, zone),
    (set) => nsec3ProvesNxdomain(set, name),
  );
}

export function proveNodata(
  name: Name,
  type: number,
  zone: Name,
  rrsets: readonly RRset[],
  work: Work,
): Denial {
  const nsec = readNsec(rrsets, zone);
  return decide(
    rrsets,
    zone,
    work,
    `${name} has no such records`,
    () => nsecProvesNodata(nsec, name, type, zone),
    (set) => nsec3ProvesNodata(set, name, type),
  );
}

/** A wildcard answered for `name`; `labels` is the labels field of the RRSIG. */
export function proveExpansion(
  name: Name,
  labels: number,
  zone: Name,
  rrsets: readonly RRset[],
  work: Work,
): Denial {
  const nsec = readNsec(rrsets, zone);
  return decide(
    rrsets,
    zone,
    work,
    `the wildcard applies to ${name}`,
    () => nsecProvesExpansion(nsec, name, labels, zone),
    (set) => nsec3ProvesExpansion(set, name, labels),
  );
}

export type CutProof =
  /** An unsigned delegation: nothing below is signed as far as anybody can tell (rfc4035#section-5.2). */
  | { readonly kind: 'insecure'; readonly note: string }
  /** No zone cut here: the name belongs to the same zone as its parent, or does not exist. */
  | { readonly kind: 'no-cut' }
  | { readonly kind: 'unproven'; readonly reason: Reason };

/** What the parent `zone` proves of a DS that it does not have at `child`. */
export function proveNoDs(child: Name, zone: Name, rrsets: readonly RRset[], work: Work): CutProof {
  const unproven: CutProof = {
    kind: 'unproven',
    reason: { ede: Ede.NSEC_MISSING, text: `${zone} proves neither a DS of ${child} nor its absence`, zone },
  };
  const nsec = readNsec(rrsets, zone);
  if (nsecInsecureDelegation(nsec, child))
    return { kind: 'insecure', note: 'NSEC proves that there is no DS' };
  const own = nsec.find(({ owner }) => owner.equals(child));
  if (own) return noCut(own.types) ? { kind: 'no-cut' } : unproven;
  if (nsec.some((record) => nsecCovers(record, child, zone))) return { kind: 'no-cut' };

  const set = Nsec3Set.read(rrsets, zone, work);
  if (set.records.length === 0) return unproven;
  const refused = iterationsVerdict(set, work);
  if (refused) {
    if (refused.kind === 'insecure') return { kind: 'insecure', note: refused.note };
    return refused.kind === 'unproven' ? refused : unproven;
  }
  const match = set.match(child);
  if (match) {
    if (nsec3InsecureDelegation(set, child))
      return { kind: 'insecure', note: 'NSEC3 proves that there is no DS' };
    return noCut(match.types) ? { kind: 'no-cut' } : unproven;
  }
  const encloser = set.closestEncloser(child);
  if (!encloser) return unproven;
  return encloser.cover.optOut
    ? { kind: 'insecure', note: 'NSEC3 opt-out: there is no DS' }
    : { kind: 'no-cut' };
}

/** The name is there, has no DS, and is no delegation: it lies inside the zone. SOA would mean the child's own record. */
function noCut(types: Parameters<typeof isDelegation>[0]): boolean {
  return !isDelegation(types) && !types.has(RRType.DS) && !types.has(RRType.SOA);
}
