/** An answer in words, for whoever asks why: what Postfix does with it, and what was found out of each host. */
import type { Resolver } from '@mailanchor/dnssec';
import { type HostPlan, planDestination, planRelay } from '@mailanchor/smtp';
import type { Answer } from './answer.ts';
import type { LookedUpKey } from './look-up.ts';

/** What Postfix does, one sentence without full stop. */
export function meaningOf({ status, text }: Answer): string {
  switch (status) {
    case 'NOTFOUND':
      return 'Postfix goes by its own default (smtp_tls_security_level)';
    case 'TEMP':
      return 'Postfix lets the mail wait and asks again later';
    case 'PERM':
      return 'Postfix lets the mail wait until its transport table is mended';
    case 'OK':
      return LEVELS[text.split(' ')[0]!] ?? 'Postfix applies this policy';
  }
}

const LEVELS: Readonly<Record<string, string>> = {
  'dane-only': 'Postfix delivers to hosts that DANE authenticates, and to no others',
  dane: 'Postfix applies to each host what is proven of it: DANE where it has TLSA records, its default elsewhere',
  secure:
    'Postfix delivers to hosts with a certificate of a trusted CA for one of these names, and to no others',
  encrypt: 'Postfix delivers over TLS only, without authentication',
  may: 'Postfix delivers, over TLS where it is offered',
  none: 'Postfix delivers in the clear',
};

/** Of lookups that were just made: they come from the resolver's cache. A line each. */
export async function explainHosts(
  key: LookedUpKey,
  resolver: Resolver,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const how = { resolver, timeoutMs, signal, port: key.port };
  const plan = key.kind === 'relay' ? await planRelay(key.name, how) : await planDestination(key.name, how);
  if (plan.kind === 'address-literal') return [];
  const { status, outcome, reason } = plan.dns;
  const mx = outcome === 'not-asked' ? [] : [`MX records: ${MX[status]}${reason ? `: ${reason.text}` : ''}`];
  const hosts = plan.kind === 'hosts' ? plan.hosts : [];
  return [...mx, ...hosts.map((host) => `${host.host}: ${wordsOf(host)}`)];
}

const MX = {
  secure: 'signed',
  insecure: 'not signed',
  bogus: 'cannot be trusted',
  indeterminate: 'cannot be looked up',
} as const;

function wordsOf({ policy, addressStatus, tlsa, problem }: HostPlan): string {
  switch (policy) {
    case 'dane':
      return 'usable TLSA records, signed';
    case 'dane-unusable':
      return 'TLSA records that no sender can use: encrypted, not authenticated';
    case 'none':
      return tlsa.status === 'not-asked' && addressStatus !== 'secure'
        ? 'in an unsigned zone: no DANE'
        : 'no TLSA records that are signed: no DANE';
    case 'unreachable':
      return `gets no mail${problem ? `: ${problem.text}` : ''}`;
  }
}
