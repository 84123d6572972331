/**
 * Policy discovery of one domain (rfc8461#section-3): the TXT record, the policy host's addresses, the policy. What a sender does with it,
 * and what it keeps from before, is not decided here.
 */
import { type Name, RRType } from '@mailanchor/dns';
import { lookupAddresses } from '../addresses.ts';
import { type LookupContext, lookup, lookupReason } from '../lookup.ts';
import { nameText } from '../name-text.ts';
import { txtTexts } from '../text-record.ts';
import type { FetchPolicy, FetchStage } from './fetch.ts';
import { parsePolicy, type StsPolicy } from './policy.ts';
import { parseStsRecord } from './record.ts';

/** Milliseconds for the policy, within what is left. */
const FETCH_MS = 15_000;

export type StsDiscovery =
  /** The domain has no MTA-STS. */
  | { readonly kind: 'absent' }
  /** The lookup of the record failed. */
  | { readonly kind: 'unknown'; readonly text: string }
  /** The record or the policy is not as it must be: to senders as if there were none. */
  | {
      readonly kind: 'invalid';
      readonly part: 'record' | 'policy' | FetchStage;
      readonly text: string;
      readonly id?: string;
    }
  /** The record is there, and the policy was not asked for. */
  | { readonly kind: 'announced'; readonly id: string }
  | {
      readonly kind: 'policy';
      readonly id: string;
      readonly policy: StsPolicy;
      /** ISO 8601: when the certificate of the policy host ends. */
      readonly certificateUntil?: string;
    };

/** `fetch`: undefined where nothing is connected to. Rejects only when the caller aborts. */
export async function discoverSts(
  context: LookupContext,
  domain: Name,
  fetch: FetchPolicy | undefined,
): Promise<StsDiscovery> {
  const answer = await lookup(context, domain.prepend('_mta-sts'), RRType.TXT);
  if (answer.kind === 'failure') {
    return { kind: 'unknown', text: lookupReason(answer)?.text ?? 'the lookup failed' };
  }
  const record = parseStsRecord(txtTexts(answer.records));
  if (record.kind === 'absent') return record;
  if (record.kind === 'invalid') return { kind: 'invalid', part: 'record', text: record.text };
  const { id } = record;
  if (!fetch) return { kind: 'announced', id };
  const found = await fetchStsPolicy(context, domain, fetch);
  return { ...found, id };
}

export type StsFetch =
  | { readonly kind: 'policy'; readonly policy: StsPolicy; readonly certificateUntil?: string }
  | { readonly kind: 'invalid'; readonly part: 'policy' | FetchStage; readonly text: string };

/** The policy that the domain's policy host serves now, whatever its record says. Rejects only when the caller aborts. */
export async function fetchStsPolicy(
  context: LookupContext,
  domain: Name,
  fetch: FetchPolicy,
): Promise<StsFetch> {
  const host = domain.prepend('mta-sts');
  const found = await lookupAddresses(context, host);
  if (found.kind === 'failure') {
    const why = lookupReason(found.resolution)?.text ?? 'the lookup failed';
    return { kind: 'invalid', part: 'address', text: `the addresses of ${nameText(host)}: ${why}` };
  }
  const fetched = await fetch({
    host: nameText(host),
    addresses: found.kind === 'found' ? found.addresses : [],
    timeoutMs: Math.min(FETCH_MS, context.deadline.remainingMs() * 0.8),
    signal: context.signal,
  });
  if (fetched.kind === 'failed') return { kind: 'invalid', part: fetched.stage, text: fetched.text };
  const parsed = parsePolicy(fetched.body);
  if (parsed.kind === 'invalid') return { kind: 'invalid', part: 'policy', text: parsed.text };
  const { certificateUntil } = fetched;
  return {
    kind: 'policy',
    policy: parsed.policy,
    ...(certificateUntil !== undefined && { certificateUntil }),
  };
}
