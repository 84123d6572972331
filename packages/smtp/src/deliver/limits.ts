/** Every bound of a delivery in one place. */
import { SESSION_LIMITS, type SessionLimits } from '../session-limits.ts';

export interface MxLimits extends Pick<SessionLimits, 'lineOctets' | 'totalOctets' | 'quitMs'> {
  /** MX hosts that are tried. */
  readonly hosts: number;
  /** Addresses of one host that are tried. */
  readonly addresses: number;
  /** Sessions in all that are begun. */
  readonly sessions: number;
  /** Milliseconds until a TCP connection stands. */
  readonly connectMs: number;
  /** Milliseconds for one whole reply. RFC 5321 4.5.3.2 has minutes; `timeoutMs` bounds all together. */
  readonly replyMs: number;
  readonly tlsMs: number;
}

const { lineOctets, totalOctets, quitMs } = SESSION_LIMITS;

export const MX_LIMITS: MxLimits = {
  hosts: 10,
  addresses: 6,
  sessions: 12,
  connectMs: 20_000,
  replyMs: 60_000,
  tlsMs: 30_000,
  quitMs,
  lineOctets,
  totalOctets,
};

/** Part of the time that is left which one host may take where others follow it. */
export const HOST_PART = 0.6;
