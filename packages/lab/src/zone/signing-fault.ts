/** What can be wrong with the signatures of a zone. */
import type { Name, RRset } from '@mailanchor/dns';

/** 'ending': good, for two more days. 'corrupt': one bit of the signature is wrong. 'missing': there is none. */
export type SignatureFault = 'ending' | 'expired' | 'not-yet-valid' | 'corrupt' | 'missing';

export interface SigningFault {
  readonly kind: SignatureFault;
  /** Only RRsets of these types; default all. */
  readonly types?: readonly number[];
  /** Only RRsets at or below this name; default all. */
  readonly below?: Name;
}

/** The first fault that touches the RRset. */
export function faultOf(faults: readonly SigningFault[], rrset: RRset): SignatureFault | undefined {
  return faults.find(
    ({ types, below }) =>
      (types === undefined || types.includes(rrset.type)) &&
      (below === undefined || rrset.name.isAtOrBelow(below)),
  )?.kind;
}
