/** Errors of `@mailanchor/lab`: one class, a stable `code`, the cause chained. */
export type LabErrorCode =
  /** No port is free on all of the lab's addresses, or an address is not there. */
  | 'no-port'
  /** A zone that cannot be served: no SOA, records outside it. */
  | 'bad-zone'
  /** A destination, host or zone that the lab does not have. */
  | 'unknown-name';

export class LabError extends Error {
  readonly code: LabErrorCode;
  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
  }
}
