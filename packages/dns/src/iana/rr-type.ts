/** RR types, IANA "Domain Name System (DNS) Parameters", those that Mailanchor knows by name. */
export const RRType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

const names = new Map<number, string>(Object.entries(RRType).map(([name, value]) => [value, name]));

/** The type's mnemonic, or `TYPEnnn` (rfc3597#section-5). */
export function rrTypeToText(type: number): string {
  return names.get(type) ?? `TYPE${type}`;
}

/** The number of a mnemonic or of `TYPEnnn`; undefined for anything else. Case-insensitive. */
export function rrTypeFromText(text: string): number | undefined {
  const upper = text.toUpperCase();
  if (Object.hasOwn(RRType, upper)) return RRType[upper as keyof typeof RRType];
  const generic = /^TYPE([0-9]{1,5})$/.exec(upper);
  if (!generic) return undefined;
  const value = Number(generic[1]);
  return value <= 0xffff ? value : undefined;
}
