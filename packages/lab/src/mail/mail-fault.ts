/** What can be wrong with a mail host. */
export type MailFault =
  /** EHLO does not offer STARTTLS, the command is unknown. */
  | 'no-starttls'
  /** Offered, and answered with 454 (rfc3207#section-4). */
  | 'starttls-refused'
  /** Offered on every other connection. */
  | 'starttls-selective'
  /** Accepts connections and says nothing. */
  | 'silent'
  /** 554 instead of a greeting. */
  | 'greeting-refused'
  /** A greeting of 10 MB: many lines. */
  | 'banner-flood'
  /** A greeting of 10 MB: one line that does not end. */
  | 'endless-line'
  /** The greeting comes an octet a second. */
  | 'byte-a-second'
  /** A reply in clear right behind the one to STARTTLS, for a client that reads on before TLS (CVE-2011-0411). */
  | 'injected-data'
  /** TLS stands, then 421 and the end. */
  | 'closing-after-starttls'
  /** After its reply to STARTTLS the server speaks no TLS. */
  | 'no-handshake'
  /** The handshake comes an octet a second. */
  | 'slow-handshake'
  /** 421 in answer to STARTTLS, and the end. */
  | 'closing-at-starttls'
  /** A reply to EHLO of 10 MB. */
  | 'ehlo-flood'
  /** TLS 1.0 and 1.1 only. */
  | 'old-tls'
  /** TLS 1.0 and 1.1 beside newer versions. */
  | 'old-tls-too'
  /** TLS 1.2; the server asks for a new handshake at each command, again and again. */
  | 'renegotiation';

/** What goes wrong in an otherwise ordinary conversation. */
const ORDINARY = ['no-starttls', 'starttls-selective', 'old-tls-too'] as const;
export type OrdinaryFault = (typeof ORDINARY)[number];

export function isOrdinaryFault(fault: MailFault): fault is OrdinaryFault {
  return ORDINARY.some((each) => each === fault);
}
