/**
 * The MX lookup of a next-hop domain (rfc7672#section-2.2.1), the null MX (rfc7505#section-3), and the order in which hosts are
 * tried.
 */
import { isIP } from 'node:net';
import { DnsError, decodeMx, type Name, RRType } from '@mailanchor/dns';
import type { Resolution } from '@mailanchor/dnssec';
import { aliasReports, failedLookup, type LookupContext, lookup, lookupReason } from './lookup.ts';
import { nameText } from './name-text.ts';
import type { DomainDns } from './verdict.ts';

export interface MxHost {
  readonly host: Name;
  readonly preference: number;
}

export interface MxLookup {
  readonly resolution: Resolution;
  /** Sorted by preference, as published otherwise; the null MX included. */
  readonly records: readonly MxHost[];
}

export async function lookupMx(context: LookupContext, domain: Name): Promise<MxLookup> {
  const resolution = await lookup(context, domain, RRType.MX);
  try {
    const records = resolution.records.map((rr) => {
      const { preference, exchange } = decodeMx(rr.rdata);
      return { preference, host: exchange };
    });
    return { resolution, records: records.sort((a, b) => a.preference - b.preference) };
  } catch (error) {
    // A record that cannot be read is an error of the lookup, never an absent record.
    if (!(error instanceof DnsError)) throw error;
    return {
      resolution: failedLookup(domain, RRType.MX, `malformed MX record: ${error.message}`),
      records: [],
    };
  }
}

export function domainDns(domain: Name, { resolution, records }: MxLookup): DomainDns {
  const reason = lookupReason(resolution);
  const { negativeTrustAnchor } = resolution;
  return {
    status: resolution.status,
    outcome: resolution.kind,
    domain: nameText(domain),
    expandedDomain: nameText(resolution.canonicalName),
    aliases: aliasReports(resolution),
    mx: records.map(({ preference, host }) => ({ preference, exchange: nameText(host) })),
    ...(negativeTrustAnchor ? { negativeTrustAnchor: nameText(negativeTrustAnchor) } : {}),
    ...(reason ? { reason } : {}),
  };
}

/** Whether the RRset says that the domain takes no mail: `.` and nothing else (rfc7505#section-3). */
export function isNullMx(records: readonly MxHost[]): boolean {
  return records.length > 0 && records.every(({ host }) => host.isRoot);
}

/** Whether an MX names an address instead of a host (rfc7672#section-2.2): DANE does not apply to it. */
export function isAddressName(host: Name): boolean {
  return isIP(nameText(host)) !== 0;
}

/**
 * The hosts to try, in order: by preference, equal preferences shuffled (RFC 5321 5.1). `.` beside others is dropped; a host named
 * twice is kept at its best preference. Where one of `ownHosts` is among them, it and every host of the same or a worse preference
 * are dropped: a mail loop is prevented before security is thought of (rfc7672#section-2.2.1). TLSA plays no part in the order.
 */
export function orderMxHosts(
  records: readonly MxHost[],
  options: { readonly random: () => number; readonly ownHosts?: readonly Name[] | undefined },
): MxHost[] {
  const { random, ownHosts = [] } = options;
  const best = new Map<string, MxHost>();
  for (const record of records) {
    if (record.host.isRoot) continue;
    const known = best.get(record.host.key);
    if (!known || record.preference < known.preference) best.set(record.host.key, record);
  }
  const own = new Set(ownHosts.map((name) => name.key));
  let limit = Number.POSITIVE_INFINITY;
  for (const { host, preference } of best.values()) {
    if (own.has(host.key)) limit = Math.min(limit, preference);
  }
  return [...best.values()]
    .filter(({ preference }) => preference < limit)
    .map((record) => ({ record, rank: random() }))
    .sort((a, b) => a.record.preference - b.record.preference || a.rank - b.rank)
    .map(({ record }) => record);
}
