/** The program as a module: one command line with streams of one's own. */
export type { Context, Output } from './context.ts';
export { MailanchorError, UsageError } from './errors.ts';
export { ExitCode } from './exit-code.ts';
export { explain, run, statusOf } from './main.ts';
export { SENDING_FINDINGS } from './sending/finding-table.ts';
export { DatabaseError, type DatabaseProblem } from './store/database-error.ts';
export {
  type Counted,
  openTlsRptStore,
  TlsRptStore,
  type TlsRptStoreCounts,
  TlsRptStoreError,
  type TlsRptStoreOptions,
} from './tlsrpt/store.ts';
export { LATE_DAYS, type StoreLimits } from './tlsrpt/store-limits.ts';
