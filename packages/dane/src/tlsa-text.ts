/** TLSA records as people write them. */
import { DaneError } from './errors.ts';
import { MATCHING_ACRONYMS, SELECTOR_ACRONYMS, type TlsaRecord, USAGE_ACRONYMS } from './tlsa.ts';

/** `3 1 1 ab12...`: the record's data in master-file form, hexadecimal in lower case. */
export function tlsaToText(record: TlsaRecord): string {
  const hex = Buffer.from(record.data).toString('hex');
  return `${record.usage} ${record.selector} ${record.matching} ${hex}`;
}

/** `DANE-EE(3) SPKI(1) SHA2-256(1)`; unknown numbers stand alone. */
export function tlsaParametersToText(record: Omit<TlsaRecord, 'data'>): string {
  const named = (names: readonly string[], n: number): string => (names[n] ? `${names[n]}(${n})` : `${n}`);
  return [
    named(USAGE_ACRONYMS, record.usage),
    named(SELECTOR_ACRONYMS, record.selector),
    named(MATCHING_ACRONYMS, record.matching),
  ].join(' ');
}

/**
 * Read `3 1 1 <hex>`. The numbers may be acronyms (`DANE-EE SPKI SHA2-256`), the hexadecimal digits may hold spaces and stand in
 * parentheses; a whole line of a master file will do, owner, TTL and class before `TLSA`, and so will the data of an unknown type,
 * `\\# 35 030101<hex>` (rfc3597#section-5). Throws {@link DaneError} `bad-tlsa`.
 */
export function tlsaFromText(text: string): TlsaRecord {
  const words = text.replace(/;.*$/gm, ' ').replace(/[()]/g, ' ').trim().split(/\s+/);
  const type = words.findIndex((word) => /^(TLSA|TYPE52)$/i.test(word));
  const data = words.slice(type + 1);
  if (data[0] === '\\#') return fromOctets(hexadecimal(data.slice(2)), data[1]);
  const [usage = '', selector = '', matching = '', ...rest] = data;
  return {
    usage: parameter('usage', USAGE_ACRONYMS, usage),
    selector: parameter('selector', SELECTOR_ACRONYMS, selector),
    matching: parameter('matching type', MATCHING_ACRONYMS, matching),
    data: hexadecimal(rest),
  };
}

function hexadecimal(words: readonly string[]): Uint8Array {
  const digits = words.join('');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new DaneError('bad-tlsa', 'TLSA data is not pairs of hexadecimal digits');
  }
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

function fromOctets(octets: Uint8Array, length: string | undefined): TlsaRecord {
  const [usage, selector, matching] = octets;
  if (length !== `${octets.length}`)
    throw new DaneError(
      'bad-tlsa',
      `TLSA data has ${octets.length} octets, not ${length ?? 'the number it should say'}`,
    );
  if (usage === undefined || selector === undefined || matching === undefined)
    throw new DaneError('bad-tlsa', 'TLSA data has fewer than three octets');
  return { usage, selector, matching, data: octets.slice(3) };
}

function parameter(what: string, acronyms: readonly string[], text: string): number {
  const byName = acronyms.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (byName >= 0) return byName;
  if (/^\d{1,3}$/.test(text) && Number(text) < 256) return Number(text);
  throw new DaneError(
    'bad-tlsa',
    `TLSA ${what} is "${text}": expected a number up to 255 or ${acronyms.join(', ')}`,
  );
}
