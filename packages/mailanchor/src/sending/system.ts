/** What `check --sending` reads of this machine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UsageError } from '../errors.ts';
import { printable } from '../terminal/printable.ts';

export interface SendingSystem {
  /** The output of `postconf` with these arguments, or undefined where there is no Postfix. Throws `UsageError`. */
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
      const { stderr } = error as { stderr?: string };
      const why = (stderr || (error as Error).message).split('\n')[0] ?? '';
      throw new UsageError(`--sending: postconf fails: ${printable(why)}`, { cause: error });
    }
  },
};
