/** Response codes (rfc1035#section-4.1.1, rfc6891#section-9 for the extended ones). */
export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

const names = new Map<number, string>(Object.entries(Rcode).map(([name, value]) => [value, name]));

export function rcodeToText(rcode: number): string {
  return names.get(rcode) ?? `RCODE${rcode}`;
}
