/** What a delivery tells of TLS (rfc8460#section-4): one event for each session, and for each host that was passed over for its policy. */
import { isIP } from 'node:net';
import type { StsDiscovery } from '../mta-sts/discover.ts';
import type { StsPolicy } from '../mta-sts/policy.ts';
import type { TlsRptEvent, TlsRptFailure, TlsRptPolicy } from '../tlsrpt/event.ts';
import { noPolicy, stsPolicy, tlsaPolicy } from '../tlsrpt/policy.ts';
import { lookupResult, stsResult, type TlsRptResult } from '../tlsrpt/result-type.ts';
import type { DomainDns, HostPlan } from '../verdict.ts';
import type { HostDemand } from './demand.ts';

/** Whom the report is for: the recipient domain, or the relay. */
export interface Reported {
  readonly domain: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

type Sight = Omit<TlsRptFailure, 'resultType' | 'reasonCode'>;

export interface SessionSight {
  readonly address: string;
  readonly localAddress: string | undefined;
  readonly serverName: string;
}

/** `result` null: the session is as the policy demands. */
export function sessionEvent(
  reported: Reported,
  { plan, policy }: HostDemand,
  sts: StsPolicy | undefined,
  result: TlsRptResult | null,
  { address, localAddress, serverName }: SessionSight,
): TlsRptEvent {
  return event(reported, policyOf(reported, plan, policy.reported, sts), result, {
    receivingMxHostname: plan.host,
    receivingIp: address,
    ...(localAddress === undefined ? {} : { sendingMtaIp: localAddress }),
    ...(serverName === '' ? {} : { receivingMxHelo: serverName }),
  });
}

/** Of a host that is not connected to. */
export function passedEvent(
  reported: Reported,
  plan: HostPlan,
  type: TlsRptPolicy['type'],
  sts: StsPolicy | undefined,
  result: TlsRptResult,
): TlsRptEvent {
  return event(reported, policyOf(reported, plan, type, sts), result, { receivingMxHostname: plan.host });
}

/** Of an MX lookup that fails validation. */
export function mxLookupEvent(reported: Reported, { status, reason }: DomainDns): TlsRptEvent | undefined {
  if (status !== 'bogus') return undefined;
  const result = lookupResult({ stage: 'addresses', status, ede: reason?.ede ?? 0, text: '' });
  const policy: TlsRptPolicy = { type: 'tlsa', domain: reported.domain, strings: [], mxHosts: [] };
  return result ? event(reported, policy, result, {}) : undefined;
}

/** Of a domain that announces MTA-STS, where its policy cannot be had. */
export function stsEvent(reported: Reported, discovery: StsDiscovery): TlsRptEvent | undefined {
  const result = stsResult(discovery);
  return result ? event(reported, stsPolicy(reported.domain, undefined), result, {}) : undefined;
}

function event(
  { domain, clock }: Reported,
  policy: TlsRptPolicy,
  result: TlsRptResult | null,
  sight: Sight,
): TlsRptEvent {
  return { at: clock(), domain, policy, failure: result ? { ...result, ...sight } : null };
}

function policyOf(
  { domain }: Reported,
  plan: HostPlan,
  type: TlsRptPolicy['type'],
  sts: StsPolicy | undefined,
): TlsRptPolicy {
  switch (type) {
    case 'tlsa':
      return tlsaPolicy(plan);
    case 'sts':
      return stsPolicy(domain, sts);
    case 'no-policy-found':
      return noPolicy(domain);
  }
}

/** An IPv4 address that a socket for both families shows as IPv6. */
export function plainAddress(address: string | undefined): string | undefined {
  const mapped = /^::ffff:(.+)$/i.exec(address ?? '')?.[1];
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : address;
}
