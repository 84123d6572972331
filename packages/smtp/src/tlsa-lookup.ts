/**
 * The TLSA lookup of a host: `_<port>._tcp.<base>` for each candidate in turn (rfc7672#section-2.2.3). The first candidate with a
 * secure RRset is the TLSA base domain. The second is asked only after a proven absence or an insecure answer, never after an error: a
 * fallback after an error would let an attacker choose the answer.
 */
import { DnsError, decodeTlsa, Ede, type Name, RRType, type TlsaData } from '@mailanchor/dns';
import type { Resolution } from '@mailanchor/dnssec';
import { aliasReports, failedLookup, type LookupContext, lookup, lookupReason } from './lookup.ts';
import { nameText } from './name-text.ts';
import type { TlsaQuestion } from './verdict.ts';

export type TlsaLookup =
  | {
      readonly kind: 'records';
      readonly base: Name;
      readonly records: readonly TlsaData[];
      readonly ttl: number;
      readonly questions: readonly TlsaQuestion[];
    }
  | {
      readonly kind: 'absent';
      /** Of the last answer. */
      readonly status: 'secure' | 'insecure';
      readonly questions: readonly TlsaQuestion[];
    }
  | {
      readonly kind: 'failure';
      readonly base: Name;
      readonly resolution: Resolution;
      readonly questions: readonly TlsaQuestion[];
    };

/** `_<port>._tcp.<base>` (rfc6698#section-3). Undefined where that is longer than a name can be. */
export function tlsaName(base: Name, port: number): Name | undefined {
  try {
    return base.prepend('_tcp').prepend(`_${port}`);
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}

/** `candidates` is not empty. */
export async function lookupTlsa(
  context: LookupContext,
  candidates: readonly Name[],
  port: number,
): Promise<TlsaLookup> {
  const questions: TlsaQuestion[] = [];
  let status: 'secure' | 'insecure' = 'secure';
  for (const base of candidates) {
    const name = tlsaName(base, port);
    // No record can be at a name that cannot exist.
    if (!name) continue;
    const { resolution, records } = await ask(context, name);
    questions.push(question(base, name, resolution));
    if (resolution.kind === 'failure') return { kind: 'failure', base, resolution, questions };
    if (resolution.kind === 'answer' && resolution.status === 'secure') {
      return { kind: 'records', base, records, ttl: resolution.ttl, questions };
    }
    status = resolution.status;
  }
  return { kind: 'absent', status, questions };
}

async function ask(
  context: LookupContext,
  name: Name,
): Promise<{ resolution: Resolution; records: readonly TlsaData[] }> {
  const resolution = await lookup(context, name, RRType.TLSA);
  if (resolution.status !== 'secure') return { resolution, records: [] };
  try {
    return { resolution, records: resolution.records.map((rr) => decodeTlsa(rr.rdata)) };
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    const text = `malformed TLSA record: ${error.message}`;
    return { resolution: failedLookup(name, RRType.TLSA, text, Ede.INVALID_DATA), records: [] };
  }
}

function question(base: Name, name: Name, resolution: Resolution): TlsaQuestion {
  const reason = lookupReason(resolution);
  return {
    base: nameText(base),
    name: nameText(name),
    status: resolution.status,
    outcome: resolution.kind,
    aliases: aliasReports(resolution),
    ...(reason ? { reason } : {}),
  };
}
