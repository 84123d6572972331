/** Findings on the zones of a destination, from what each of their servers says. */
import { finding } from './finding-table.ts';
import type { Collected, FindingOptions } from './findings.ts';
import { denialFindings } from './findings-denial.ts';
import { serverFindings } from './findings-servers.ts';
import { signatureFindings } from './findings-signatures.ts';
import { ttlFindings } from './findings-ttl.ts';
import { zoneKeyFindings } from './findings-zone-keys.ts';
import { nameText } from './name-text.ts';
import type { Finding } from './verdict.ts';
import type { Inspection } from './zone-inspection/zone-inspection.ts';

export function inspectionFindings(
  { dns }: Collected,
  options: FindingOptions,
  inspection: Inspection,
): Finding[] {
  if (!inspection) return [];
  if (!('zones' in inspection)) {
    const text = `The authoritative servers were not asked one by one: ${inspection.leftOut}.`;
    return [finding('check-incomplete', dns.domain, text)];
  }
  const saidUnsigned = dns.unsigned && dns.unsigned.ds.length > 0 ? dns.unsigned.zone : undefined;
  return [
    ...inspection.zones.flatMap((zone) => [
      ...denialFindings(zone),
      ...serverFindings(zone),
      ...signatureFindings(zone, options),
      ...zoneKeyFindings(zone, saidUnsigned),
      ...ttlFindings(zone),
      ...(zone.leftOut
        ? [finding('check-incomplete', nameText(zone.zone), `Not asked one by one: ${zone.leftOut}.`)]
        : []),
    ]),
    ...inspection.leftOut.map((what) => finding('check-incomplete', dns.domain, `Not inspected: ${what}.`)),
  ];
}
