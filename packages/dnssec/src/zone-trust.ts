/** What is known of a zone: its trusted keys, or that nobody signs there, or that the chain to it does not hold. */
import type { Name } from '@mailanchor/dns';
import type { Reason, ZoneLink } from './proof.ts';
import type { ZoneKey } from './signature.ts';

interface TrustBase {
  /** The zone, or for an unsigned one the name where being unsigned begins. */
  readonly zone: Name;
  readonly link: ZoneLink;
  /** The links from the anchor down to this zone's. Shared by all answers that rest on it. */
  readonly chain: readonly ZoneLink[];
  readonly parent?: ZoneTrust;
  /** Epoch seconds until which this may be relied on. */
  readonly expiresAt: number;
}

export type ZoneTrust =
  | (TrustBase & { readonly status: 'secure'; readonly keys: readonly ZoneKey[] })
  | (TrustBase & { readonly status: 'insecure'; readonly negativeTrustAnchor?: Name; readonly ede?: number })
  | (TrustBase & { readonly status: 'bogus' | 'indeterminate'; readonly reason: Reason });

export type SecureTrust = Extract<ZoneTrust, { status: 'secure' }>;

/** The chain that a zone's link continues. */
export function chainFrom(parent: ZoneTrust | undefined, link: ZoneLink): readonly ZoneLink[] {
  return parent ? [...parent.chain, link] : [link];
}
