/** TTLs as text: seconds, or numbers with units such as `1h30m` as BIND takes them (rfc2308 gives none). */
const UNIT_SECONDS: Readonly<Record<string, number>> = { w: 604800, d: 86400, h: 3600, m: 60, s: 1 };

/** Largest TTL (rfc2181#section-8). */
export const MAX_TTL = 0x7fffffff;

/** Seconds; undefined where the text is no TTL or the TTL is too large. */
export function ttlFromText(text: string): number | undefined {
  let seconds: number;
  if (/^[0-9]{1,10}$/.test(text)) seconds = Number(text);
  else {
    if (!/^(?:[0-9]{1,10}[wdhms])+$/i.test(text)) return undefined;
    seconds = 0;
    for (const [, count, unit] of text.matchAll(/([0-9]+)([wdhms])/gi))
      seconds += Number(count) * UNIT_SECONDS[unit!.toLowerCase()]!;
  }
  return seconds <= MAX_TTL ? seconds : undefined;
}
