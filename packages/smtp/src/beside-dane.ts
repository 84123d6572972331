/** What a domain publishes beside DANE: MTA-STS (rfc8461) and where reports on TLS go (rfc8460). */
import { type Name, RRType } from '@mailanchor/dns';
import { type LookupContext, lookup, lookupReason } from './lookup.ts';
import { discoverSts, type StsDiscovery } from './mta-sts/discover.ts';
import type { FetchPolicy } from './mta-sts/fetch.ts';
import { txtTexts } from './text-record.ts';
import { parseTlsRptRecord, type TlsRptRecord } from './tlsrpt/record.ts';

/** Octets of `_smtp._tls` in a name, and of a whole name. */
const LONGEST_PREFIX = 11;
const MAX_NAME = 255;

export interface BesideDane {
  readonly sts: StsDiscovery;
  readonly tlsrpt: TlsRptRecord | { readonly kind: 'unknown'; readonly text: string };
}

/** Rejects only when the caller aborts. */
export async function besideDane(
  context: LookupContext,
  domain: Name,
  fetch: FetchPolicy | undefined,
): Promise<BesideDane> {
  // A name that has no room for what is put before it has neither.
  if (domain.wire.length + LONGEST_PREFIX > MAX_NAME)
    return { sts: { kind: 'absent' }, tlsrpt: { kind: 'absent' } };
  const [sts, answer] = await Promise.all([
    discoverSts(context, domain, fetch),
    lookup(context, domain.prepend('_tls').prepend('_smtp'), RRType.TXT),
  ]);
  if (answer.kind !== 'failure') return { sts, tlsrpt: parseTlsRptRecord(txtTexts(answer.records)) };
  return { sts, tlsrpt: { kind: 'unknown', text: lookupReason(answer)?.text ?? 'the lookup failed' } };
}
