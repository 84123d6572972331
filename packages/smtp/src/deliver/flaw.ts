/** What was not as it should be with a session: our own word for it, and what a TLS report makes of it. */
import type { End } from '../conversation.ts';
import { sessionResult, type TlsRptResult } from '../tlsrpt/result-type.ts';
import type { SessionOutcome } from '../verdict.ts';
import type { MxReason } from './types.ts';

export interface Flaw {
  readonly reason: MxReason;
  /** One sentence without its full stop, printable. */
  readonly text: string;
  /** Absent: not reported. */
  readonly result?: TlsRptResult;
  /** The connection can still be used, without TLS. */
  readonly inClear?: boolean;
  /** The connection broke at TLS: another one without it might serve. */
  readonly tls?: boolean;
}

const REASONS: Readonly<Record<SessionOutcome, MxReason>> = {
  established: 'protocol-error',
  'connect-refused': 'unreachable',
  'connect-timeout': 'unreachable',
  'connect-failed': 'unreachable',
  'no-route': 'unreachable',
  'greeting-refused': 'rejected',
  'service-closing': 'rejected',
  'ehlo-refused': 'rejected',
  'starttls-not-offered': 'starttls',
  'starttls-refused': 'starttls',
  'injected-data': 'starttls',
  'tls-failed': 'tls-failed',
  'tls-timeout': 'tls-failed',
  'protocol-error': 'protocol-error',
  'too-much-data': 'protocol-error',
  'reply-timeout': 'timeout',
  closed: 'unreachable',
  deadline: 'timeout',
  'not-tried': 'limit',
};

export function endFlaw({ kind, text, errorCode }: End, inClear = false): Flaw {
  // A server that turns us away at EHLO is busy, or does not like us: no word on its TLS.
  const result = kind === 'ehlo-refused' ? null : sessionResult(kind, errorCode);
  return { reason: REASONS[kind], text, inClear, ...(result ? { result } : {}) };
}
