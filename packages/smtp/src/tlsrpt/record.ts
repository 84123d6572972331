/** The TXT record at `_smtp._tls.<domain>` (rfc8460#section-3): where senders' reports on TLS go. */
import { readPairs } from '../text-record.ts';

export type TlsRptRecord =
  | { readonly kind: 'record'; readonly rua: readonly string[] }
  | { readonly kind: 'absent' }
  /** Senders send no reports. `text`: why, without full stop. */
  | { readonly kind: 'invalid'; readonly text: string };

/** `texts`: the TXT records of the name, each with its strings joined. */
export function parseTlsRptRecord(texts: readonly string[]): TlsRptRecord {
  const records = texts.filter((text) => /^v=TLSRPTv1[ \t]*(?:;|$)/.test(text));
  const [record, ...more] = records;
  if (record === undefined) {
    const near = texts.find((text) => /^\s*v\s*=\s*TLSRPTv1/i.test(text));
    return near === undefined
      ? { kind: 'absent' }
      : { kind: 'invalid', text: 'the record does not begin with "v=TLSRPTv1;"' };
  }
  if (more.length > 0) return { kind: 'invalid', text: `there are ${records.length} records, not one` };
  const read = readPairs(record.replace(/^v=TLSRPTv1[ \t]*;?/, ''));
  if (read.kind === 'malformed') return { kind: 'invalid', text: read.text };
  const rua = (read.pairs.get('rua') ?? '').split(',').map((uri) => uri.trim());
  if (rua.length === 1 && rua[0] === '') return { kind: 'invalid', text: 'the record has no rua' };
  const bad = rua.find((uri) => !isReportUri(uri));
  if (bad !== undefined) {
    return {
      kind: 'invalid',
      text: `rua "${bad.slice(0, 60)}" is neither mailto: with an address nor https:`,
    };
  }
  return { kind: 'record', rua };
}

function isReportUri(uri: string): boolean {
  // Comma, semicolon and exclamation mark must be encoded.
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes('!')) return false;
  if (/^mailto:/i.test(uri)) return /^mailto:[^@?]+@[A-Za-z0-9.-]+(?:\?.*)?$/i.test(uri);
  return /^https:\/\//i.test(uri) && URL.canParse(uri);
}
