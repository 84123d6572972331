/** What can be wrong with a database file, in words and as a code that a service can act on. */
import { fileProblem, MailanchorError, messageOf } from '../errors.ts';

export type DatabaseProblem =
  | 'absent'
  /** No database, or one that is damaged. */
  | 'damaged'
  /** A database of another program or service. */
  | 'foreign'
  | 'newer'
  | 'older'
  | 'full'
  /** Another process kept writing for longer than was waited. */
  | 'busy'
  | 'not-writable'
  | 'other';

export class DatabaseError extends MailanchorError {
  readonly problem: DatabaseProblem;
  constructor(problem: DatabaseProblem, message: string, options?: ErrorOptions) {
    super('database', message, options);
    this.problem = problem;
  }
}

/** Primary result codes of SQLite, https://sqlite.org/rescode.html: the low eight bits of `errcode`. */
const PROBLEMS: ReadonlyMap<number, readonly [DatabaseProblem, string]> = new Map([
  [5, ['busy', 'another process is writing to it']],
  [6, ['busy', 'another process is writing to it']],
  [8, ['not-writable', 'it cannot be written to']],
  [10, ['other', 'the disk reports an error']],
  [11, ['damaged', 'it is damaged; move it away, and a new one is made']],
  [13, ['full', 'no space left']],
  [14, ['not-writable', 'it cannot be opened']],
  [26, ['damaged', 'it is no database, or damaged; move it away, and a new one is made']],
]);

/** Errors of SQLite and of the file system become `DatabaseError`; all others stay what they are. */
export function explain(error: unknown, name: string, path: string): unknown {
  if (error instanceof DatabaseError) return error;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') {
    const [problem, text] = PROBLEMS.get(Number(errcode) & 0xff) ?? (['other', messageOf(error)] as const);
    return new DatabaseError(problem, `${name}: ${path}: ${text}`, { cause: error });
  }
  if (typeof code === 'string' && error instanceof Error && 'syscall' in error) {
    const problem = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'not-writable';
    return new DatabaseError(problem, `${name}: ${path}: ${fileProblem(error)}`, { cause: error });
  }
  return error;
}
