/**
 * Address lookups of a mail host, both families at once, always before any TLSA lookup (rfc7672#section-2.2.2). One family that is
 * known is enough to go on with that family; a failure matters only where nothing else was found.
 */
import { DnsError, decodeA, decodeAaaa, type Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { type Resolution, type Status, weakest } from '@mailanchor/dnssec';
import { type LookupContext, lookup } from './lookup.ts';

export type HostAddresses =
  | {
      readonly kind: 'found';
      /** 'secure' if either family is. */
      readonly status: 'secure' | 'insecure';
      /** IPv6 first, as senders have it. */
      readonly addresses: readonly string[];
      /** The lookup that `status` is of: its aliases count. */
      readonly resolution: Resolution;
    }
  | { readonly kind: 'none'; readonly status: Status; readonly resolution: Resolution }
  | { readonly kind: 'failure'; readonly status: Status; readonly resolution: Resolution };

export async function lookupAddresses(context: LookupContext, host: Name): Promise<HostAddresses> {
  const [v6, v4] = await Promise.all([lookup(context, host, RRType.AAAA), lookup(context, host, RRType.A)]);
  const found = [v6, v4].filter((resolution) => resolution.kind === 'answer');
  const resolution = found.find(({ status }) => status === 'secure') ?? found[0];
  if (resolution) {
    const addresses = [...addressesOf(v6.records, decodeAaaa), ...addressesOf(v4.records, decodeA)];
    if (addresses.length > 0) {
      const status = resolution.status === 'secure' ? 'secure' : 'insecure';
      return { kind: 'found', status, addresses: [...new Set(addresses)], resolution };
    }
  }
  const failed = [v6, v4].filter(({ kind }) => kind === 'failure');
  const status = weakest(v6.status, v4.status);
  const worst = failed.find((failure) => failure.status === status) ?? failed[0];
  if (worst) return { kind: 'failure', status, resolution: worst };
  return { kind: 'none', status, resolution: v4 };
}

/** A record that cannot be read gives no address; the host is then as good as unreachable, which is what it is. */
function addressesOf(records: readonly ResourceRecord[], decode: (rdata: Uint8Array) => string): string[] {
  const addresses: string[] = [];
  for (const { rdata } of records) {
    try {
      addresses.push(decode(rdata));
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
    }
  }
  return addresses;
}
