/** Whether a response is of any use: servers that fail, and servers that were asked by mistake. */
import { type Message, type Name, Rcode, RRType } from '@mailanchor/dns';

/** Whether the message answers at all: with records, a denial, or a DNAME that makes too long a name (rfc6672#section-2.2). */
export function isUsable({ rcode, answers }: Message): boolean {
  if (rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN) return true;
  return rcode === Rcode.YXDOMAIN && answers.some(({ type }) => type === RRType.DNAME);
}

/**
 * Whether a server shows that it does not serve the zone: it refers sideways or up, to a zone that is not below the one it was asked for
 * (rfc1912#section-2.8).
 */
export function isLame(message: Message, zone: Name): boolean {
  if (message.aa || message.answers.length > 0 || message.rcode !== Rcode.NOERROR) return false;
  let refers = false;
  for (const { type, name } of message.authorities) {
    if (type === RRType.SOA || type === RRType.NSEC || type === RRType.NSEC3) return false;
    if (type === RRType.NS) {
      if (name.isBelow(zone)) return false;
      refers = true;
    }
  }
  return refers;
}

/**
 * Whether a resolver shows that it has nothing in its cache, which it was not asked to fill: it is hardly the zone's server, and believed only
 * where no other server says more.
 */
export function isEmptyCache({ aa, ra, rcode, answers, authorities }: Message): boolean {
  return ra && !aa && rcode === Rcode.NOERROR && answers.length === 0 && authorities.length === 0;
}
