/** Which NSEC or NSEC3 RRsets prove what a response says is not there (rfc4035#section-3.1.3, rfc5155#section-7.2). */
import type { Name, RRset } from '@mailanchor/dns';
import type { Nsec3Chain } from '../zone/nsec3-chain.ts';
import type { ServedZone } from './served-zone.ts';

export type Denied =
  /** The name exists, the type does not; also a delegation without DS. */
  | { readonly kind: 'nodata'; readonly name: Name }
  /** Neither the name nor a wildcard for it. */
  | { readonly kind: 'nxdomain'; readonly name: Name; readonly encloser: Name }
  /** A wildcard answers for the name: the name itself does not exist. */
  | { readonly kind: 'wildcard-answer'; readonly name: Name; readonly encloser: Name }
  /** A wildcard stands for the name and does not have the type. */
  | { readonly kind: 'wildcard-nodata'; readonly name: Name; readonly encloser: Name };

/** The RRsets to put into the authority section; none for an unsigned zone. */
export function denialProof({ signing, denialFault }: ServedZone, denied: Denied): RRset[] {
  if (!signing) return [];
  const { chain } = signing;
  const right = chain.kind === 'nsec' ? nsecProof(chain, denied) : nsec3Proof(chain, denied);
  const faulty = denialFault && (!denialFault.below || denied.name.isAtOrBelow(denialFault.below));
  if (!faulty) return right;
  if (denialFault.kind === 'missing') return [];
  return chain.rrsets.filter((rrset) => !right.includes(rrset)).slice(0, 1);
}

interface Ring {
  match(name: Name): RRset | undefined;
  cover(name: Name): RRset;
}

function nsecProof(chain: Ring, denied: Denied): RRset[] {
  const { kind, name } = denied;
  switch (kind) {
    case 'nodata':
      // An empty non-terminal has no record: the one that covers it points to a name below it (rfc4035#section-5.4).
      return [chain.match(name) ?? chain.cover(name)];
    case 'nxdomain':
      return [chain.cover(name), chain.cover(denied.encloser.prepend('*'))];
    case 'wildcard-answer':
      return [chain.cover(name)];
    case 'wildcard-nodata':
      return [chain.cover(name), chain.match(denied.encloser.prepend('*'))!];
  }
}

function nsec3Proof(chain: Nsec3Chain, denied: Denied): RRset[] {
  const { kind, name } = denied;
  if (kind === 'nodata') {
    const match = chain.match(name);
    // Only opt-out leaves an existing name without a record (rfc5155#section-7.2.4).
    return match ? [match] : closestEncloserProof(chain, name);
  }
  const { encloser } = denied;
  const nextCloser = name.ancestor(encloser.labelCount + 1);
  const wildcard = encloser.prepend('*');
  switch (kind) {
    case 'nxdomain':
      return [...closestEncloserProof(chain, name), chain.cover(wildcard)];
    case 'wildcard-answer':
      return [chain.cover(nextCloser)];
    case 'wildcard-nodata':
      return [...closestEncloserProof(chain, name), chain.match(wildcard)!];
  }
}

/** The closest ancestor that has a record, and the record that covers the next name down (rfc5155#section-7.2.1). */
function closestEncloserProof(chain: Nsec3Chain, name: Name): RRset[] {
  for (let nextCloser = name; ; nextCloser = nextCloser.parent) {
    const match = chain.match(nextCloser.parent);
    if (match) return [match, chain.cover(nextCloser)];
  }
}
