/** An inspection in short: plain data for JSON, text for names, ISO 8601 for times. */
import { RRType, rcodeToText } from '@mailanchor/dns';
import { signedUntil } from '../findings-signatures.ts';
import { delegationSigners, nsec3Iterations, publishedKeys } from '../findings-zone-keys.ts';
import { nameText } from '../name-text.ts';
import type { ZoneReport } from '../verdict.ts';
import { soaSerial } from './serial.ts';
import type { AuthoritativeServer, ServerAnswer, ZoneInspection } from './zone-inspection.ts';

export function zoneReport(inspection: ZoneInspection): ZoneReport {
  const { zone, parent, status, servers, answers } = inspection;
  const iterations = nsec3Iterations(inspection);
  const ends = signedUntil(inspection).map(({ signature }) => signature.expiration >>> 0);
  return {
    zone: nameText(zone),
    parent: parent ? nameText(parent) : null,
    status,
    servers: servers.map((server) => serverReport(server, answers)),
    keys: publishedKeys(inspection).map(({ tag, algorithm, flags, bits }) => ({
      tag,
      algorithm,
      flags,
      bits,
    })),
    ds: delegationSigners(inspection).map(({ keyTag, algorithm, digestType }) => ({
      keyTag,
      algorithm,
      digestType,
    })),
    ...(iterations === undefined ? {} : { nsec3Iterations: iterations }),
    ...(ends.length > 0
      ? { signedUntil: `${new Date(Math.min(...ends) * 1000).toISOString().slice(0, 19)}Z` }
      : {}),
  };
}

function serverReport(
  server: AuthoritativeServer,
  answers: readonly ServerAnswer[],
): ZoneReport['servers'][number] {
  const soa = answers.find((answer) => answer.server === server && answer.type === RRType.SOA);
  const serial = soa && soaSerial(soa);
  return {
    name: nameText(server.name),
    address: server.address,
    listedBy: server.listedBy,
    state: soa ? stateOf(soa) : 'not-asked',
    ...(serial === undefined ? {} : { serial }),
  };
}

function stateOf(soa: ServerAnswer): string {
  if (soa.outcome === 'refused') return rcodeToText(soa.rcode);
  if (soa.outcome === 'silent' || soa.outcome === 'not-asked') return soa.outcome;
  return soaSerial(soa) === undefined ? 'lame' : 'answers';
}
