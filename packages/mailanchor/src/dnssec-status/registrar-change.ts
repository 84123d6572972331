/** What the registrar is to be told so that the parent has the right DS records. */
import type { DsData, Name } from '@mailanchor/dns';
import { type ChildRequest, matchesDs } from '@mailanchor/dnssec';
import { dnskeyLine, dsLine, dsLinesOf } from './records-text.ts';
import { entryPoints, type SeenKey } from './seen-keys.ts';
import type { RegistrarChange } from './zone-status.ts';

export interface Delegation {
  readonly zone: Name;
  readonly ds: readonly DsData[];
  readonly keys: readonly SeenKey[];
}

/** By the keys that the zone is signed with: where there is no DS yet, or none that is right. */
export function changeToKeys(
  { zone, ds, keys }: Delegation,
  digestTypes: readonly number[],
): RegistrarChange {
  const wanted = entryPoints(keys);
  return {
    ds: wanted.flatMap(({ rdata }) => dsLinesOf(zone, rdata, digestTypes)),
    dnskey: wanted.map(({ rdata }) => dnskeyLine(zone, rdata)),
    remove: ds
      .filter((record) => !wanted.some(({ rdata }) => matchesDs(zone, record, rdata)))
      .map((record) => dsLine(zone, record)),
  };
}

/** As the zone itself asks for it. */
export function changeAsAsked(
  { zone, ds, keys }: Delegation,
  request: Extract<ChildRequest, { kind: 'replace' | 'delete' }>,
): RegistrarChange {
  const wanted = request.kind === 'delete' ? [] : request.ds;
  const wantedKeys = keys.filter(({ rdata }) => wanted.some((record) => matchesDs(zone, record, rdata)));
  const lines = wanted.map((record) => dsLine(zone, record));
  const isWanted = (record: DsData): boolean =>
    lines.includes(dsLine(zone, record)) || wantedKeys.some(({ rdata }) => matchesDs(zone, record, rdata));
  return {
    ds: lines,
    dnskey: wantedKeys.map(({ rdata }) => dnskeyLine(zone, rdata)),
    remove: ds.filter((record) => !isWanted(record)).map((record) => dsLine(zone, record)),
  };
}
