/**
 * One mail host: addresses, then TLSA, then what a DANE client does with it (rfc7672#section-2.2). Any error on the way to the TLSA
 * records makes the host unreachable (rfc7672#section-2.1.2); it never makes it a host without DANE.
 */
import type { Name } from '@mailanchor/dns';
import type { Resolution, Status } from '@mailanchor/dnssec';
import { lookupAddresses } from './addresses.ts';
import { aliasReports, type LookupContext } from './lookup.ts';
import { isAddressName } from './mx.ts';
import { nameText } from './name-text.ts';
import { type HostOrigin, referenceNames } from './reference-names.ts';
import { tlsaBaseCandidates } from './tlsa-base.ts';
import { lookupTlsa } from './tlsa-lookup.ts';
import { NO_TLSA, tlsaReport } from './tlsa-report.ts';
import type { HostPlan, HostProblem } from './verdict.ts';

export interface HostQuestion {
  readonly host: Name;
  readonly preference: number | null;
  readonly port: number;
  readonly origin: HostOrigin;
  /** 'dane' looks for TLSA whatever the status of the MX; 'may' does not for hosts of an insecure MX. */
  readonly insecureMx: 'dane' | 'may';
  /** Whether usages 0 and 1 are unusable, as in mail transfer (rfc7672#section-3.1.3). */
  readonly mailTransfer: boolean;
}

export async function planHost(context: LookupContext, question: HostQuestion): Promise<HostPlan> {
  const { host, port, origin } = question;
  const plan = startOf(question);
  // An MX that names an address: DANE does not apply, and we do not connect to it.
  if (isAddressName(host)) return { ...plan, addressStatus: 'insecure' };

  const found = await lookupAddresses(context, host);
  const known = {
    ...plan,
    addressStatus: found.status,
    aliases: aliasReports(found.resolution),
  };
  if (found.kind === 'failure') {
    return { ...known, ...unreachable('addresses', found.resolution, found.status) };
  }
  if (found.kind === 'none') {
    return { ...known, ...unreachable('no-address', found.resolution, found.status) };
  }
  const { addresses } = found;
  const candidates = tlsaBaseCandidates(host, found.resolution);
  const ignoreTlsa = ignoresTlsa(origin, question.insecureMx);
  if (candidates.length === 0 || ignoreTlsa) return { ...known, addresses };

  const tlsa = await lookupTlsa(context, candidates, port);
  const report = tlsaReport(tlsa, candidates, question.mailTransfer);
  if (tlsa.kind === 'failure') {
    const { resolution } = tlsa;
    return {
      ...known,
      addresses,
      tlsa: report,
      ...unreachable('tlsa', resolution, resolution.status),
    };
  }
  if (tlsa.kind === 'absent') return { ...known, addresses, tlsa: report };
  return {
    ...known,
    addresses,
    tlsa: report,
    policy: report.usable.length > 0 ? 'dane' : 'dane-unusable',
    referenceNames: referenceNames(tlsa.base, host, origin).map(nameText),
  };
}

/** By an insecure SRV RRset DANE does not apply at all (rfc7673#section-3.1); by an insecure MX RRset it is the caller's choice. */
function ignoresTlsa(origin: HostOrigin, insecureMx: HostQuestion['insecureMx']): boolean {
  if (origin.kind === 'direct' || origin.status === 'secure') return false;
  return origin.kind === 'srv' || insecureMx === 'may';
}

/** A host that is not looked up at all, since the destination has more than we take on. */
export function skippedHost(question: HostQuestion): HostPlan {
  const text = 'more hosts than a check takes on';
  const problem: HostProblem = { stage: 'limit', status: 'indeterminate', ede: 0, text };
  return { ...startOf(question), policy: 'unreachable', problem };
}

function startOf({ host, preference, port, origin }: HostQuestion): HostPlan {
  return {
    host: nameText(host),
    preference,
    port,
    policy: 'none',
    mxStatus: origin.kind === 'direct' ? 'secure' : origin.status,
    addressStatus: 'indeterminate',
    addresses: [],
    aliases: [],
    tlsa: NO_TLSA,
    referenceNames: [],
  };
}

function unreachable(
  stage: HostProblem['stage'],
  resolution: Resolution,
  status: Status,
): Pick<HostPlan, 'policy' | 'problem'> {
  const { reason, kind } = resolution;
  const text = reason?.text ?? (kind === 'nxdomain' ? 'the name does not exist' : 'no address records');
  const zone = reason?.zone ? { zone: nameText(reason.zone) } : {};
  return { policy: 'unreachable', problem: { stage, status, ede: reason?.ede ?? 0, text, ...zone } };
}
