/** What is demanded of one host, and whether a handshake meets it. */
import { isIP } from 'node:net';
import type { DeliveryPolicy, StsOfHost } from '../delivery-policy.ts';
import { MX_NOT_LISTED, matchResult, pkixResult } from '../tlsrpt/result-type.ts';
import type { HostPlan, MatchReport } from '../verdict.ts';
import { type Secured, verifyDane, verifyPkix } from '../verify-chain.ts';
import type { Flaw } from './flaw.ts';
import type { MxAuthentication } from './types.ts';

export interface HostDemand {
  readonly plan: HostPlan;
  readonly policy: Extract<DeliveryPolicy, { kind: 'connect' }>;
  readonly sts: StsOfHost;
}

/** `by`: what the chain is judged by; null: by nothing, encryption is all there is. */
export function demandOf({ plan, policy, sts }: HostDemand): {
  readonly by: 'dane' | 'pkix' | null;
  /** Undefined for an address. */
  readonly servername: string | undefined;
  readonly mayGoOn: boolean;
} {
  const mayGoOn = policy.onFailure === 'deliver';
  // What nobody insists on is judged all the same, so that a report is true of it.
  const listed = sts.mode !== 'none' && sts.listed;
  const by =
    policy.tls === 'pkix'
      ? 'pkix'
      : plan.policy === 'dane'
        ? 'dane'
        : policy.reported === 'sts' && listed
          ? 'pkix'
          : null;
  // rfc7672#section-8.1: the TLSA base domain wherever there are records; else the host.
  const daneApplies = plan.policy === 'dane' || plan.policy === 'dane-unusable';
  const name = daneApplies && by !== 'pkix' ? (plan.tlsa.base ?? plan.host) : plan.host;
  return { by, mayGoOn, servername: isIP(name) === 0 ? name : undefined };
}

export interface Judged {
  readonly authenticated: MxAuthentication;
  readonly match: MatchReport | null;
  readonly flaw: Flaw | null;
  /** Whether the flaw is of what the policy demands; else it is only told. */
  readonly demanded: boolean;
}

/** `at`: seconds since the epoch. */
export function judge(secured: Secured, demand: HostDemand, at: number): Judged {
  const { plan, policy } = demand;
  const { by } = demandOf(demand);
  if (by === null) {
    const { sts } = demand;
    const unlisted = policy.reported === 'sts' && sts.mode !== 'none' && !sts.listed;
    const flaw = plan.policy === 'dane-unusable' ? UNUSABLE : unlisted ? NOT_LISTED : null;
    return { authenticated: 'encrypted', match: null, flaw, demanded: false };
  }
  const verified =
    by === 'dane' ? verifyDane(secured.chain, { plan, mode: 'smtp', at }) : verifyPkix(secured, [plan.host]);
  const { match } = verified;
  if (verified.kind === 'verified') {
    const flaw = by === 'pkix' && plan.policy === 'dane-unusable' ? UNUSABLE : null;
    return { authenticated: by, match, flaw, demanded: false };
  }
  const { reason, text, code } = verified;
  const result = match ? matchResult(match) : pkixResult(code ?? reason);
  const flaw: Flaw = {
    reason,
    text,
    ...(result ? { result } : {}),
  };
  return { authenticated: 'encrypted', match, flaw, demanded: policy.tls === by };
}

const UNUSABLE: Flaw = {
  reason: 'unusable',
  text: 'no TLSA record can be used',
  result: { resultType: 'tlsa-invalid', reasonCode: 'tlsa-unusable' },
};

const NOT_LISTED: Flaw = {
  reason: 'not-listed',
  text: 'the MTA-STS policy does not name the host',
  result: MX_NOT_LISTED,
};
