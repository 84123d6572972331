/**
 * `@mailanchor/dane`: do the TLSA records of a name authenticate the certificate chain that its server presents?
 *
 * A TLSA record (rfc6698#section-2) is four fields, written `3 1 1 <hex>`:
 *
 * - **usage**: what the record says about the chain.
 *   - `3` DANE-EE: this is the server's own certificate or key. Nothing else counts: not its names, dates, issuers.
 *   - `2` DANE-TA: this is the CA ("trust anchor") of the server's chain. The server sends the CA's certificate along; the
 *     chain from it to the leaf must verify, and the leaf must have a name that we look for.
 *   - `1` PKIX-EE and `0` PKIX-TA: as 3 and 2, and the chain must lead to a CA that the client trusts anyway. Not for SMTP.
 * - **selector**: what is compared, `0` the whole certificate or `1` its public key (SubjectPublicKeyInfo, the octets as
 *   they stand in the certificate). A key outlives renewals of its certificate.
 * - **matching type**: how, `0` Full octets, `1` SHA2-256, `2` SHA2-512.
 * - **association data**: the octets or the digest.
 *
 * A record that nothing could match (unknown numbers, a digest of the wrong length) is **unusable** and dropped first. Of
 * the digests of a usage and selector only the strongest kind counts: **digest agility** (rfc7671#section-9). When no record
 * is usable, that is an outcome of its own: the client encrypts but cannot authenticate.
 *
 * The **TLSA base domain** is the host name below which the records were found (`mx1.example.org` of
 * `_25._tcp.mx1.example.org`). The **reference names** that a DANE-TA certificate may have are the base domain and, when the
 * MX lookup was secure, the mail domain (rfc7672#section-3.2.2): finding both is the caller's work, in `@mailanchor/smtp`.
 *
 * **Depth** counts from the leaf, 0, along the verified path to the anchor, whatever order the server sent.
 *
 * Everything here is a function of its arguments: no sockets, no clock. Whether the records themselves can be believed
 * (DNSSEC) is for `@mailanchor/dnssec` to say, before this package is asked.
 */
export { Presented } from './association.ts';
export { Certificate } from './certificate.ts';
export { SearchBudget } from './certificate-path.ts';
export { nameToText, printable } from './distinguished-name.ts';
export * from './errors.ts';
export type { Extensions, KeyUsage, Subtree } from './extensions.ts';
export type { GeneralName } from './general-name.ts';
export * from './generate.ts';
export * from './limits.ts';
export * from './match.ts';
export { certificateNames, nameMatches, presentedNames } from './names.ts';
export type { DaneNote, MismatchReason } from './path-rules.ts';
export * from './pem.ts';
export * from './rollover/index.ts';
export * from './tlsa.ts';
export * from './tlsa-text.ts';
export { timeToText } from './validity.ts';
export type { DaneMatch, DaneMismatch, DaneUnusable, DaneVerdict } from './verdict.ts';
