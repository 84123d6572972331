/** A sending Postfix in the bed: what it should do with each destination, and what its log says it did. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { dirname, join } from 'node:path';
import { BED_SCRIPTS } from '../../../test/peers/peers.ts';

/** What a sending Postfix does with mail for a destination that the bed expects this of. */
export const OUTCOMES: Readonly<
  Record<string, { status: 'sent' | 'deferred' | 'bounced'; tls?: 'Verified' | 'Untrusted'; why?: RegExp }>
> = {
  verified: { status: 'sent', tls: 'Verified' },
  'verified-2nd': { status: 'sent', tls: 'Verified' },
  opportunistic: { status: 'sent', tls: 'Untrusted' },
  'encrypt-unauth': { status: 'sent', tls: 'Untrusted' },
  refused: { status: 'deferred', why: /certificate not verified|TLS is required/ },
  tempfail: { status: 'deferred', why: /TLSA lookup error/ },
  'null-mx': { status: 'bounced', why: /nullMX/ },
};

export interface Delivery {
  readonly domain: string;
  readonly status: string;
  readonly tls: string | undefined;
  readonly why: string;
}

/** What became of the mail for `u@domain`. */
export function deliveryIn(log: readonly string[], domain: string): Delivery {
  const [line] = log.filter((text) => text.includes(`to=<u@${domain}>`) && text.includes('status='));
  const [, status = '', why = ''] = /status=(\w+) \((.*)\)$/.exec(line!)!;
  const process = /smtp\[(\d+)\]/.exec(line!)?.[1];
  const host = /relay=([^[,]+)/.exec(line!)?.[1];
  const tls = log.find(
    (text) => text.includes(`smtp[${process}]: `) && text.includes(`connection established to ${host}[`),
  );
  return { domain, status, tls: /(Verified|Trusted|Untrusted|Anonymous) TLS/.exec(tls ?? '')?.[1], why };
}

/** With the resolv.conf as it is now, and an empty log. */
export async function restartSender(folder: string, level = 'dane'): Promise<void> {
  const child = spawn('bash', [join(BED_SCRIPTS, 'bed-mail.sh'), folder, 'sender', level], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  await new Promise((resolve) => child.on('close', resolve));
}

/** The lines of a log file once each of the patterns is in it. */
export function logWith(path: string, patterns: readonly RegExp[]): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const look = () => {
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
      if (!patterns.every((pattern) => lines.some((line) => pattern.test(line)))) return;
      unwatchFile(path, look);
      resolve(lines);
    };
    watchFile(path, { interval: 200 }, look);
    look();
  });
}
