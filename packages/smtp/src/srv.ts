/**
 * The SRV lookup of a service (rfc7673#section-3.1), `.` for a service that is not offered, and the order in which targets are tried
 * (RFC 2782): DNSSEC and TLSA play no part in it (rfc7673#section-9.1).
 */
import { DnsError, decodeSrv, type Name, RRType, type SrvData } from '@mailanchor/dns';
import type { Resolution } from '@mailanchor/dnssec';
import { failedLookup, type LookupContext, lookup } from './lookup.ts';

export interface SrvLookup {
  readonly resolution: Resolution;
  /** Sorted by priority, then by weight, the heaviest first; `.` included. */
  readonly records: readonly SrvData[];
}

export async function lookupSrv(context: LookupContext, owner: Name): Promise<SrvLookup> {
  const resolution = await lookup(context, owner, RRType.SRV);
  try {
    const records = resolution.records.map((rr) => decodeSrv(rr.rdata));
    return { resolution, records: records.sort((a, b) => a.priority - b.priority || b.weight - a.weight) };
  } catch (error) {
    // A record that cannot be read is an error of the lookup, never an absent record.
    if (!(error instanceof DnsError)) throw error;
    const text = `malformed SRV record: ${error.message}`;
    return { resolution: failedLookup(owner, RRType.SRV, text), records: [] };
  }
}

/** Whether the RRset says that the domain does not offer the service: `.` and nothing else. */
export function isNotOffered(records: readonly SrvData[]): boolean {
  return records.length > 0 && records.every(({ target }) => target.isRoot);
}

/**
 * The targets to try, in order: by priority; within one, each place is drawn among those left, with a chance that grows with the weight
 * and a small one for weight 0. `.` beside others is dropped.
 */
export function orderSrvTargets(records: readonly SrvData[], random: () => number): SrvData[] {
  const usable = records.filter(({ target }) => !target.isRoot);
  const priorities = [...new Set(usable.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((wanted) =>
    drawByWeight(
      usable.filter(({ priority }) => priority === wanted),
      random,
    ),
  );
}

function drawByWeight(targets: readonly SrvData[], random: () => number): SrvData[] {
  // Those of weight 0 stand first, so that they are drawn by a lot of exactly 0 alone, unless there are no others.
  const left = targets.toSorted((a, b) => a.weight - b.weight);
  const drawn: SrvData[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    const lot = Math.floor(random() * (sum + 1));
    let running = 0;
    const index = left.findIndex(({ weight }) => {
      running += weight;
      return running >= lot;
    });
    drawn.push(...left.splice(Math.max(0, index), 1));
  }
  return drawn;
}
