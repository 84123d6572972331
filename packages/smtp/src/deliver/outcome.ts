/** What a delivery without a session comes to: the gravest reason of all attempts, in words and as an enhanced status code (RFC 3463). */
import type { DomainDns } from '../verdict.ts';
import type { MxAttempt, MxDeferred, MxFailed, MxReason } from './types.ts';

/** The gravest first: what an operator, or an attacker, is behind. Codes of class 4, without the class. */
const GRAVITY: Readonly<Record<MxReason, string>> = {
  mismatch: '7.5',
  unusable: '7.5',
  'pkix-failed': '7.5',
  bogus: '7.5',
  starttls: '7.10',
  'tls-failed': '7.5',
  'lookup-failed': '4.3',
  'dane-required': '7.5',
  'not-listed': '7.5',
  requiretls: '7.30',
  loop: '4.6',
  rejected: '3.2',
  'protocol-error': '5.0',
  timeout: '4.2',
  unreachable: '4.1',
  'no-address': '4.4',
  limit: '4.5',
};

const ORDER = Object.keys(GRAVITY) as MxReason[];

/** A result but for what all of them share. */
export type Outcome<T> = T extends unknown ? Omit<T, 'dns' | 'attempts' | 'events'> : never;

export function deferred(reason: MxReason, text: string): Outcome<MxDeferred> {
  return { kind: 'deferred', reason, text, status: `4.${GRAVITY[reason]}` };
}

export function ofAttempts(attempts: readonly MxAttempt[]): Outcome<MxDeferred> {
  const [worst] = attempts.toSorted((a, b) => ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason));
  if (!worst) return deferred('limit', 'every host was left out');
  const { host, address, reason, text } = worst;
  return deferred(reason, `${host}${address === null ? '' : ` [${address}]`}: ${text}`);
}

export function ofMxLookup(dns: DomainDns): Outcome<MxDeferred> {
  const bogus = dns.status === 'bogus';
  const what = `the MX records of ${dns.domain} cannot be ${bogus ? 'trusted' : 'looked up'}`;
  return deferred(bogus ? 'bogus' : 'lookup-failed', `${what}: ${dns.reason?.text ?? 'no answer'}`);
}

const FAILED: Readonly<Record<MxFailed['reason'], string>> = {
  'null-mx': '5.1.10',
  'no-such-domain': '5.1.2',
  loop: '5.4.6',
  requiretls: '5.7.30',
};

export function failed(reason: MxFailed['reason'], text: string): Outcome<MxFailed> {
  return { kind: 'failed', reason, text, status: FAILED[reason] };
}

/** What no later try mends by itself: the host cannot, or may not, be handed a message that requires TLS. */
const FINAL_FOR_REQUIRETLS: ReadonlySet<MxReason> = new Set([
  'requiretls',
  'starttls',
  'tls-failed',
  'mismatch',
  'pkix-failed',
  'not-listed',
  'dane-required',
]);

/** rfc8689#section-4.2.1: the message goes back where no host meets what it requires. One that could not be asked may still. */
export function failsRequireTls(attempts: readonly MxAttempt[]): boolean {
  return attempts.length > 0 && attempts.every(({ reason }) => FINAL_FOR_REQUIRETLS.has(reason));
}
