/** `check --sending`: whether this machine's own mail server is set up to do DANE when it sends. It reads settings and changes none. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Finding } from '@mailanchor/smtp';
import { renderFindings } from '../check/render-findings.ts';
import type { Voice } from '../context.ts';
import { fileProblem, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { printable } from '../terminal/printable.ts';
import { parsePostconf, postfixFindings } from './postfix.ts';
import { parseResolvConf, resolvConfFindings } from './resolv-conf.ts';

export interface SendingSystem {
  /** Path of resolv.conf. */
  readonly resolvConf: string;
  /** The output of `postconf`, or undefined where there is no Postfix. */
  readonly postconf: () => Promise<string | undefined>;
}

const POSTCONF_MS = 10_000;

export const THIS_SYSTEM: SendingSystem = {
  resolvConf: '/etc/resolv.conf',
  async postconf() {
    try {
      const { stdout } = await promisify(execFile)('postconf', [], {
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

/** Exit 0 where nothing is in the way of DANE, 1 where something is (severity error). */
export async function runSending(voice: Voice, system: SendingSystem = THIS_SYSTEM): Promise<number> {
  let text: string;
  try {
    text = await readFile(system.resolvConf, 'utf8');
  } catch (error) {
    throw new UsageError(`--sending: ${system.resolvConf}: ${fileProblem(error)}`, { cause: error });
  }
  const postconf = await system.postconf();
  const findings: Finding[] = [
    ...resolvConfFindings(parseResolvConf(text), system.resolvConf),
    ...(postconf === undefined ? [] : postfixFindings(parsePostconf(postconf))),
  ];
  const seen = [system.resolvConf, postconf === undefined ? 'no Postfix here' : 'Postfix'];
  if (voice.json) voice.printJson({ sending: { seen, findings } });
  else {
    const { paint, columns } = voice;
    const lines = renderFindings(findings, { paint, columns, verbose: false });
    voice.print([
      `Looked at: ${seen.join(', ')}`,
      ...(lines.length > 0 ? lines : ['Nothing is in the way of DANE there.']),
    ]);
  }
  return findings.some(({ severity }) => severity === 'error') ? ExitCode.failed : ExitCode.ok;
}
