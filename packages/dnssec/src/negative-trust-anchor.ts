/** Negative trust anchors (rfc7646): zones known to be broken, exempt from proof until a given time. Data from there is insecure, never secure. */
import { Name } from '@mailanchor/dns';
import type { Clock } from './resolver.ts';

/** A name at and below which nothing is validated (rfc7646). */
export interface NegativeTrustAnchor {
  readonly zone: Name;
  /** Milliseconds since the epoch at which it ends; it ought to have an end (rfc7646#section-2.1). */
  readonly until?: number;
}

/** Negative trust anchors, as long as they last. */
export class NegativeTrustAnchors {
  readonly #anchors: ReadonlyMap<string, NegativeTrustAnchor>;
  readonly #clock: Clock;

  constructor(anchors: readonly (Name | NegativeTrustAnchor)[], clock: Clock = Date.now) {
    const all = anchors.map((anchor) => (anchor instanceof Name ? { zone: anchor } : anchor));
    this.#anchors = new Map(all.map((anchor) => [anchor.zone.key, anchor]));
    this.#clock = clock;
  }

  closest(name: Name): Name | undefined {
    if (this.#anchors.size === 0) return undefined;
    for (let candidate = name; ; candidate = candidate.parent) {
      const found = this.#at(candidate);
      if (found || candidate.isRoot) return found;
    }
  }

  /** The anchor at the very name, if it has not ended. */
  #at(name: Name): Name | undefined {
    const anchor = this.#anchors.get(name.key);
    return anchor && (anchor.until === undefined || anchor.until > this.#clock()) ? anchor.zone : undefined;
  }

  /** Whether what an anchor at `zone` exempted is still exempt. */
  has(zone: Name): boolean {
    return this.#at(zone) !== undefined;
  }
}
