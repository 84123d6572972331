/** A host that is not connected to, since what is known of it forbids that. */
import type { DeliveryPolicy } from '../delivery-policy.ts';
import type { StsPolicy } from '../mta-sts/policy.ts';
import type { TlsRptEvent } from '../tlsrpt/event.ts';
import { DANE_REQUIRED, lookupResult, MX_NOT_LISTED } from '../tlsrpt/result-type.ts';
import type { HostPlan, HostProblem } from '../verdict.ts';
import { passedEvent, type Reported } from './report.ts';
import type { MxAttempt, MxReason } from './types.ts';

type Why = Extract<DeliveryPolicy, { kind: 'pass' }>['why'];

export interface PassedOver {
  readonly attempt: MxAttempt;
  readonly event?: TlsRptEvent | undefined;
}

export function passedOver(
  reported: Reported,
  plan: HostPlan,
  why: Why,
  sts: StsPolicy | undefined,
): PassedOver {
  const attempt = (reason: MxReason, text: string): MxAttempt => ({
    host: plan.host,
    address: null,
    reason,
    text,
    match: null,
  });
  switch (why) {
    case 'lookup-failed': {
      const { problem } = plan;
      const result = problem && lookupResult(problem);
      const [reason, text] = problem ? ofProblem(problem) : (['lookup-failed', 'a lookup failed'] as const);
      const event = result ? passedEvent(reported, plan, 'tlsa', undefined, result) : undefined;
      return { attempt: attempt(reason, text), event };
    }
    case 'dane-required': {
      const text = `DANE is required, and the host has none: ${whyNoDane(plan)}`;
      const event = passedEvent(reported, plan, 'tlsa', undefined, DANE_REQUIRED);
      return { attempt: attempt('dane-required', text), event };
    }
    case 'not-listed': {
      const text = 'the MTA-STS policy, which is enforced, does not name the host';
      const event = passedEvent(reported, plan, 'sts', sts, MX_NOT_LISTED);
      return { attempt: attempt('not-listed', text), event };
    }
    case 'requiretls': {
      const text = 'REQUIRETLS needs signed MX records, or an enforced MTA-STS policy that names the host';
      return { attempt: attempt('requiretls', text) };
    }
  }
}

function ofProblem({ stage, status, text }: HostProblem): readonly [MxReason, string] {
  if (stage === 'limit') return ['limit', text];
  if (stage === 'no-address') return ['no-address', text];
  const what = stage === 'tlsa' ? 'the TLSA records' : 'the addresses';
  return status === 'bogus'
    ? ['bogus', `${what} cannot be trusted: ${text}`]
    : ['lookup-failed', `${what} cannot be looked up: ${text}`];
}

function whyNoDane({ policy, mxStatus, addressStatus, tlsa }: HostPlan): string {
  if (policy === 'dane-unusable') return 'no TLSA record can be used';
  if (mxStatus !== 'secure') return 'the MX records are not signed';
  if (tlsa.status === 'not-asked') return `the address is ${addressStatus}`;
  return tlsa.status === 'secure' ? 'no TLSA records' : 'the TLSA records are not signed';
}
