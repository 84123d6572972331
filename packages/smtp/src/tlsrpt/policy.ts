/** The applied policy as a report has it (rfc8460#section-4.5), from what a delivery knows. */
import type { StsPolicy } from '../mta-sts/policy.ts';
import type { HostPlan, TlsaRecord } from '../verdict.ts';
import type { TlsRptPolicy } from './event.ts';

/** `3 1 1 ab12...`, as master files have it, hexadecimal in lower case. */
export function tlsaPolicyString({ usage, selector, matching, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matching} ${data}`;
}

/** The lines of the policy file; each `mx` its own string. */
export function stsPolicyStrings({ mode, mx, maxAge }: StsPolicy): string[] {
  return ['version: STSv1', `mode: ${mode}`, ...mx.map((pattern) => `mx: ${pattern}`), `max_age: ${maxAge}`];
}

/** A host with secure TLSA records, or one whose records could not be looked up: then there are no strings. */
export function tlsaPolicy(host: Pick<HostPlan, 'host' | 'tlsa'>): TlsRptPolicy {
  return {
    type: 'tlsa',
    domain: host.tlsa.base ?? host.host,
    strings: host.tlsa.records.map(tlsaPolicyString),
    mxHosts: [],
  };
}

/** `domain`: the recipient domain. `policy`: undefined where it could not be had, `sts-policy-fetch-error` and its like. */
export function stsPolicy(domain: string, policy: StsPolicy | undefined): TlsRptPolicy {
  return {
    type: 'sts',
    domain,
    strings: policy ? stsPolicyStrings(policy) : [],
    mxHosts: policy ? [...policy.mx] : [],
  };
}

export function noPolicy(domain: string): TlsRptPolicy {
  return { type: 'no-policy-found', domain, strings: [], mxHosts: [] };
}
