/** Destinations of the lab: what is to be checked, and what must come out. */

/** As `check` has them. */
export type LabVerdict = 'protected' | 'broken' | 'unprotected' | 'partial' | 'unknown';
export type LabHostVerdict = 'verified' | 'mismatch' | 'unauthenticated' | 'no-dane' | 'deferred';

export interface LabExpectation {
  readonly verdict: LabVerdict;
  /** Exit status of `mailanchor check` for this destination alone. */
  readonly exitCode: number;
  /** In order of preference; none where the check ends before any host. */
  readonly hosts: readonly { readonly host: string; readonly verdict: LabHostVerdict }[];
  /** Codes of findings that must be among those reported. */
  readonly findings: readonly string[];
}

/** 'main': what a newcomer wants to see. 'further': one for each thing that can be wrong besides. */
export type LabGroup = 'main' | 'further';

export interface LabDestination {
  /** The mail domain, without trailing dot. */
  readonly domain: string;
  /** A few words for a table. */
  readonly title: string;
  /** One sentence: what is special here, and what a sender does because of it. */
  readonly special: string;
  /** A check of it waits for a time limit: 10 seconds and more. */
  readonly slow: boolean;
  readonly group: LabGroup;
  readonly expected: LabExpectation;
}

/** A service that SRV records locate, at the lab's port like everything else. */
export interface LabService {
  /** As `check` takes it: the owner of the SRV records, such as `_imaps._tcp.imaps-service.example`. */
  readonly target: string;
  readonly title: string;
  /** One sentence: what is special here, and what a client does because of it. */
  readonly special: string;
  readonly kind: 'srv-service' | 'no-such-service';
  readonly expected: LabExpectation;
}

/** Exit status of each verdict. */
export const EXIT_CODES: Readonly<Record<LabVerdict, number>> = {
  protected: 0,
  broken: 1,
  unprotected: 3,
  partial: 4,
  unknown: 5,
};
