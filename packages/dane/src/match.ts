/**
 * The verdict: do these TLSA records authenticate this chain? rfc6698#section-4.1, rfc7671#section-5, rfc7672#section-3.
 *
 * Pure: nothing is read but the arguments. DANE-EE(3) comes first, which needs the leaf only. Then the path that most senders
 * would take from the leaf upwards (`usual-path.ts`); where that is not good, every other path (`match-anchor.ts` for
 * DANE-TA(2); in mode `general` `match-pkix.ts` for PKIX-EE(1) and PKIX-TA(0), which need a given CA as well).
 */

import type { Certificate } from './certificate.ts';
import type { SearchBudget } from './certificate-path.ts';
import { judgeDane } from './judgement.ts';
import type { DaneMode, TlsaRecord } from './tlsa.ts';
import type { DaneVerdict } from './verdict.ts';

export interface MatchRequest {
  readonly records: readonly TlsaRecord[];
  /**
   * Certificates as the server presented them, leaf first: in DER, or parsed where that has been done. They may be anything: what does not parse never
   * issues.
   */
  readonly chain: readonly (Uint8Array | Certificate)[];
  /** Reference names (rfc7672#section-3.2.2), A-labels; the TLSA base domain first. */
  readonly names: readonly string[];
  /** Epoch seconds. */
  readonly at: number;
  readonly mode: DaneMode;
  /** Certificates in DER that usages 0 and 1 are verified against; the self-signed ones are the anchors. */
  readonly ca?: readonly Uint8Array[];
  /** Check names for DANE-EE(3) too, default no: rfc7672#section-3.2.1 forbids it for SMTP; other applications may ask. */
  readonly eeNames?: boolean;
  /** Matching types of digests, strongest first. */
  readonly digestOrder?: readonly number[];
  /** What the search may cost; the one given counts what it did. */
  readonly budget?: SearchBudget;
}

/** Match. Never throws, whatever the octets. */
export function matchDane(request: MatchRequest): DaneVerdict {
  return judgeDane(request).verdict;
}
