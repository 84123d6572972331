/** Mozilla's list of CAs as this Node.js carries it: for usages 0 and 1 of services other than mail transfer. Never for SMTP. */

import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

let list: readonly Uint8Array[] | undefined;

/** DER. */
export function publicCas(): readonly Uint8Array[] {
  list ??= rootCertificates.map((pem) => Uint8Array.from(new X509Certificate(pem).raw));
  return list;
}
