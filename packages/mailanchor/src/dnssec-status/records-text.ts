/** Records as they are handed on: lines of a master file. */
import { type DsData, encodeDs, type Name, RRType, rdataToText } from '@mailanchor/dns';
import { dsOf } from '@mailanchor/dnssec';

/** Seconds; what the registry takes is its own choice. */
const TTL = 3600;

export function dsLine(zone: Name, ds: DsData): string {
  return line(zone, 'DS', rdataToText(RRType.DS, encodeDs(ds)));
}

/** A line for each digest type that is known. */
export function dsLinesOf(zone: Name, dnskey: Uint8Array, digestTypes: readonly number[]): string[] {
  return digestTypes.flatMap((type) => {
    const ds = dsOf(zone, dnskey, type);
    return ds ? [dsLine(zone, ds)] : [];
  });
}

export function dnskeyLine(zone: Name, rdata: Uint8Array): string {
  return line(zone, 'DNSKEY', rdataToText(RRType.DNSKEY, rdata));
}

export function line(zone: Name, type: string, text: string): string {
  return `${zone} ${TTL} IN ${type} ${text}`;
}

/** Without the dot at its end, as people write it. */
export function zoneText(zone: Name): string {
  return zone.isRoot ? '.' : zone.toString().slice(0, -1);
}
