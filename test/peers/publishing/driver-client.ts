/** The other end of `driver.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PublishOutcome } from '../../../packages/mailanchor/src/tlsa-publish/publisher.ts';
import type { Visibility } from '../../../packages/mailanchor/src/tlsa-publish/visibility.ts';
import type { ServerSetting } from './servers.ts';

/** Records as in a master file. */
export interface PublishTask {
  readonly do: 'publish';
  readonly publisher: string;
  readonly zone: string;
  readonly owner: string;
  readonly ttl: number;
  readonly expected: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** By how much our clock is ahead. */
  readonly clockSkewMs?: number;
}
export interface SeeTask {
  readonly do: 'see';
  readonly owner: string;
  readonly expected: readonly string[];
}
/** What a dry run prints. */
export interface DescribeTask extends Omit<PublishTask, 'do'> {
  readonly do: 'describe';
}
export type DriverTask = PublishTask | SeeTask | DescribeTask;

const DRIVER = fileURLToPath(new URL('driver.ts', import.meta.url));

export class Driver {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #next = 0;

  constructor({ folder, namespace }: ServerSetting) {
    const command = [process.execPath, DRIVER, join(folder, 'mailanchor.yaml')];
    this.#child = spawn('ip', ['netns', 'exec', namespace, ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { id, result } = JSON.parse(line) as { readonly id: number; readonly result: unknown };
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  publish(task: Omit<PublishTask, 'do'>): Promise<PublishOutcome> {
    return this.#perform({ do: 'publish', ...task }) as Promise<PublishOutcome>;
  }

  describe(task: Omit<PublishTask, 'do'>): Promise<string> {
    return this.#perform({ do: 'describe', ...task }) as Promise<string>;
  }

  see(owner: string, expected: readonly string[]): Promise<Visibility> {
    return this.#perform({ do: 'see', owner, expected }) as Promise<Visibility>;
  }

  close(): void {
    this.#child.stdin!.end();
    this.#child.kill();
  }

  #perform(task: DriverTask): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin!.write(`${JSON.stringify({ id, task })}\n`);
    });
  }
}
