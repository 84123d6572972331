/**
 * A `TlsRptSink` that hands events to `mailanchor tlsrpt collect --listen unix:PATH`, for mail software in Node.js. An event's promise resolves once
 * the collector has it on the disk. One connection for all of them, opened when the first is told and again when it was lost.
 */
import { connect, type Socket } from 'node:net';
import { SmtpError } from '../errors.ts';
import type { TlsRptEvent } from './event.ts';

export interface SocketSinkOptions {
  /** Path of the collector's socket. */
  readonly path: string;
  /** Milliseconds for an answer. Default 10000. */
  readonly timeoutMs?: number;
  /** Events that wait for their answer; further ones are rejected at once. Default 10000. */
  readonly maxWaiting?: number;
}

export interface SocketSink {
  /** Rejects with `SmtpError` 'tlsrpt-not-counted': the event has not been acknowledged, and may be told again if it has an id. */
  readonly sink: (event: TlsRptEvent) => Promise<void>;
  /** Events without answer are rejected. */
  close(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: SmtpError) => void;
}

/** Octets of one answer. */
const MAX_ANSWER = 4_096;

export function tlsRptSocketSink(options: SocketSinkOptions): SocketSink {
  const { path, timeoutMs = 10_000, maxWaiting = 10_000 } = options;
  let socket: Socket | undefined;
  let waiting: Waiting[] = [];
  let rest = '';

  const lose = (gone: Socket, why: string): void => {
    gone.destroy();
    if (socket !== gone) return;
    socket = undefined;
    rest = '';
    const lost = waiting;
    waiting = [];
    for (const { reject } of lost) reject(notCounted(why));
  };
  const open = (): Socket => {
    const opened = connect({ path });
    // Nobody waits for a process to end for the sake of a connection that is idle.
    opened.unref();
    opened.setEncoding('utf8');
    opened.setTimeout(timeoutMs, () => {
      if (waiting.length > 0) lose(opened, `no answer within ${timeoutMs / 1000} s`);
    });
    opened.on('error', (error) => lose(opened, error.message));
    opened.on('close', () => lose(opened, 'the collector closed the connection'));
    opened.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) answer(line);
      if (waiting.length === 0) opened.unref();
      if (rest.length > MAX_ANSWER) lose(opened, 'an answer that is too long');
    });
    return opened;
  };
  const answer = (line: string): void => {
    const first = waiting.shift();
    if (!first) return;
    const why = whyNot(line);
    if (why === undefined) first.resolve();
    else first.reject(notCounted(why));
  };

  return {
    sink: (event: TlsRptEvent) => {
      if (waiting.length >= maxWaiting)
        return Promise.reject(notCounted('too many events wait for the collector'));
      return new Promise<void>((resolve, reject) => {
        socket ??= open();
        socket.ref();
        waiting.push({ resolve, reject });
        socket.write(`${JSON.stringify(event)}\n`);
      });
    },
    close: () => {
      if (socket) lose(socket, 'closed');
    },
  };
}

/** Undefined: it is counted. */
function whyNot(line: string): string | undefined {
  try {
    const { ok, error } = JSON.parse(line) as { ok?: unknown; error?: unknown };
    return ok === true ? undefined : String(error ?? 'refused');
  } catch {
    return 'an answer that is no JSON';
  }
}

function notCounted(why: string): SmtpError {
  return new SmtpError('tlsrpt-not-counted', `TLS report event: ${why}`);
}
