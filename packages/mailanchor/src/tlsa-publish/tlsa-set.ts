/** Sets of TLSA records: what a change makes of one, and whether two are the same. Order and repetition say nothing (rfc2181#section-5). */
import { encodeTlsa, hexEncode, type Name, RRType, rdataToText, type TlsaData } from '@mailanchor/dns';
import type { TlsaChange } from './publisher.ts';

/** One text for one record, whatever object it is. */
export function tlsaKey(record: TlsaData): string {
  return hexEncode(encodeTlsa(record));
}

export function distinctTlsa(records: readonly TlsaData[]): TlsaData[] {
  return [...new Map(records.map((record) => [tlsaKey(record), record])).values()];
}

export function sameTlsaSet(a: readonly TlsaData[], b: readonly TlsaData[]): boolean {
  const keys = new Set(a.map(tlsaKey));
  const others = new Set(b.map(tlsaKey));
  return keys.size === others.size && [...keys].every((key) => others.has(key));
}

/** The RRset as it is to be: the expected one, less what is removed, and what is added. */
export function resultOf({ expected, add, remove }: TlsaChange): TlsaData[] {
  const removed = new Set(remove.map(tlsaKey));
  return distinctTlsa([...expected.filter((record) => !removed.has(tlsaKey(record))), ...add]);
}

/** `3 1 1 8d02...` */
export function tlsaText(record: TlsaData): string {
  return rdataToText(RRType.TLSA, encodeTlsa(record));
}

/** `_25._tcp.mx1.example.org. 3600 IN TLSA 3 1 1 8d02...` */
export function tlsaLine(owner: Name, ttl: number, record: TlsaData): string {
  return `${owner} ${ttl} IN TLSA ${tlsaText(record)}`;
}

/** What is there, for a message: `3 1 1 8d02..., 3 1 1 ab12...` or `no TLSA records`. */
export function tlsaSetText(records: readonly TlsaData[]): string {
  return records.length === 0 ? 'no TLSA records' : distinctTlsa(records).map(tlsaText).join(', ');
}
