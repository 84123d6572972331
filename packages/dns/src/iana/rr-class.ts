/** DNS classes (rfc1035#section-3.2.4). */
export const RRClass = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

const names = new Map<number, string>(Object.entries(RRClass).map(([name, value]) => [value, name]));

/** The class's mnemonic, or `CLASSnnn` (rfc3597#section-5). */
export function rrClassToText(value: number): string {
  return names.get(value) ?? `CLASS${value}`;
}

/** The number of a mnemonic or of `CLASSnnn`; undefined for anything else. */
export function rrClassFromText(text: string): number | undefined {
  const upper = text.toUpperCase();
  if (Object.hasOwn(RRClass, upper)) return RRClass[upper as keyof typeof RRClass];
  const generic = /^CLASS([0-9]{1,5})$/.exec(upper);
  if (!generic) return undefined;
  const number = Number(generic[1]);
  return number <= 0xffff ? number : undefined;
}
