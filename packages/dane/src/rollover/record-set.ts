/** Sets of TLSA records: order does not count, and a record stands in a set once. */
import type { TlsaRecord } from '../tlsa.ts';
import { tlsaFromText, tlsaToText } from '../tlsa-text.ts';

/** Sorted texts (`3 1 1 ab12...`): equal sets are equal lists, and JSON as they stand. */
export type RecordTexts = readonly string[];

export function recordTexts(records: readonly TlsaRecord[]): RecordTexts {
  return [...new Set(records.map(tlsaToText))].sort();
}

export function recordsOfTexts(texts: RecordTexts): TlsaRecord[] {
  return texts.map(tlsaFromText);
}

export function sameRecords(a: readonly TlsaRecord[], b: readonly TlsaRecord[]): boolean {
  return recordTexts(a).join() === recordTexts(b).join();
}

export function hasRecord(records: readonly TlsaRecord[], record: TlsaRecord): boolean {
  const text = tlsaToText(record);
  return records.some((other) => tlsaToText(other) === text);
}

export function withoutRecords(
  records: readonly TlsaRecord[],
  others: readonly TlsaRecord[],
): readonly TlsaRecord[] {
  return records.filter((record) => !hasRecord(others, record));
}

/** Each record once, in order of first appearance. */
export function joinRecords(...sets: readonly (readonly TlsaRecord[])[]): readonly TlsaRecord[] {
  const known = new Map<string, TlsaRecord>();
  for (const record of sets.flat()) {
    const text = tlsaToText(record);
    if (!known.has(text)) known.set(text, record);
  }
  return [...known.values()];
}

/** `3 1 1`: what rfc7671#section-8 calls a parameter combination. */
export function combinationOf({ usage, selector, matching }: Omit<TlsaRecord, 'data'>): string {
  return `${usage} ${selector} ${matching}`;
}
