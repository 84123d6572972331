/** A rollover while mail is delivered, `tlsa roll` killed at every step of it in turn and begun again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DOMAIN, type FireNetwork, RESOLVER } from './network.ts';
import type { Delivered } from './sender.ts';

export const PROGRAM = fileURLToPath(
  new URL('../../../packages/mailanchor/bin/mailanchor.js', import.meta.url),
);
const SENDER = fileURLToPath(new URL('sender.ts', import.meta.url));

export class Sender {
  readonly deliveries: Delivered[] = [];
  readonly #child: ChildProcess;

  constructor({ folder, namespace }: FireNetwork) {
    const command = [process.execPath, SENDER, folder, DOMAIN, RESOLVER];
    this.#child = spawn('ip', ['netns', 'exec', namespace, ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.deliveries.push(JSON.parse(line) as Delivered);
    });
  }

  /** Resolves when all that was under way is told. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await once(this.#child, 'close');
  }
}

/** SHA-256 of the public key that Postfix has, in hexadecimal. */
export function spkiDigest({ folder }: FireNetwork): string {
  const { publicKey } = new X509Certificate(readFileSync(join(folder, 'postfix/chain.pem')));
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** A line of `tlsa roll --json` on standard error, as far as it matters here. */
interface RollLine {
  readonly event: string;
  readonly state?: string;
  readonly step?: { readonly kind: string };
  readonly outcome?: string;
}

export interface Kill {
  /** `begin publish`, and milliseconds after that line. */
  readonly at: string;
  readonly afterMs: number;
}

export interface Rollover {
  readonly kills: readonly Kill[];
  /** `publish done`, in order. */
  readonly steps: readonly string[];
  readonly seconds: number;
}

/** Milliseconds after a line at which it is killed: at once, and when what was begun is half done or just done. */
const MOMENTS: Readonly<Record<string, readonly number[]>> = {
  decided: [0],
  begin: [0, 15, 60],
  end: [0],
};

export interface RollOptions {
  /** Ask for another key; at its end when Postfix has it. */
  readonly start: boolean;
  readonly kill: boolean;
  readonly timeoutMs: number;
}

/** To the end: nothing is left to be done, and where it was asked for the key is another one. */
export async function rollOver(network: FireNetwork, options: RollOptions): Promise<Rollover> {
  const { start, kill, timeoutMs } = options;
  const started = performance.now();
  const kills: Kill[] = [];
  const steps: string[] = [];
  const key = spkiDigest(network);
  const isDeployed = () => !start || spkiDigest(network) !== key;
  const progress: Progress = { steps, isDeployed, decided: false, done: false };
  // Asked for another key until that is on the disk, which it is when the first decision is told.
  while (!progress.done) {
    if (performance.now() - started > timeoutMs)
      throw new Error(`not at its end after ${timeoutMs / 1000} s: ${steps.join(', ')}`);
    const more = start && !progress.decided ? ['--start'] : [];
    await rollUntilKilled(network, more, progress, kill ? kills : undefined, timeoutMs);
  }
  return { kills, steps, seconds: Math.round((performance.now() - started) / 100) / 10 };
}

interface Progress {
  readonly steps: string[];
  readonly isDeployed: () => boolean;
  decided: boolean;
  done: boolean;
}

async function rollUntilKilled(
  { config, namespace }: FireNetwork,
  more: readonly string[],
  progress: Progress,
  kills: Kill[] | undefined,
  timeoutMs: number,
): Promise<void> {
  const roll = ['tlsa', 'roll', '--follow', '--interval', '0.4', '--json', '--config', config, ...more];
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, PROGRAM, ...roll], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'close');
  createInterface({ input: child.stderr }).on('line', (line) => {
    const told = read(line);
    if (!told) return;
    const { event, step, state, outcome } = told;
    const kind = step?.kind ?? '';
    if (event === 'end') progress.steps.push(`${kind} ${outcome}`);
    if (event === 'decided') progress.decided = true;
    if (event === 'decided' && state === 'steady' && kind === 'none' && progress.isDeployed()) {
      progress.done = true;
      child.kill('SIGTERM');
    } else if (kills) killAt(child, `${event} ${kind}`, MOMENTS[event] ?? [], kills);
  });
  await ended;
}

function killAt(child: ChildProcess, at: string, moments: readonly number[], kills: Kill[]): void {
  const next = moments.find((afterMs) => !kills.some((kill) => kill.at === at && kill.afterMs === afterMs));
  if (next === undefined) return;
  kills.push({ at, afterMs: next });
  if (next === 0) child.kill('SIGKILL');
  else setTimeout(() => child.kill('SIGKILL'), next);
}

function read(line: string): RollLine | undefined {
  try {
    return JSON.parse(line) as RollLine;
  } catch {
    return undefined;
  }
}
