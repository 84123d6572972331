/** Errors of `@mailanchor/dane`: one base class, a stable `code`, the cause chained. A mismatch is a value, never an error. */

export type DaneErrorCode =
  /** octets that are not DER, or not the structure that was asked for */
  | 'bad-der'
  /** a certificate, key or request that cannot be read */
  | 'bad-certificate'
  | 'bad-key'
  /** a file without the PEM block that was asked for, or with a broken one */
  | 'bad-pem'
  /** TLSA text or a combination of usage, selector and matching type that cannot be */
  | 'bad-tlsa';

export class DaneError extends Error {
  readonly code: DaneErrorCode;
  constructor(code: DaneErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DaneError';
    this.code = code;
  }
}
