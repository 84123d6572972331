/** IP addresses between text and octets. Text of IPv6 is in the form of RFC 5952. */
import { isIPv4, isIPv6 } from 'node:net';
import { DnsFormatError } from './errors.ts';

/** Four octets as dotted decimals. */
export function ipv4ToText(octets: Uint8Array, at = 0): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}

export function ipv4FromText(text: string): Uint8Array {
  if (!isIPv4(text)) throw new DnsFormatError('bad-address', `expected an IPv4 address, found "${text}"`);
  return Uint8Array.from(text.split('.'), Number);
}

/** Sixteen octets: lower case, the first longest run of two or more zero groups as `::`. */
export function ipv6ToText(octets: Uint8Array, at = 0): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((octets[at + i]! << 8) | octets[at + i + 1]!);
  let start = -1;
  let longest = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > longest) {
      longest = run;
      start = i;
    }
    i += run;
  }
  if (start === 0 && longest === 5 && groups[5] === 0xffff) return `::ffff:${ipv4ToText(octets, at + 12)}`;
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return start < 0 ? text(0, 8) : `${text(0, start)}::${text(start + longest, 8)}`;
}

export function ipv6FromText(text: string): Uint8Array {
  if (!isIPv6(text) || text.includes('%'))
    throw new DnsFormatError('bad-address', `expected an IPv6 address, found "${text}"`);
  let hexadecimal = text;
  const lastColon = text.lastIndexOf(':');
  if (text.includes('.')) {
    const [a, b, c, d] = ipv4FromText(text.slice(lastColon + 1));
    const tail = `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
    hexadecimal = text.slice(0, lastColon + 1) + tail;
  }
  const [head = '', tail] = hexadecimal.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const octets = new Uint8Array(16);
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16);
    octets[i * 2] = value >> 8;
    octets[i * 2 + 1] = value & 0xff;
  });
  return octets;
}
