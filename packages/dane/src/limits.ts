/**
 * The bounds of the matcher, each with its reason. A server chooses the certificates that we look at, so every loop over
 * them has an end that does not depend on it.
 */

/** Certificates of the presented chain that are looked at; a handshake carries about 100 kB, a small certificate is 300 octets. */
export const MAX_PRESENTED_CERTIFICATES = 256;

/** Certificates in one path, without the anchor: OpenSSL's default verify depth, 100, and the leaf. Real paths have 2 to 5. */
export const MAX_PATH_CERTIFICATES = 101;

/**
 * Signatures verified for one verdict. A path of the greatest length needs 100; real ones 1 to 4. At 0.1 ms each (P-256,
 * RSA-2048) the worst verdict costs some 15 ms.
 */
export const MAX_SIGNATURE_CHECKS = 128;

/** Paths looked at for one verdict: CAs that all sign each other make factorially many out of few verified signatures. */
export const MAX_PATHS = 1_000;

/** Comparisons of certificates' names with the name constraints above them, for one verdict. */
export const MAX_CONSTRAINT_COMPARISONS = 65_536;

/** RSA keys: fewer bits are under 80 bits of security as OpenSSL counts, which it refuses at level 1, that of Postfix. */
export const MIN_RSA_BITS = 920;
/** The like of elliptic curves: 80 bits of security are half of these. */
export const MIN_EC_BITS = 160;

/** A larger modulus, or exponent, makes a single verification cost tens of milliseconds; no CA uses one. */
export const MAX_RSA_BITS = 8192;
export const MAX_RSA_EXPONENT_BITS = 64;

/** A PEM file of more than this is no chain and no CA bundle (the largest public bundles have 0.3 MB). */
export const MAX_PEM_OCTETS = 10_000_000;

/** Imported keys that are kept: some hundred CA keys sign the mail servers of the world. About 1 MB at most. */
export const MAX_CACHED_KEYS = 256;
/** A 8192-bit RSA key has 1,050 octets; larger ones are not kept. */
export const MAX_CACHED_KEY_OCTETS = 2_048;
