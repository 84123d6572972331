/** Errors of `@mailanchor/dns`: one base class, a stable `code`, the cause chained. */

export class DnsError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Octets or text that are not what the DNS formats allow. */
export class DnsFormatError extends DnsError {}

export type TransportErrorCode =
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'closed'
  | 'malformed'
  | 'too-large'
  /** The certificate of a TLS or HTTPS server is not of a trusted CA, not valid now, or for another name. */
  | 'untrusted'
  | 'aborted'
  | 'failed';

/** A query that got no usable packet: timeout, connection refused, network unreachable, closed early, malformed, untrusted. */
export class TransportError extends DnsError {
  declare readonly code: TransportErrorCode;
  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export type ListenErrorCode = 'in-use' | 'not-permitted' | 'no-address' | 'bad-options' | 'failed';

/** A listener that could not be opened; the system's error is its cause. */
export class ListenError extends DnsError {
  declare readonly code: ListenErrorCode;
  constructor(code: ListenErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
