/** Every bound of a session in one place. Times in milliseconds. */
export interface SessionLimits {
  /** Until the TCP connection stands. */
  readonly connectMs: number;
  /** For one whole reply; octets that trickle in do not extend it. RFC 5321 4.5.3.2 would give minutes: this is a check, not a delivery. */
  readonly replyMs: number;
  readonly tlsMs: number;
  /** For the whole session. */
  readonly totalMs: number;
  /** For the reply to QUIT: a courtesy. */
  readonly quitMs: number;
  readonly lineOctets: number;
  /** In all, on each side of the handshake. */
  readonly totalOctets: number;
}

export const SESSION_LIMITS: SessionLimits = {
  connectMs: 10_000,
  replyMs: 20_000,
  tlsMs: 15_000,
  totalMs: 60_000,
  quitMs: 1_000,
  lineOctets: 2_048,
  totalOctets: 65_536,
};
