/** `mailanchor resolver` as a process: started, asked, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createTcpTransport,
  createUdpTransport,
  type Message,
  makeQuery,
  Name,
  type QueryOptions,
  rrTypeFromText,
} from '@mailanchor/dns';
import { BIN, environment } from './program.ts';

export interface Listening {
  readonly address: string;
  readonly port: number;
}

export class ResolverProcess {
  readonly child: ChildProcess;
  /** Lines on standard error so far. */
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(child: ChildProcess) {
    this.child = child;
    let rest = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      this.lines.push(...lines);
      for (const look of this.#waiting) look();
    });
    child.on('close', () => {
      this.#ended = true;
      for (const look of this.#waiting) look();
    });
  }

  /** The first line that matches, from the `from`th on; rejects when the process ends without. */
  line(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.lines.slice(from).find((line) => pattern.test(line));
        if (found === undefined && !this.#ended) return;
        this.#waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`ended without ${pattern}:\n${this.lines.join('\n')}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The places of the lines `listening on ...` that name this kind. */
  places(kind: 'UDP and TCP' | 'TLS' = 'UDP and TCP'): Listening[] {
    return this.lines.flatMap((line) => {
      const match = /listening on \[?([^\]]+?)\]?:(\d+), (.*)$/.exec(line);
      return match?.[3] === kind ? [{ address: match[1]!, port: Number(match[2]) }] : [];
    });
  }

  get place(): Listening {
    return this.places()[0]!;
  }

  /** The exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.#ended) {
      this.child.kill(signal);
      await once(this.child, 'close');
    }
    return this.child.exitCode;
  }
}

const running = new Set<ResolverProcess>();

/** Ends what tests have started and not stopped. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((process) => process.stop('SIGKILL')));
  running.clear();
}

/** Started and ready; at a free port unless the arguments, or `where`, say otherwise. Rejects when it ends before. */
export async function startResolver(
  args: readonly string[],
  env: Record<string, string> = {},
  where: readonly string[] = args.some((word) => word === '--listen') ? [] : ['--listen', '127.0.0.1:0'],
): Promise<ResolverProcess> {
  const child = spawn(process.execPath, [BIN, 'resolver', ...where, ...args], {
    env: environment(env),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return ready(child);
}

export async function ready(child: ChildProcess): Promise<ResolverProcess> {
  const started = new ResolverProcess(child);
  running.add(started);
  await started.line(/: ready$|"event":"start"/);
  return started;
}

const transports = { udp: createUdpTransport(), tcp: createTcpTransport() };

/** Asks once, with our own transport; nothing is done about truncation. */
export function ask(
  { address, port }: Listening,
  name: string,
  type: string,
  options: QueryOptions & { readonly protocol?: 'udp' | 'tcp' } = {},
): Promise<Message> {
  const query = makeQuery(Name.fromText(name), rrTypeFromText(type)!, { rd: true, ...options });
  return transports[options.protocol ?? 'udp'].exchange(query, { address, port }, { timeoutMs: 8000 });
}
