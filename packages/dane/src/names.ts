/**
 * Does a certificate name one of the names that we look for? rfc7672#section-3.2.3, with the wildcards of
 * rfc6125#section-6.4.3 narrowed: a wildcard is the whole first label, covers exactly one label, and never stands right
 * under a top-level domain.
 *
 * Reference names are DNS names as A-labels; a final dot is ignored. A name with octets outside ASCII matches nothing.
 */
import type { Certificate } from './certificate.ts';

/** The names that a certificate presents: the DNS-IDs if it has any, else the common names; none if they cannot be read. */
export function presentedNames(certificate: Certificate): readonly string[] {
  if (certificate.extensions.unreadableNames) return [];
  const dns = certificate.dnsNames;
  return dns.length > 0 ? dns : certificate.commonNames;
}

/** True if one of the presented names matches one of the reference names. */
export function certificateNames(certificate: Certificate, references: readonly string[]): boolean {
  const presented = presentedNames(certificate);
  return references.some((reference) => presented.some((name) => nameMatches(name, reference)));
}

/** Lower case and without a final dot; undefined for what is no DNS name of ASCII labels. */
export function foldName(name: string): string | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare.length === 0 || bare.length > 253) return undefined;
  for (const label of bare.split('.')) if (!/^[!-~]{1,63}$/.test(label)) return undefined;
  return bare.toLowerCase();
}

const HOST_LABEL = /^[a-z0-9-]+$/;

/** One presented name (a DNS-ID or CN-ID) against one reference name. */
export function nameMatches(presented: string, reference: string): boolean {
  if (presented.endsWith('.')) return false; // rfc5280#section-4.2.1.6: the preferred name syntax has no final dot
  const own = foldName(presented);
  const wanted = foldName(reference);
  if (own === undefined || wanted === undefined || wanted.includes('*')) return false;
  if (!own.includes('*')) return own === wanted;
  const rest = own.slice(1);
  // The asterisk alone in the first label, at least two labels after it, none of them with another asterisk.
  if (!own.startsWith('*.') || rest.includes('*') || rest.split('.').length < 3) return false;
  const firstDot = wanted.indexOf('.');
  // Letters, digits and hyphens only: a wildcard is of a host name, and covers the label of one (as OpenSSL has it).
  return (
    firstDot > 0 &&
    wanted.slice(firstDot) === rest &&
    HOST_LABEL.test(wanted.slice(0, firstDot)) &&
    rest
      .slice(1)
      .split('.')
      .every((label) => HOST_LABEL.test(label) && !/^-|-$/.test(label))
  );
}
