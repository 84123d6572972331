/** Where a domain wants its TLS reports (rfc8460#section-3): the TXT record at `_smtp._tls`, looked up. */
import { Name, RRType } from '@mailanchor/dns';
import type { Resolver } from '@mailanchor/dnssec';
import { deadlineAfter } from '../deadline.ts';
import { lookup, lookupReason } from '../lookup.ts';
import { txtTexts } from '../text-record.ts';
import { parseTlsRptRecord, type TlsRptRecord } from './record.ts';

export interface ReportLookupOptions {
  readonly resolver: Resolver;
  /** Milliseconds. Default 30000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** `unknown`: the lookup failed, which says nothing of the record. */
export type TlsRptDiscovery = TlsRptRecord | { readonly kind: 'unknown'; readonly text: string };

/** `domain`: A-labels. Rejects only when the signal aborts; a name that has no room for the prefix has no record. */
export async function discoverTlsRpt(domain: string, options: ReportLookupOptions): Promise<TlsRptDiscovery> {
  let owner: Name;
  try {
    owner = Name.fromText(domain).prepend('_tls').prepend('_smtp');
  } catch {
    return { kind: 'absent' };
  }
  const { resolver, timeoutMs = 30_000, signal } = options;
  const context = { resolver, deadline: deadlineAfter(timeoutMs), signal };
  const answer = await lookup(context, owner, RRType.TXT);
  if (answer.kind !== 'failure') return parseTlsRptRecord(txtTexts(answer.records));
  return { kind: 'unknown', text: lookupReason(answer)?.text ?? 'the lookup failed' };
}

/** The address of a `mailto:` URI (RFC 6068); header fields that it may name are not for us. Undefined for what is none. */
export function mailtoAddress(uri: string): string | undefined {
  const [, encoded] = /^mailto:([^?#]+)/i.exec(uri) ?? [];
  if (encoded === undefined) return undefined;
  let address: string;
  try {
    address = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  // A dot-atom: what cannot break out of a header field or an SMTP command.
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(
    address,
  )
    ? address
    : undefined;
}
