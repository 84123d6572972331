/** DER, as much as certificates need (ITU-T X.690): each function returns one complete element. */

const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

export function element(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const n = body.length;
  const length =
    n < 0x80
      ? [n]
      : n < 0x100
        ? [0x81, n]
        : n < 0x10000
          ? [0x82, n >> 8, n & 0xff]
          : [0x83, n >> 16, (n >> 8) & 0xff, n & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

export const sequence = (...content: Uint8Array[]): Buffer => element(Tag.SEQUENCE, ...content);
export const set = (...content: Uint8Array[]): Buffer => element(Tag.SET, ...content);
export const octetString = (content: Uint8Array): Buffer => element(Tag.OCTET_STRING, content);
export const utf8String = (text: string): Buffer => element(Tag.UTF8_STRING, Buffer.from(text));
export const nothing = (): Buffer => element(Tag.NULL);
export const boolean = (value: boolean): Buffer => element(Tag.BOOLEAN, Uint8Array.of(value ? 0xff : 0));

/** `[number]` in context class: constructed or primitive. */
export function context(number: number, constructed: boolean, ...content: Uint8Array[]): Buffer {
  return element(0x80 | (constructed ? 0x20 : 0) | number, ...content);
}

/** A positive integer from its octets, most significant first. */
export function integer(octets: Uint8Array): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const value = octets.subarray(start);
  return element(Tag.INTEGER, value[0]! & 0x80 ? Buffer.concat([Uint8Array.of(0), value]) : value);
}

export function bitString(octets: Uint8Array, unusedBits = 0): Buffer {
  return element(Tag.BIT_STRING, Uint8Array.of(unusedBits), octets);
}

/** An object identifier from dotted decimal. */
export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number);
  const octets = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return element(Tag.OID, Uint8Array.from(octets));
}

/** UTCTime to 2049, GeneralizedTime from 2050 on (rfc5280#section-4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const short = date.getUTCFullYear() < 2050;
  return element(short ? Tag.UTC_TIME : Tag.GENERALIZED_TIME, Buffer.from(short ? digits.slice(2) : digits));
}
