/**
 * The journal of systemd, by its own journalctl: what is of the facility mail (Postfix logs nothing elsewhere), from where the last run ended. It
 * is started again should it end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { LineSplitter } from './line-splitter.ts';

export interface JournalPosition {
  readonly cursor: string;
}

export interface JournalOptions {
  /** Default `journalctl`. */
  readonly command?: string;
  readonly position: JournalPosition | undefined;
  /** Without a position: whether what is there already is passed over; else it begins with this day. */
  readonly fromEnd: boolean;
  readonly take: (lines: readonly string[], position: JournalPosition | undefined) => Promise<void>;
  readonly problem: (text: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds before it is started again. Default 5000. */
  readonly restartMs?: number;
}

const FIELDS = 'MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_HOSTNAME';
/** A journal entry with all its octets as numbers is long. */
const MAX_ENTRY = 262_144;

/** Until the signal aborts. Rejects as `take` does. */
export async function followJournal(options: JournalOptions): Promise<void> {
  const { signal, problem, restartMs = 5_000 } = options;
  let { position } = options;
  while (!signal.aborted) {
    const child = start(options, position);
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-500);
    });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(messageOf(error)));
      child.once('close', (code) => resolve(said.trim() || `ended with status ${code}`));
    });
    const splitter = new LineSplitter(MAX_ENTRY);
    try {
      for await (const chunk of child.stdout ?? []) {
        const lines = splitter.push(chunk as Buffer);
        if (lines.length === 0) continue;
        position = cursorOf(lines) ?? position;
        await options.take(lines, position);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      child.kill('SIGTERM');
    }
    const why = await ended;
    if (signal.aborted) return;
    problem(`journalctl: ${why}; started again in ${restartMs / 1000} s`);
    await delay(restartMs, undefined, { signal }).catch(() => {});
  }
}

function start(
  { command = 'journalctl', fromEnd }: JournalOptions,
  position: JournalPosition | undefined,
): ChildProcess {
  const from = position ? `--after-cursor=${position.cursor}` : fromEnd ? '--lines=0' : '--since=today';
  const args = [
    '--follow',
    '--no-tail',
    '--no-pager',
    '--quiet',
    '--output=json',
    `--output-fields=${FIELDS}`,
  ];
  const how = position || !fromEnd ? args : args.filter((arg) => arg !== '--no-tail');
  return spawn(command, [...how, from, 'SYSLOG_FACILITY=2'], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Of the last entry that has one. */
function cursorOf(lines: readonly string[]): JournalPosition | undefined {
  for (const line of lines.toReversed()) {
    try {
      const { __CURSOR: cursor } = JSON.parse(line) as { __CURSOR?: unknown };
      if (typeof cursor === 'string') return { cursor };
    } catch {
      // Not an entry: the one before it will do.
    }
  }
  return undefined;
}
