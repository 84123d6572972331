/**
 * Which certificate may have issued which, as far as they say themselves: by names, key identifiers (rfc5280#section-4.2.1.1)
 * and kinds of key. The signature is another question. It is answered as OpenSSL answers it, hence most senders: a candidate
 * that does not fit here is not tried, whatever its key.
 */
import type { Certificate } from './certificate.ts';
import { sameOctets } from './der.ts';
import { nameKey } from './distinguished-name.ts';
import { signatureFits } from './signature.ts';

export function mayHaveIssued(issuer: Certificate, subject: Certificate): boolean {
  return (
    issuer.subjectKey === subject.issuerKey &&
    issuer.extensions.problems.length === 0 &&
    subject.extensions.problems.length === 0 &&
    fitsKeyIdentifiers(issuer, subject) &&
    issuer.publicKey !== null &&
    signatureFits(subject, issuer.publicKey)
  );
}

/** Self-issued, and nothing in it says that another key signed it. The signature itself is not checked. */
export function isSelfSigned(certificate: Certificate): boolean {
  return mayHaveIssued(certificate, certificate);
}

/** What the authority key identifier names, where it and its counterpart are there: key, serial number, issuer's issuer. */
function fitsKeyIdentifiers(issuer: Certificate, subject: Certificate): boolean {
  const { authorityKeyIdentifier, authoritySerial, authorityIssuer } = subject.extensions;
  const own = issuer.extensions.subjectKeyIdentifier;
  if (authorityKeyIdentifier && own && !sameOctets(authorityKeyIdentifier, own)) return false;
  if (authoritySerial && !sameOctets(authoritySerial, issuer.serial)) return false;
  return !authorityIssuer || nameKey(authorityIssuer) === issuer.issuerKey;
}
