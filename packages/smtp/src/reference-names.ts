/**
 * The names that a certificate may bear to match a host under usage 2 (rfc7672#section-3.2.2). The TLSA base domain always comes
 * first.
 */
import type { Name } from '@mailanchor/dns';

/** How the host was found. */
export type HostOrigin =
  /** By an MX RRset of `nextHop`, which its aliases expand to `expanded`. */
  | {
      readonly kind: 'mx';
      readonly status: 'secure' | 'insecure';
      readonly nextHop: Name;
      readonly expanded: Name;
    }
  /** By an SRV RRset of a service that `domain` offers (rfc7673#section-3.1). */
  | { readonly kind: 'srv'; readonly status: 'secure' | 'insecure'; readonly domain: Name }
  /** The next hop itself: no MX, or named by the caller. */
  | { readonly kind: 'direct'; readonly nextHop: Name };

/** `host` is what MX or SRV records name, or the caller. */
export function referenceNames(base: Name, host: Name, origin: HostOrigin): Name[] {
  const names = [base];
  // rfc7673#section-6: the service domain, the target server's name, or both.
  if (origin.kind === 'srv') names.push(...(origin.status === 'secure' ? [host] : []), origin.domain);
  else if (origin.kind === 'direct') names.push(origin.nextHop);
  // An attacker who forges MX records must not be able to present the certificate of the domain's own choice of name.
  else if (origin.status === 'secure') names.push(origin.nextHop, origin.expanded);
  return names.filter((name, index) => names.findIndex((other) => other.equals(name)) === index);
}
