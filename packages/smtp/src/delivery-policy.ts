/**
 * What a sender demands of one MX host, from what is known before it connects: the DANE policy of the host, the domain's MTA-STS
 * policy, what the message itself asks for (rfc8689). A function of its arguments.
 *
 * DANE comes before MTA-STS, which never rescues a failing DANE (rfc8461#section-2). REQUIRETLS asks for more than both;
 * `TLS-Required: No` for less.
 */
import type { HostPlan } from './verdict.ts';

/** What the domain's MTA-STS policy says of the host; `none` also where there is no policy. */
export type StsOfHost =
  | { readonly mode: 'none' }
  | { readonly mode: 'testing' | 'enforce'; readonly listed: boolean };

export interface DeliveryQuestion {
  readonly host: Pick<HostPlan, 'policy' | 'mxStatus'>;
  readonly sts: StsOfHost;
  /**
   * - `opportunistic`: DANE where there is DANE
   * - `dane-only`: anything but authenticated by DANE is deferred
   * - `audit`: as opportunistic, but a failure is told and the mail delivered
   */
  readonly mode: 'opportunistic' | 'dane-only' | 'audit';
  /** How TLSA records count where the MX lookup was insecure. */
  readonly insecureMx: 'dane' | 'encrypt' | 'may';
  /** The REQUIRETLS option of MAIL FROM, or the header field `TLS-Required: No`; of both the option counts (rfc8689#section-4.1). */
  readonly requireTls: boolean;
  readonly tlsRequiredNo: boolean;
}

export type DeliveryPolicy =
  /** The host is passed over: the next one, else the mail is deferred. */
  | { readonly kind: 'pass'; readonly why: 'lookup-failed' | 'dane-required' | 'not-listed' | 'requiretls' }
  | {
      readonly kind: 'connect';
      /** What TLS must do: authenticate by DANE or by WebPKI, encrypt, or be used where it is offered. */
      readonly tls: 'dane' | 'pkix' | 'encrypt' | 'may';
      /** A failure of what `tls` demands: the next host, or mail goes on, in cleartext if need be. */
      readonly onFailure: 'next-host' | 'deliver';
      /** Whether success may be called a secure delivery: with an insecure MX the host may be a forger's own. */
      readonly secure: boolean;
      /** The server must offer REQUIRETLS itself. */
      readonly requireTls: boolean;
      /** The policy type of TLS reports (rfc8460#section-4.4). */
      readonly reported: 'tlsa' | 'sts' | 'no-policy-found';
    };

export function deliveryPolicy(question: DeliveryQuestion): DeliveryPolicy {
  const { host, mode, requireTls } = question;
  // Where the addresses or the TLSA records are not known, nobody's wish makes them known.
  if (host.policy === 'unreachable') return { kind: 'pass', why: 'lookup-failed' };
  if (requireTls) return requiringTls(question);
  if (question.tlsRequiredNo) return connect('may', { reported: reportedAs(question), onFailure: 'deliver' });
  const policy = ofRecipient(question);
  const authenticated = policy.kind === 'connect' && policy.tls === 'dane' && policy.secure;
  if (mode === 'dane-only' && !authenticated) return { kind: 'pass', why: 'dane-required' };
  return mode === 'audit' && policy.kind === 'connect' ? { ...policy, onFailure: 'deliver' } : policy;
}

type Connect = Extract<DeliveryPolicy, { kind: 'connect' }>;

function connect(tls: Connect['tls'], rest: Partial<Connect> & Pick<Connect, 'reported'>): Connect {
  const demands = tls !== 'may';
  return {
    kind: 'connect',
    tls,
    onFailure: demands ? 'next-host' : 'deliver',
    secure: false,
    requireTls: false,
    ...rest,
  };
}

const reportedAs = ({ host, sts }: DeliveryQuestion): Connect['reported'] => {
  if (host.policy === 'dane' || host.policy === 'dane-unusable') return 'tlsa';
  return sts.mode === 'none' ? 'no-policy-found' : 'sts';
};

/** What the recipient's domain asks for: the decision table of rfc7672#section-2.2, MTA-STS where DANE says nothing. */
function ofRecipient({ host, sts, insecureMx }: DeliveryQuestion): DeliveryPolicy {
  const secureMx = host.mxStatus === 'secure';
  // Whoever forges the MX records names a host of his own, with records of his own: MTA-STS, which he cannot forge, says first which hosts
  // there are. DANE is still not rescued by it.
  if (!secureMx && sts.mode === 'enforce') {
    if (!sts.listed) return { kind: 'pass', why: 'not-listed' };
    const byDane = host.policy === 'dane' && insecureMx === 'dane';
    return connect(byDane ? 'dane' : 'pkix', { reported: byDane ? 'tlsa' : 'sts', secure: true });
  }
  if (host.policy === 'dane') {
    const tls = secureMx ? 'dane' : insecureMx;
    return connect(tls, { reported: 'tlsa', secure: secureMx });
  }
  if (host.policy === 'dane-unusable') {
    const tls = secureMx || insecureMx !== 'may' ? 'encrypt' : 'may';
    return connect(tls, { reported: 'tlsa' });
  }
  if (sts.mode === 'none') return connect('may', { reported: 'no-policy-found' });
  if (sts.mode === 'enforce' && !sts.listed) return { kind: 'pass', why: 'not-listed' };
  if (sts.mode === 'enforce') return connect('pkix', { reported: 'sts', secure: true });
  return connect(sts.listed ? 'pkix' : 'may', { reported: 'sts', onFailure: 'deliver' });
}

/** rfc8689#section-4.2.1: the host must be the domain's by DNSSEC or an enforced MTA-STS, and its certificate verified by DANE or WebPKI. */
function requiringTls(question: DeliveryQuestion): DeliveryPolicy {
  const { host, sts } = question;
  const listed = sts.mode === 'enforce' && sts.listed;
  if (host.mxStatus !== 'secure' && !listed) return { kind: 'pass', why: 'requiretls' };
  const tls = host.policy === 'dane' ? 'dane' : 'pkix';
  if (question.mode === 'dane-only' && tls !== 'dane') return { kind: 'pass', why: 'dane-required' };
  return connect(tls, { reported: reportedAs(question), secure: true, requireTls: true });
}
