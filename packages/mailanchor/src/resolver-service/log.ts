/** Events of the service on standard error: a line each, for people or, with --json, for programs. */
import type { Context, Verbosity } from '../context.ts';
import { jsonLine, printable } from '../terminal/printable.ts';

export type Fields = Readonly<Record<string, string | number | boolean>>;

export interface Log {
  /** `event` is one word that programs can rely on; `text` says it to a person. */
  event(event: string, text: string, fields?: Fields): void;
  /** What is wrong: said under -q as well. */
  problem(event: string, text: string, fields?: Fields): void;
}

export function createLog(
  { stderr }: Pick<Context, 'stderr'>,
  json: boolean,
  verbosity: Verbosity = 'normal',
  clock: () => number = Date.now,
  service = 'resolver',
): Log {
  const write = (level: string, event: string, text: string, fields: Fields = {}) => {
    const line = json
      ? jsonLine({ time: new Date(clock()).toISOString(), level, event, text, ...fields })
      : `mailanchor ${service}: ${printable(text)}`;
    stderr.write(`${line}\n`);
  };
  return {
    event(event, text, fields) {
      if (verbosity !== 'quiet') write('info', event, text, fields);
    },
    problem(event, text, fields) {
      write('warning', event, text, fields);
    },
  };
}
