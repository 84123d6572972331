/**
 * PEM files (RFC 7468), read as OpenSSL reads them: text between and around the blocks is ignored. Work is linear in the
 * size of the file, which is bounded.
 */
import { DerReader, derValue, Tag } from './der.ts';
import { DaneError } from './errors.ts';
import { MAX_PEM_OCTETS } from './limits.ts';

export interface PemBlock {
  /** `CERTIFICATE`, `PUBLIC KEY` and so on */
  readonly label: string;
  readonly octets: Uint8Array;
  /** the block as it stands in the file */
  readonly text: string;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/** All blocks of a text, in order. Throws {@link DaneError} `bad-pem` on a block that does not end or is not base64. */
export function parsePem(text: string): PemBlock[] {
  if (text.length > MAX_PEM_OCTETS) {
    throw new DaneError(
      'bad-pem',
      `more than ${MAX_PEM_OCTETS / 1_000_000} MB: not a chain, not a CA bundle`,
    );
  }
  const blocks: PemBlock[] = [];
  let at = 0;
  for (;;) {
    const begin = lineStart(text, at);
    if (begin < 0) return blocks;
    const labelEnd = text.indexOf(DASHES, begin + BEGIN.length);
    const label = labelEnd < 0 ? '' : text.slice(begin + BEGIN.length, labelEnd);
    if (label === '' || label.includes('\n')) throw new DaneError('bad-pem', 'a BEGIN line without its end');
    const bodyStart = labelEnd + DASHES.length;
    const endLine = `-----END ${label}-----`;
    const end = text.indexOf(endLine, bodyStart);
    if (end < 0) throw new DaneError('bad-pem', `the block "${label}" has no END line`);
    at = end + endLine.length;
    blocks.push({ label, octets: base64(text.slice(bodyStart, end), label), text: text.slice(begin, at) });
  }
}

/** Where the next line that begins a block does; -1 if none does. In the midst of a line the words are text. */
function lineStart(text: string, from: number): number {
  for (let at = text.indexOf(BEGIN, from); at >= 0; at = text.indexOf(BEGIN, at + 1)) {
    // At the start of the file a byte order mark may stand, of three octets where they are read one by one.
    if (
      /[\r\n]/.test(text[at - 1] ?? '\n') ||
      (at <= 3 && /^(\ufeff|\u00ef\u00bb\u00bf)$/.test(text.slice(0, at)))
    )
      return at;
  }
  return -1;
}

function base64(body: string, label: string): Uint8Array {
  // Header lines as old private keys have them (`Proc-Type: 4,ENCRYPTED`) stand before an empty line.
  const headers = /^\s*(?:[\w-]+:[^\n]*\n)+\s*?\n/.exec(body)?.[0].length ?? 0;
  const digits = body.slice(headers).replace(/\s+/g, '');
  if (digits.length === 0 || digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(digits)) {
    throw new DaneError('bad-pem', `the block "${label}" is not base64`);
  }
  return new Uint8Array(Buffer.from(digits, 'base64'));
}

/** OpenSSL's own kind: a certificate, and after it what it is trusted for, which is nothing to us. */
const TRUSTED_LABEL = 'TRUSTED CERTIFICATE';
const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE', TRUSTED_LABEL];

/**
 * The certificates of a PEM file, in order; a file that is one DER certificate is taken too. `source` names the file in
 * errors. Each is a whole DER value, but not parsed further: an odd certificate can still match by its octets.
 * Throws {@link DaneError} `bad-pem` (no certificate, broken block) or `bad-certificate` (a block that is not DER).
 */
export function certificatesFromPem(file: string | Uint8Array, source = 'the file'): Uint8Array[] {
  if (typeof file !== 'string') {
    if (file[0] === Tag.SEQUENCE && isWholeValue(file)) return [file];
    if (file.length > MAX_PEM_OCTETS)
      throw new DaneError('bad-pem', `${source} is too large for certificates`);
  }
  const text = typeof file === 'string' ? file : Buffer.from(file).toString('latin1');
  let blocks: PemBlock[];
  try {
    blocks = parsePem(text);
  } catch (cause) {
    throw new DaneError('bad-pem', `${source}: ${(cause as Error).message}`, { cause });
  }
  const certificates = blocks.filter((block) => CERTIFICATE_LABELS.includes(block.label));
  if (certificates.length === 0) {
    const other = blocks[0] ? ` (it holds "${blocks[0].label}")` : '';
    throw new DaneError('bad-pem', `${source} holds no certificate in PEM form${other}`);
  }
  return certificates.map(({ label, octets }, n) => {
    const der = label === TRUSTED_LABEL ? firstValue(octets) : octets;
    if (der && isWholeValue(der)) return der;
    throw new DaneError('bad-certificate', `${source}: certificate ${n} is cut short or is not DER`);
  });
}

function firstValue(octets: Uint8Array): Uint8Array | undefined {
  try {
    return new DerReader(octets).any().raw;
  } catch {
    return undefined;
  }
}

function isWholeValue(octets: Uint8Array): boolean {
  try {
    derValue(octets, Tag.SEQUENCE);
    return true;
  } catch {
    return false;
  }
}
