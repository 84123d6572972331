/** What `check --sending` reads of this machine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MailanchorError } from '../errors.ts';
import { printable } from '../terminal/printable.ts';

/** Postfix is there and does not tell its settings; the message is the first line of what it says instead. */
export class PostconfError extends MailanchorError {
  constructor(message: string, options?: ErrorOptions) {
    super('postconf', message, options);
  }
}

export interface SendingSystem {
  /** The output of `postconf` with these arguments, or undefined where there is no Postfix. Throws `PostconfError`. */
  readonly postconf: (...args: string[]) => Promise<string | undefined>;
}

export const RESOLV_CONF = '/etc/resolv.conf';
const POSTCONF_MS = 10_000;

export const THIS_SYSTEM: SendingSystem = {
  async postconf(...args) {
    try {
      const { stdout } = await promisify(execFile)('postconf', args, {
        timeout: POSTCONF_MS,
        maxBuffer: 4_194_304,
      });
      return stdout;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      const { stderr, killed } = error as { stderr?: string; killed?: boolean };
      const why = killed
        ? `nothing within ${POSTCONF_MS / 1000} s`
        : (stderr || (error as Error).message).split('\n')[0];
      throw new PostconfError(printable(why ?? ''), { cause: error });
    }
  },
};
