/**
 * DNSSEC algorithm numbers (IANA "DNS Security Algorithm Numbers") and which of them we verify.
 *
 * rfc8624#section-3.1 says what a validator must do. The SHA-1 ones are implemented and off by default, as RFC 9905 has it: a zone
 * signed by nothing else counts as unsigned, not as broken (rfc4035#section-5.2).
 */
export const Algorithm = {
  RSAMD5: 1,
  DSA: 3,
  RSASHA1: 5,
  DSA_NSEC3_SHA1: 6,
  RSASHA1_NSEC3_SHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECC_GOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
} as const;

const names = new Map<number, string>(Object.entries(Algorithm).map(([name, value]) => [value, name]));

/** The algorithm's mnemonic, or its number. */
export function algorithmToText(algorithm: number): string {
  return names.get(algorithm) ?? `algorithm ${algorithm}`;
}

const SUPPORTED: ReadonlySet<number> = new Set([
  Algorithm.RSASHA256,
  Algorithm.RSASHA512,
  Algorithm.ECDSAP256SHA256,
  Algorithm.ECDSAP384SHA384,
  Algorithm.ED25519,
  Algorithm.ED448,
]);

/** What a validator accepts: the default refuses everything that rests on SHA-1. */
export interface AlgorithmPolicy {
  /** Verify RSASHA1, RSASHA1-NSEC3-SHA1 and SHA-1 DS records. */
  readonly sha1: boolean;
}

export function isSupportedAlgorithm(algorithm: number, policy: AlgorithmPolicy): boolean {
  if (algorithm === Algorithm.RSASHA1 || algorithm === Algorithm.RSASHA1_NSEC3_SHA1) return policy.sha1;
  return SUPPORTED.has(algorithm);
}

const WEAK: ReadonlySet<number> = new Set([
  Algorithm.RSAMD5,
  Algorithm.DSA,
  Algorithm.RSASHA1,
  Algorithm.DSA_NSEC3_SHA1,
  Algorithm.RSASHA1_NSEC3_SHA1,
  Algorithm.ECC_GOST,
]);

/** Whether zones are not to be signed with it any more (rfc8624#section-3.1, RFC 9905). */
export function isWeakAlgorithm(algorithm: number): boolean {
  return WEAK.has(algorithm);
}

const RSA: ReadonlySet<number> = new Set([
  Algorithm.RSASHA1,
  Algorithm.RSASHA1_NSEC3_SHA1,
  Algorithm.RSASHA256,
  Algorithm.RSASHA512,
]);

/** Bits below which an RSA key can be factored by whoever can afford it. */
export const MIN_RSA_BITS = 2048;

/** Whether it is an RSA key below `MIN_RSA_BITS`; not where nobody knows how many it has. */
export function isSmallKey(algorithm: number, bits: number): boolean {
  return RSA.has(algorithm) && bits > 0 && bits < MIN_RSA_BITS;
}

/** An RSA exponent above so many octets makes a verification several times as dear. */
const SHORT_EXPONENT_OCTETS = 4;
/** Octets that are hashed in the time of a verification by P-256, more or less. */
const OCTETS_OF_WEIGHT = 32_768;

/** What a verification costs, in verifications by P-256 of a small RRset. `octets` are signed. */
export function verificationWeight(algorithm: number, publicKey: Uint8Array, octets: number): number {
  return weightOf(algorithm, publicKey) + Math.floor(octets / OCTETS_OF_WEIGHT);
}

function weightOf(algorithm: number, publicKey: Uint8Array): number {
  switch (algorithm) {
    case Algorithm.ECDSAP256SHA256:
    case Algorithm.ED25519:
      return 1;
    // OpenSSL has no fast code for these two.
    case Algorithm.ECDSAP384SHA384:
    case Algorithm.ED448:
      return 3;
    default:
      // RSA: the first octet is the length of the exponent, or 0 where that takes more than one (rfc3110#section-2).
      return publicKey[0] === 0 || publicKey[0]! > SHORT_EXPONENT_OCTETS ? 3 : 1;
  }
}

/** DS digest types (IANA "DS RR Type Digest Algorithms"). */
export const DigestType = { SHA1: 1, SHA256: 2, GOST: 3, SHA384: 4 } as const;

/** Name of the hash in node:crypto, for the digest types we compute. */
const DIGESTS: Readonly<Record<number, { hash: string; octets: number }>> = {
  [DigestType.SHA1]: { hash: 'sha1', octets: 20 },
  [DigestType.SHA256]: { hash: 'sha256', octets: 32 },
  [DigestType.SHA384]: { hash: 'sha384', octets: 48 },
};

export function digestOf(type: number): { hash: string; octets: number } | undefined {
  return DIGESTS[type];
}

export function isSupportedDigest(type: number, policy: AlgorithmPolicy): boolean {
  return type === DigestType.SHA1 ? policy.sha1 : DIGESTS[type] !== undefined;
}
