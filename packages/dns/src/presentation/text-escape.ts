/** Character strings in master files: quoting, `\X` and `\DDD` (rfc1035#section-5.1). */
import { DnsFormatError } from '../errors.ts';

/** The octets in double quotes; `"` and `\` escaped, octets outside printable ASCII as `\DDD`. */
export function quoteString(octets: Uint8Array): string {
  return `"${escapeOctets(octets)}"`;
}

/** As `quoteString`, without the quotes around. */
export function escapeOctets(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet < 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, '0')}`;
    else if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += String.fromCharCode(octet);
  }
  return text;
}

/** The octets that a token stands for. Characters above ASCII stand for their UTF-8 octets. */
export function unescapeString(text: string): Uint8Array {
  if (!text.includes('\\')) return new Uint8Array(Buffer.from(text, 'utf8'));
  const parts: Buffer[] = [];
  let plain = 0;
  for (let i = text.indexOf('\\'); i >= 0; i = text.indexOf('\\', plain)) {
    parts.push(Buffer.from(text.slice(plain, i), 'utf8'));
    const decimal = /^[0-9]{3}/.exec(text.slice(i + 1, i + 4));
    if (decimal) {
      const octet = Number(decimal[0]);
      if (octet > 255) throw new DnsFormatError('bad-escape', `\\${decimal[0]} is no octet`);
      parts.push(Buffer.of(octet));
      plain = i + 4;
    } else {
      const character = String.fromCodePoint(text.codePointAt(i + 1) ?? 0x30);
      if (/[0-9]/.test(character)) throw new DnsFormatError('bad-escape', 'expected three digits after "\\"');
      parts.push(Buffer.from(character, 'utf8'));
      plain = i + 1 + character.length;
    }
  }
  parts.push(Buffer.from(text.slice(plain), 'utf8'));
  return new Uint8Array(Buffer.concat(parts));
}
