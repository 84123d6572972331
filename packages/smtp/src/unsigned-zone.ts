/**
 * Where a domain leaves the signed tree, and what would close the gap: a zone that signs already and has no DS above it needs only
 * that one record, which is made here from its keys.
 */
import { DnsError, decodeDnskey, type Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { dsDigest, keyTag, type ZoneLink } from '@mailanchor/dnssec';
import { toHex } from './hex.ts';
import { type LookupContext, lookup } from './lookup.ts';
import { nameText } from './name-text.ts';
import type { UnsignedZone } from './verdict.ts';

const SHA2_256 = 2;
/** Bits of the DNSKEY flags (rfc4034#section-2.1.1). */
const ZONE_KEY = 0x0100;
const SECURE_ENTRY_POINT = 0x0001;
const MAX_DS = 8;

/** `chain` is that of an insecure answer; undefined where it does not show the place. */
export async function unsignedZone(
  context: LookupContext,
  chain: readonly ZoneLink[],
): Promise<UnsignedZone | undefined> {
  const index = chain.findIndex(({ status }) => status === 'insecure');
  const link = chain[index];
  if (!link) return undefined;
  const parent = chain[index - 1];
  return {
    zone: nameText(link.zone),
    parent: parent ? nameText(parent.zone) : null,
    ...(link.note === undefined ? {} : { note: link.note }),
    // With a DS there it is the algorithms that nobody knows.
    ds: link.via === 'none' ? await missingDs(context, link.zone) : [],
  };
}

async function missingDs(context: LookupContext, zone: Name): Promise<string[]> {
  const { records } = await lookup(context, zone, RRType.DNSKEY);
  const keys = records.flatMap(readKey).filter(({ flags }) => (flags & ZONE_KEY) !== 0);
  const entryPoints = keys.filter(({ flags }) => (flags & SECURE_ENTRY_POINT) !== 0);
  return (entryPoints.length > 0 ? entryPoints : keys).slice(0, MAX_DS).flatMap(({ rdata, algorithm }) => {
    const digest = dsDigest(zone, rdata, SHA2_256);
    return digest ? [`${zone} 3600 IN DS ${keyTag(rdata)} ${algorithm} ${SHA2_256} ${toHex(digest)}`] : [];
  });
}

function readKey({ rdata }: ResourceRecord): { flags: number; algorithm: number; rdata: Uint8Array }[] {
  try {
    const { flags, algorithm } = decodeDnskey(rdata);
    return [{ flags, algorithm, rdata }];
  } catch (error) {
    if (error instanceof DnsError) return [];
    throw error;
  }
}
