/** Algorithms and errors of TSIG (rfc8945#section-6, and the IANA registries "TSIG Algorithm Names" and "DNS RCODEs"). */

/** HMAC by digest, as names and key files have it. MD5 and SHA-1 are left out: nothing is signed with them. */
export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

/** Octets of each MAC in full. */
export const TSIG_MAC_OCTETS: Readonly<Record<TsigAlgorithm, number>> = {
  'hmac-sha256': 32,
  'hmac-sha384': 48,
  'hmac-sha512': 64,
};

/** The error field of a TSIG record. 16 means BADVERS as a response code and BADSIG here. */
export const TsigError = { NOERROR: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

const names = new Map<number, string>(Object.entries(TsigError).map(([name, value]) => [value, name]));

export function tsigErrorToText(error: number): string {
  return names.get(error) ?? `error ${error}`;
}
