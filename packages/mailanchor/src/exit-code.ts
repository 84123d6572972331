/** Exit statuses, part of the contract: scripts rely on them. */
export const ExitCode = {
  ok: 0,
  /** Broken, bogus, mismatch. */
  failed: 1,
  /** Bad arguments or files. */
  usage: 2,
  /** DANE does not apply; no usable record. */
  notApplicable: 3,
  partial: 4,
  /** Could not be found out: no answer. Also an error of the program itself. */
  unknown: 5,
  /** Stopped by Ctrl-C, as shells count it: 128 and the signal's number. */
  interrupted: 130,
  /** Whoever read standard output went away. */
  brokenPipe: 141,
} as const;
