/**
 * A Maildir as a source: every mail in `new` and `cur` that has not been read before. Nothing in it is changed, so that it can be somebody's
 * mailbox; what has been read is remembered by the part of the name that stays when flags change.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem, UsageError } from '../errors.ts';

export interface MaildirMail {
  /** `folder/unique`: what it is remembered by. */
  readonly name: string;
  readonly path: string;
}

/** Oldest first. Throws `UsageError` where it is no Maildir. */
export async function listMaildir(folder: string, from: string): Promise<readonly MaildirMail[]> {
  const mails: MaildirMail[] = [];
  for (const part of ['new', 'cur']) {
    let files: string[];
    try {
      files = await readdir(join(folder, part));
    } catch (error) {
      throw new UsageError(`${from}: ${join(folder, part)}: ${fileProblem(error)}: not a Maildir`, {
        cause: error,
      });
    }
    for (const file of files) {
      if (file.startsWith('.')) continue;
      const [unique = ''] = file.split(':');
      mails.push({ name: `${folder}/${unique}`, path: join(folder, part, file) });
    }
  }
  return mails.sort((a, b) => (a.name < b.name ? -1 : 1));
}
