/** Errors of the program: one base class, a stable `code`, the cause chained. The message is the one line that the user sees. */

export class MailanchorError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Arguments, environment or files that cannot be used: exit status 2. Says what to do next where that is known. */
export class UsageError extends MailanchorError {
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/** What an error of any kind says, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** A file-system error as a person would say it: `ENOENT` and its friends are not words. */
export function fileProblem(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'is a folder, not a file';
  if (code === 'ENOTDIR') return 'part of the path is not a folder';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'no space left';
  if (code === 'EROFS') return 'the file system is read-only';
  return messageOf(error);
}
