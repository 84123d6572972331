/** Errors of `@mailanchor/smtp`: one base class, a stable `code`, the cause chained. Outcomes of the protocol are values, not errors. */

export type SmtpErrorCode =
  /** A check target that is neither a domain, a host with port, nor a URL of a TLS service. */
  | 'bad-target'
  /** An option out of range, e.g. a port or a HELO name with a line break. */
  | 'bad-option'
  /** A TLS report event that the collector has not acknowledged. */
  | 'tlsrpt-not-counted';

export class SmtpError extends Error {
  readonly code: SmtpErrorCode;
  constructor(code: SmtpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
