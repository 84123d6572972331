/** Errors of `@mailanchor/dnssec`: misuse and bad input only. What DNS can do wrong is a `Resolution`, never an exception. */
export class DnssecError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
