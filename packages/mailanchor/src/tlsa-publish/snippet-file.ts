/**
 * The text of a zone file snippet: a head that says whose it is and what it held when it was written, then records, a line each.
 *
 *   ; Written by Mailanchor (publisher file). Do not change it by hand: Mailanchor then stops and asks.
 *   ; sha256 5891b5b5...
 *   _25._tcp.mx1.example.org. 3600 IN TLSA 3 1 1 8d02...
 */
import { createHash } from 'node:crypto';
import { DnsError, decodeTlsa, type Name, parseZoneFile, RRType, type TlsaData } from '@mailanchor/dns';
import { messageOf } from '../errors.ts';
import { sameTlsaSet, tlsaKey, tlsaLine } from './tlsa-set.ts';

/** The TLSA records of one owner. */
export interface SnippetSet {
  readonly owner: Name;
  /** Seconds. */
  readonly ttl: number;
  readonly records: readonly TlsaData[];
}

/** By owner, in the order of the file. */
export type Snippet = ReadonlyMap<string, SnippetSet>;

export type ReadSnippet =
  | { readonly kind: 'read'; readonly snippet: Snippet }
  /** Not as it was left: `text` says how that shows. */
  | { readonly kind: 'foreign'; readonly text: string };

const HASH_LINE = /^; sha256 ([0-9a-f]{64})$/;

/** An empty file is an empty snippet: somebody made it so that it can be included before anything is in it. */
export function readSnippet(text: string): ReadSnippet {
  if (text.trim() === '') return { kind: 'read', snippet: new Map() };
  const [head = '', hashLine = '', ...lines] = text.split('\n');
  const hash = HASH_LINE.exec(hashLine)?.[1];
  if (!head.startsWith('; Written by Mailanchor') || hash === undefined)
    return { kind: 'foreign', text: 'it was not written by Mailanchor' };
  const body = lines.join('\n');
  if (hashOf(body) !== hash)
    return { kind: 'foreign', text: 'it was changed by hand since Mailanchor wrote it' };
  try {
    return { kind: 'read', snippet: setsOf(body) };
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return { kind: 'foreign', text: messageOf(error) };
  }
}

function setsOf(body: string): Snippet {
  const sets = new Map<string, SnippetSet>();
  for (const { name, type, ttl, rdata } of parseZoneFile(body)) {
    if (type !== RRType.TLSA) continue;
    const records = sets.get(name.key)?.records ?? [];
    sets.set(name.key, { owner: name, ttl, records: [...records, decodeTlsa(rdata)] });
  }
  return sets;
}

export function writeSnippet(snippet: Snippet, publisher: string): string {
  const body = [...snippet.values()]
    .sort((a, b) => a.owner.compare(b.owner))
    .flatMap(({ owner, ttl, records }) =>
      [...records]
        .sort((a, b) => (tlsaKey(a) < tlsaKey(b) ? -1 : 1))
        .map((record) => tlsaLine(owner, ttl, record)),
    )
    .map((line) => `${line}\n`)
    .join('');
  return [
    `; Written by Mailanchor (publisher ${publisher}). Do not change it by hand: Mailanchor then stops and asks.`,
    `; sha256 ${hashOf(body)}`,
    body,
  ].join('\n');
}

export function withSet(snippet: Snippet, set: SnippetSet): Snippet {
  const changed = new Map(snippet);
  if (set.records.length === 0) changed.delete(set.owner.key);
  else changed.set(set.owner.key, set);
  return changed;
}

/** Whether both are the same records; where there are none the TTL says nothing. */
export function sameSet(a: SnippetSet | undefined, b: SnippetSet): boolean {
  const records = a?.records ?? [];
  return sameTlsaSet(records, b.records) && (records.length === 0 || a?.ttl === b.ttl);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
