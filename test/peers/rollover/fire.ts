/** Mail that never stops: two messages a second to a domain through a sending Postfix, and what became of each of them. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { runIn } from '../namespace.ts';
import { type Instance, mailLog, SENDER } from './postfix.ts';

export interface Tally {
  readonly injected: number;
  /** Delivered at the first attempt, over TLS that DANE authenticated. */
  readonly verified: number;
  /** Log lines of deliveries that failed, or went through without authentication. */
  readonly failures: readonly string[];
}

export interface FireOptions {
  readonly domain: string;
  readonly everyMs: number;
}

/** Lit until `stop`, which waits for the last message's fate. */
export class Fire {
  readonly #sender: Instance;
  readonly #options: FireOptions;
  readonly #going: Promise<void>;
  #lit = true;
  #injected = 0;

  constructor(sender: Instance, options: FireOptions) {
    this.#sender = sender;
    this.#options = options;
    this.#going = this.#run();
  }

  async #run(): Promise<void> {
    let next = Date.now();
    while (this.#lit) {
      const number = this.#injected++;
      const to = `${number}@${this.#options.domain}`;
      const command = ['smtp-source', '-m', '1', '-l', '200', '-f', 'fire@sender.example', '-t', to];
      const { status, stderr } = await runIn(this.#sender.namespace, [...command, `inet:${SENDER}:25`]);
      if (status !== 0) throw new Error(`message ${number} was not taken: ${stderr}`);
      next += this.#options.everyMs;
      await delay(Math.max(0, next - Date.now()));
    }
  }

  /** So far. Messages under way count as neither. */
  tally(): Tally {
    const log = mailLog(this.#sender);
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
    return { injected: this.#injected, ...judge(lines) };
  }

  async stop(): Promise<Tally> {
    this.#lit = false;
    await this.#going;
    for (let attempt = 0; attempt < 100; attempt++) {
      const { verified, failures } = this.tally();
      if (verified + failures.length >= this.#injected) break;
      await delay(100);
    }
    return this.tally();
  }
}

/** smtp(8) logs the TLS of a session before the deliveries of it, under one process id. */
export function judge(lines: readonly string[]): Pick<Tally, 'verified' | 'failures'> {
  const trust = new Map<string, string>();
  const failures: string[] = [];
  let verified = 0;
  for (const line of lines) {
    const process = /\/smtp\[(\d+)\]: /.exec(line)?.[1];
    if (process === undefined) continue;
    const tls = /: (\w+) TLS connection established to /.exec(line)?.[1];
    if (tls !== undefined) trust.set(process, tls);
    const status = /, status=(\w+) \(/.exec(line)?.[1];
    if (status === undefined) continue;
    if (status === 'sent' && trust.get(process) === 'Verified') verified++;
    else failures.push(`${trust.get(process) ?? 'no'} TLS: ${line}`);
    trust.delete(process);
  }
  return { verified, failures };
}
