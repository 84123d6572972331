/** Errors of the transport, with a stable `code`, as nodemailer hands them to whoever called `sendMail`. */
import type { DaneSentInfo } from './results.ts';

export type DaneSendErrorCode =
  /** Nobody has the message, and somebody might later: send it again. */
  | 'EDEFERRED'
  /** Nobody has the message, and nobody ever will. */
  | 'EREJECTED'
  /** There is no recipient. */
  | 'EENVELOPE'
  /** Larger than `maxOctets`. */
  | 'EMESSAGE';

export class DaneSendError extends Error {
  readonly code: DaneSendErrorCode;
  /** What became of each recipient; absent where it did not come to that. */
  readonly info: DaneSentInfo | undefined;

  constructor(code: DaneSendErrorCode, message: string, info?: DaneSentInfo, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.info = info;
  }
}

/** Of a message that nobody took. */
export function nobodyHasIt(info: DaneSentInfo): DaneSendError {
  const worst = info.results.find(({ kind }) => kind === 'deferred') ?? info.results[0];
  const code = info.deferred.length > 0 ? 'EDEFERRED' : 'EREJECTED';
  const more = info.results.length > 1 ? ` (and ${info.results.length - 1} more)` : '';
  const text = worst ? `${worst.recipient}: ${worst.text}${more}` : 'no recipient';
  return new DaneSendError(code, `${code === 'EDEFERRED' ? 'deferred' : 'rejected'}: ${text}`, info);
}
