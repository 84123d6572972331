/** `mailanchor tlsa roll --follow` as a process that is killed at every step of its way, and begun again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../packages/mailanchor/bin/mailanchor.js', import.meta.url));

/** A line that the process told: `decided aging`, `begin publish`, `end deploy`. */
export interface Told {
  readonly moment: string;
  readonly step: string;
  readonly why: string;
}

export interface RollerOptions {
  readonly namespace: string;
  readonly configuration: string;
  /** Environment of the process, for its commands. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds after which all is given up. */
  readonly withinMs: number;
  /** Whether the rollover is over, asked at each line. */
  readonly isOver: (told: Told) => boolean;
  /** Ask for another key at the beginning. */
  readonly start: boolean;
  /** Moments at which it need not be killed, `begin deploy + 15 ms`; those at which it was are added. Undefined: it lives. */
  readonly killed: Set<string> | undefined;
  /** Seconds between its looks. */
  readonly intervalS: number;
}

/** Milliseconds after a line at which it is killed: at once, and where something was begun when that is half done or just done. */
const AFTER = { begin: [0, 15, 60], end: [0], decided: [0] } as const;

export const killedAt = (moment: string, afterMs: number): string =>
  afterMs === 0 ? moment : `${moment} + ${afterMs} ms`;

export interface Rolled {
  readonly told: readonly Told[];
  readonly over: boolean;
}

/**
 * Lives until the rollover is over; killed with SIGKILL once at each moment. A command that it had begun runs on then, so
 * that its end is told by nobody.
 */
export async function rollUnderKills(options: RollerOptions): Promise<Rolled> {
  const told: Told[] = [];
  const end = Date.now() + options.withinMs;
  let over = false;
  while (!over && Date.now() < end) {
    // What was asked for is kept once a decision has been told; before that it is asked for again.
    const start = options.start && told.length === 0;
    const child = run(options, start);
    const closed = once(child, 'close');
    const timer = setTimeout(() => child.kill('SIGKILL'), end - Date.now());
    for await (const line of createInterface({ input: child.stderr! })) {
      const one = read(line);
      if (one === undefined) continue;
      told.push(one);
      over = options.isOver(one);
      if (over) child.kill('SIGTERM');
      else if (killSoon(child, one.moment, options.killed)) break;
    }
    await closed;
    clearTimeout(timer);
  }
  return { told, over };
}

/** Whether it is about to be killed. */
function killSoon(child: ChildProcess, moment: string, killed: Set<string> | undefined): boolean {
  if (killed === undefined) return false;
  const after = AFTER[moment.split(' ')[0] as keyof typeof AFTER];
  const next = after.find((afterMs) => !killed.has(killedAt(moment, afterMs)));
  if (next === undefined) return false;
  killed.add(killedAt(moment, next));
  if (next === 0) child.kill('SIGKILL');
  else setTimeout(() => child.kill('SIGKILL'), next);
  return true;
}

function run(
  { namespace, configuration, environment, intervalS }: RollerOptions,
  start: boolean,
): ChildProcess {
  const command = [
    process.execPath,
    PROGRAM,
    'tlsa',
    'roll',
    '--follow',
    '--interval',
    String(intervalS),
    '--json',
    '--config',
    configuration,
  ];
  // Without a process of `ip` in between: the one that is killed is Mailanchor's own.
  return spawn('ip', ['netns', 'exec', namespace, ...command, ...(start ? ['--start'] : [])], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function read(line: string): Told | undefined {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(line);
  } catch {
    throw new Error(`mailanchor tlsa roll says: ${line}`);
  }
  const step = (event['step'] as { kind?: string } | undefined)?.kind ?? '';
  const why = String(event['why'] ?? event['text'] ?? '');
  if (event['event'] === 'decided') return { moment: `decided ${event['state']}`, step, why };
  if (event['event'] === 'begin' || event['event'] === 'end')
    return { moment: `${event['event']} ${step}`, step, why: `${event['outcome'] ?? ''} ${why}`.trim() };
  return undefined;
}
