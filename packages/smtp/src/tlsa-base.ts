/**
 * From a host's addresses to the TLSA base domain candidates (rfc7672#section-2.2.2, rfc7672#section-2.2.3; rfc7671#section-7), in
 * the order in which they are asked. Names in the middle of an alias chain are never candidates.
 *
 *   not an alias, secure                  the host
 *   not an alias, insecure                none: DANE does not apply
 *   alias, secure all the way             the expanded name, then the host
 *   alias itself secure, target insecure  the host: it may share a key with its provider
 *   alias itself insecure                 none
 *
 * rfc7672#section-2.1.3 has a stub resolver ask for the CNAME by itself to tell the last two apart, since an AD bit covers a whole
 * answer. Our resolver keeps the status of every link, so the first link's own status is the answer to that question.
 */
import type { Name } from '@mailanchor/dns';
import type { Resolution } from '@mailanchor/dnssec';

export function tlsaBaseCandidates(
  host: Name,
  addresses: Pick<Resolution, 'status' | 'aliases' | 'canonicalName'>,
): Name[] {
  const [firstLink] = addresses.aliases;
  if (addresses.status === 'secure') {
    if (!firstLink || addresses.canonicalName.equals(host)) return [host];
    return [addresses.canonicalName, host];
  }
  if (addresses.status !== 'insecure') return [];
  return firstLink?.status === 'secure' ? [host] : [];
}
