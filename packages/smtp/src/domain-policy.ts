/**
 * One answer for a whole destination, for a mail server that does the rest by itself: which TLS policy it must hold the hosts to
 * (Postfix's smtp_tls_policy_maps). A function of its arguments.
 *
 * A mail server that follows `dane` looks every host up itself and passes over those whose lookup fails, so a fault of one host never has
 * to stop the mail for the others. What cannot be told by one word for all hosts is told by the stricter one.
 */
import { allowsMx } from './mta-sts/match.ts';
import type { DestinationPlan } from './plan.ts';
import type { HostPlan } from './verdict.ts';

/** An enforced MTA-STS policy, which is all that matters here: one that is absent, unknown, or in another mode asks for nothing. */
export interface EnforcedSts {
  /** As published: host names, or `*.` and a domain (rfc8461#section-3.2). */
  readonly mx: readonly string[];
}

export interface DomainPolicyQuestion {
  readonly plan: DestinationPlan;
  readonly sts?: EnforcedSts | undefined;
  /** Where only some hosts have TLSA records and MTA-STS is enforced for all: which of the two counts. Default 'dane'. */
  readonly partialDane?: 'dane' | 'sts' | undefined;
}

/** `reason`: one sentence without full stop, for a postmaster. */
export type DomainPolicy =
  /** Every host must be authenticated by DANE; without usable TLSA records it gets no mail. */
  | { readonly kind: 'dane-only'; readonly reason: string }
  /** The rules of each host apply (rfc7672#section-2.2). */
  | { readonly kind: 'dane'; readonly reason: string }
  /** Hosts must prove by WebPKI to have one of these names. `*.` and a domain stands for names one label longer. */
  | { readonly kind: 'secure'; readonly match: readonly string[]; readonly reason: string }
  /** Nothing is asked for: the sender's own default applies, and its own words for destinations that take no mail. */
  | { readonly kind: 'none'; readonly reason: string }
  /** It is not known what is asked for: try again later. */
  | { readonly kind: 'defer'; readonly reason: string };

export function domainPolicy({ plan, sts, partialDane = 'dane' }: DomainPolicyQuestion): DomainPolicy {
  switch (plan.kind) {
    case 'failure':
      return defer(
        `the MX records cannot be ${failed(plan.dns.status)}: ${plan.dns.reason?.text ?? 'no answer'}`,
      );
    case 'address-literal':
      return none('an address has no DANE and no MTA-STS');
    // A sender returns such mail at once and knows why; an answer that is an error would have it wait for days instead.
    case 'null-mx':
      return withoutDane('the domain takes no mail (null MX)', sts);
    case 'no-such-domain':
      return withoutDane('the domain does not exist', sts);
    case 'hosts':
      return ofHosts(plan.hosts, sts, partialDane);
  }
}

function ofHosts(
  hosts: readonly HostPlan[],
  sts: EnforcedSts | undefined,
  partialDane: 'dane' | 'sts',
): DomainPolicy {
  // A host that is known to have no address gets no connection, whatever the answer.
  const reachable = hosts.filter(({ problem }) => problem?.stage !== 'no-address');
  const failing = reachable.filter(({ policy }) => policy === 'unreachable');
  const known = reachable.filter(({ policy }) => policy !== 'unreachable');
  const dane = known.filter(({ policy }) => policy === 'dane');
  const unusable = known.filter(({ policy }) => policy === 'dane-unusable');
  const withRecords = dane.length + unusable.length;

  if (reachable.length === 0) return withoutDane('no mail host has an address', sts);
  if (known.length === 0) return defer(whyFailing(failing));
  if (withRecords === 0) {
    if (failing.length === 0) return withoutDane(noRecords(known), sts);
    // DANE may be what the failing hosts have, so MTA-STS may not stand in for it there; the others must still be held to it.
    if (sts) return withoutFailing(sts, known, failing);
    return { kind: 'dane', reason: `each host by its own rules: ${whyFailing(failing)}` };
  }
  // Whoever forges the MX records names a host of his own, with records of his own: DANE does not stand in for MTA-STS then.
  const secureMx = hosts.every(({ mxStatus }) => mxStatus === 'secure');
  if (sts && !secureMx)
    return secureBy(sts, known, failing, 'the MX records are not signed, MTA-STS is enforced');
  if (secureMx && dane.length === reachable.length) {
    return { kind: 'dane-only', reason: `${counted(dane.length)} with usable TLSA records, all signed` };
  }
  if (sts && partialDane === 'sts' && withRecords < known.length) {
    const reason = `MTA-STS is enforced, and only ${withRecords} of ${reachable.length} hosts have TLSA records`;
    return secureBy(sts, known, failing, reason);
  }
  if (failing.length > 0)
    return { kind: 'dane', reason: `each host by its own rules: ${whyFailing(failing)}` };
  if (dane.length < reachable.length && unusable.length === withRecords) {
    return { kind: 'dane', reason: `TLSA records that no sender can use: ${names(unusable)}` };
  }
  if (dane.length < reachable.length) {
    const rest = known.filter(({ policy }) => policy !== 'dane');
    return { kind: 'dane', reason: `each host by its own rules: no usable TLSA records for ${names(rest)}` };
  }
  return { kind: 'dane', reason: `usable TLSA records, but the MX records are not signed` };
}

function withoutDane(reason: string, sts: EnforcedSts | undefined): DomainPolicy {
  if (!sts) return none(reason);
  return { kind: 'secure', match: sts.mx, reason: `MTA-STS is enforced; no DANE: ${reason}` };
}

function secureBy(
  sts: EnforcedSts,
  known: readonly HostPlan[],
  failing: readonly HostPlan[],
  reason: string,
): DomainPolicy {
  return failing.length > 0 ? withoutFailing(sts, known, failing) : { kind: 'secure', match: sts.mx, reason };
}

/** Hosts that failed are left out by name, since MTA-STS never rescues a failing DANE (rfc8461#section-2). */
function withoutFailing(
  sts: EnforcedSts,
  known: readonly HostPlan[],
  failing: readonly HostPlan[],
): DomainPolicy {
  const match = known.map(({ host }) => host).filter((host) => allowsMx(sts.mx, host));
  if (match.length === 0) return defer(`no host that MTA-STS allows can be used: ${whyFailing(failing)}`);
  return { kind: 'secure', match, reason: `MTA-STS is enforced; left out: ${whyFailing(failing)}` };
}

function none(reason: string): DomainPolicy {
  return { kind: 'none', reason };
}

function defer(reason: string): DomainPolicy {
  return { kind: 'defer', reason };
}

function failed(status: string): string {
  return status === 'bogus' ? 'trusted' : 'looked up';
}

function noRecords(hosts: readonly HostPlan[]): string {
  const unsigned = hosts.filter(
    ({ tlsa, addressStatus }) => addressStatus !== 'secure' && tlsa.status === 'not-asked',
  );
  return unsigned.length === hosts.length ? 'no host is in a signed zone' : 'no host has signed TLSA records';
}

/** The first host in full: a log line holds no more, and one mended fault shows the next. */
function whyFailing(failing: readonly HostPlan[]): string {
  const [first] = failing;
  if (!first?.problem) return 'a lookup failed';
  const { stage, status, text } = first.problem;
  const more = failing.length > 1 ? ` (and ${failing.length - 1} more)` : '';
  if (stage === 'limit') return `too many MX hosts${more}`;
  const what = stage === 'tlsa' ? 'the TLSA records' : 'the addresses';
  return `${what} of ${first.host} cannot be ${failed(status)}${more}: ${text}`;
}

function counted(hosts: number): string {
  return hosts === 1 ? 'one host' : `${hosts} hosts`;
}

function names(hosts: readonly HostPlan[]): string {
  const first = hosts.slice(0, 3).map(({ host }) => host);
  return first.join(', ') + (hosts.length > first.length ? ` and ${hosts.length - first.length} more` : '');
}
