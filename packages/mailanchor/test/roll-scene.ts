/** A stage with a host on it, and the program run against it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { run } from '../src/main.ts';
import type { Run } from './program.ts';
import { HOST, type Pair, type RollStage, raiseStage } from './roll-stage.ts';

const TTL = 1;

export interface Scene {
  readonly folder: string;
  readonly stage: RollStage;
  /** On disk and presented. */
  readonly pair: Pair;
  readonly owner: string;
  tlsa(...args: string[]): Promise<Run>;
  /** With these variables of the environment. */
  tlsaWith(variables: Record<string, string>, ...args: string[]): Promise<Run>;
  /** `tlsa plan --json`, of the one host. */
  plan(): Promise<Record<string, unknown> & { status: number | null }>;
  /** Runs `roll --once` until the state is this; every state on the way. */
  rollUntil(state: string): Promise<string[]>;
}

/** `rsa`: what the mail hosts present to those who ask for RSA. */
export async function scene(body: (s: Scene) => Promise<void>, rsa?: Pair): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-roll-'));
  const stage = await raiseStage({ ttl: TTL, folder, ...(rsa && { rsa }) });
  const pair = stage.makePair();
  stage.writePair(pair);
  stage.present(pair.chain);
  const tlsaWith = (variables: Record<string, string>, ...args: string[]): Promise<Run> => {
    const [command = '', ...rest] = args;
    return inProcess(['tlsa', command, '--config', join(folder, 'mailanchor.yaml'), ...rest], variables);
  };
  const tlsa = (...args: string[]): Promise<Run> => tlsaWith({}, ...args);
  try {
    await body({
      folder,
      stage,
      pair,
      owner: `_${stage.port}._tcp.${HOST}.`,
      tlsa,
      tlsaWith,
      async plan() {
        const { status, stdout, stderr } = await tlsa('plan', '--json');
        expect(stderr).toBe('');
        const { hosts } = JSON.parse(stdout) as { hosts: Record<string, unknown>[] };
        return { status, ...hosts[0] };
      },
      async rollUntil(state) {
        const states: string[] = [];
        for (let runs = 0; runs < 60; runs++) {
          const { stdout, stderr } = await tlsa('roll', '--once', '--json');
          for (const line of stderr.trim().split('\n')) {
            const event = JSON.parse(line) as { event: string; state?: string };
            if (event.event === 'decided' && event.state && event.state !== states.at(-1))
              states.push(event.state);
          }
          const { hosts } = JSON.parse(stdout) as { hosts: { state: string }[] };
          if (hosts[0]?.state === state) return states;
          await delay(200);
        }
        throw new Error(`never ${state}: ${states.join(', ')}`);
      },
    });
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process for each run would take most of the time. */
async function inProcess(argv: readonly string[], environment: Record<string, string>): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const status = await run(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    stdin: Readable.from([]),
    environment,
    signal: new AbortController().signal,
  });
  return { status, signal: null, stdout, stderr };
}
