/** From segment to segment, alias by alias, to what a name really has (rfc1034#section-4.3.2); the status of the whole is that of its weakest part. */
import { decodeSingleName, Ede, type Name, Rcode, type ResourceRecord, RRType } from '@mailanchor/dns';
import { BudgetExceeded, type Work } from '../budget.ts';
import {
  type AliasLink,
  type Reason,
  type Resolution,
  type Status,
  weakest,
  type ZoneLink,
} from '../proof.ts';
import type { Validated } from '../validated.ts';

/** The validated segment of a name, for the type asked for. `local` has, and takes, what came in the responses to this question. */
export type SegmentOf = (name: Name, local: Map<string, Validated>) => Promise<Validated>;

/** Rejects with nothing that the network does: where a budget is used up, the resolution says so. */
export async function followAliases(
  name: Name,
  type: number,
  segmentOf: SegmentOf,
  work: Work,
): Promise<Resolution> {
  const aliases: AliasLink[] = [];
  const answer: ResourceRecord[] = [];
  const authority: ResourceRecord[] = [];
  const chain = new Map<string, ZoneLink>();
  /** Segments of this question, whatever their TTL: what came in one response is used together. */
  const local = new Map<string, Validated>();
  let status: Status = 'secure';
  let ttl = work.budgets.maxTtl;
  let current = name;
  let negativeTrustAnchor: Name | undefined;
  let why: Reason | undefined;

  const base = () => ({
    name,
    type,
    aliases,
    canonicalName: current,
    chain: [...chain.values()],
    ...(negativeTrustAnchor && { negativeTrustAnchor }),
  });
  const failed = (
    weak: 'bogus' | 'indeterminate',
    reason: Reason,
    rcode: number,
    failureTtl: number,
  ): Extract<Resolution, { kind: 'failure' }> => ({
    ...base(),
    kind: 'failure',
    status: weak,
    rcode,
    records: [],
    answer: [],
    authority: [],
    ttl: failureTtl,
    reason,
  });

  if (type === RRType.RRSIG) {
    const text = 'no signature is signed itself: ask for the type that it covers';
    return failed('indeterminate', { ede: Ede.NOT_SUPPORTED, text }, Rcode.SERVFAIL, work.budgets.maxTtl);
  }
  try {
    for (;;) {
      const segment = await segmentOf(current, local);
      for (const link of segment.chain) chain.set(link.zone.key, link);
      if (segment.kind === 'failure') {
        const failure = failed(segment.status, segment.reason, segment.rcode ?? Rcode.SERVFAIL, segment.ttl);
        return segment.dname ? { ...failure, overlong: [...answer, ...segment.dname] } : failure;
      }
      status = weakest(status, segment.status);
      ttl = Math.min(ttl, segment.ttl);
      negativeTrustAnchor ??= segment.negativeTrustAnchor;
      why ??= segment.reason;
      answer.push(...segment.answer);
      authority.push(...segment.authority);
      if (segment.kind !== 'alias' || type === RRType.CNAME) {
        const end = type === RRType.CNAME ? deniedTarget(segment, local) : undefined;
        if (end) {
          status = weakest(status, end.status);
          ttl = Math.min(ttl, end.ttl);
          authority.push(...end.authority);
        }
        const common = {
          ...base(),
          status: status as 'secure' | 'insecure',
          answer,
          authority,
          ttl,
          ...(why && { reason: why }),
        };
        if (segment.kind === 'nodata' || segment.kind === 'nxdomain') {
          const rcode = segment.kind === 'nxdomain' ? Rcode.NXDOMAIN : Rcode.NOERROR;
          return { ...common, kind: segment.kind, rcode, records: [] };
        }
        // Of a DNAME's segment the CNAME is what was asked for.
        const records = segment.kind === 'alias' ? cnameOf(segment) : segment.records;
        return { ...common, kind: 'answer', rcode: end ? Rcode.NXDOMAIN : Rcode.NOERROR, records };
      }
      aliases.push({ kind: segment.via!, owner: current, target: segment.target!, status: segment.status });
      if (aliases.length > work.budgets.aliases) {
        throw new BudgetExceeded('aliases', `more than ${work.budgets.aliases} aliases from ${name}`);
      }
      current = segment.target!;
      if (aliases.some(({ owner }) => owner.equals(current))) {
        const text = `the aliases of ${name} lead in a circle`;
        // Where everything on the way is signed the zones themselves are at fault; else it may be anybody's doing, or nobody's.
        const weak = status === 'secure' ? 'bogus' : 'indeterminate';
        const { bogusTtl, failureTtl } = work.budgets;
        return failed(
          weak,
          { ede: Ede.OTHER, text },
          Rcode.SERVFAIL,
          weak === 'bogus' ? bogusTtl : failureTtl,
        );
      }
    }
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    const ede = error.what === 'timeMs' ? Ede.NO_REACHABLE_AUTHORITY : Ede.OTHER;
    return failed('indeterminate', { ede, text: error.message }, Rcode.SERVFAIL, 0);
  }
}

/** The CNAME of an alias segment, synthesised or not. */
function cnameOf({ answer, owner }: Exclude<Validated, { kind: 'failure' }>): ResourceRecord[] {
  return answer.filter((record) => record.type === RRType.CNAME && record.name.equals(owner));
}

/** What the same response proved of where a CNAME leads to, if that is that there is no such name. */
function deniedTarget(
  segment: Exclude<Validated, { kind: 'failure' }>,
  local: ReadonlyMap<string, Validated>,
): Extract<Validated, { kind: 'answer' | 'alias' | 'nodata' | 'nxdomain' }> | undefined {
  const rdata = segment.records[0]?.rdata;
  const target = segment.target ?? (segment.kind === 'answer' && rdata ? decodeSingleName(rdata) : undefined);
  const end = target && local.get(target.key);
  return end?.kind === 'nxdomain' ? end : undefined;
}
