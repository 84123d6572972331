/** posttls-finger, Postfix's own client with DANE: what it makes of the destinations that `check` judges. */
import { join } from 'node:path';
import type { Network } from './bed.ts';
import { runIn } from './namespace.ts';

/** What of the JSON of `check` is compared here. */
export interface CheckedHost {
  readonly host: string;
  readonly policy: string;
  readonly verdict: string;
  readonly sessions: readonly { readonly starttls: boolean | null; readonly tls: object | null }[];
}

export interface Checked {
  readonly target: string;
  readonly kind: string;
  readonly verdict: string;
  readonly hosts: readonly CheckedHost[];
  readonly findings: readonly { readonly code: string }[];
}

/** What posttls-finger makes of a destination. */
export type FingerVerdict =
  | 'verified'
  /** TLS, and nobody authenticated: no match, no usable records, or no records. */
  | 'unverified'
  | 'no-tls'
  | 'tlsa-lookup-fails'
  | 'null-mx'
  | 'unreachable'
  | 'unknown';

/** Reads the output of `posttls-finger -c -l dane`. Without STARTTLS it says nothing at all. */
export function fingerVerdict(output: string): FingerVerdict {
  if (/\bVerified TLS connection established/.test(output)) return 'verified';
  if (/\b(Untrusted|Trusted|Anonymous) TLS connection established/.test(output)) return 'unverified';
  if (/TLSA lookup error/.test(output)) return 'tlsa-lookup-fails';
  if (/does not accept mail \(nullMX\)/.test(output)) return 'null-mx';
  if (/Connection refused|timed out/.test(output)) return 'unreachable';
  return output.trim() === '' ? 'no-tls' : 'unknown';
}

/** Asks posttls-finger; `[host]` for a host by itself. */
export async function askFinger(bed: Network, destination: string): Promise<FingerVerdict> {
  const command = ['posttls-finger', '-t', '10', '-T', '10', '-c', '-l', 'dane', destination];
  const { stdout, stderr } = await runIn(bed.namespace, command, {
    env: { MAIL_CONFIG: join(bed.folder, 'pf-send/etc') },
    timeoutMs: 30_000,
  });
  return fingerVerdict(`${stdout}${stderr}`);
}

/** What posttls-finger must say of a host of which `check` says this. */
export function fingerWanted({ policy, verdict, sessions }: CheckedHost): FingerVerdict {
  if (policy === 'unreachable') return 'tlsa-lookup-fails';
  if (sessions.every(({ starttls }) => starttls === null)) return 'unreachable';
  if (sessions.every(({ tls }) => tls === null)) return 'no-tls';
  return verdict === 'verified' ? 'verified' : 'unverified';
}
