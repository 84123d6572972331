/** The serial of a zone (rfc1035#section-3.3.13) out of a server's answer for its SOA. */
import { DnsError, decodeSoa, RRType } from '@mailanchor/dns';
import type { ServerAnswer } from './zone-inspection.ts';

export function soaSerial(answer: ServerAnswer): number | undefined {
  if (answer.type !== RRType.SOA || answer.outcome !== 'answer' || !answer.authoritative) return undefined;
  try {
    return decodeSoa(answer.records[0]!.rdata).serial;
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}
