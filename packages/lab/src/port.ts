/** A port that is free on many addresses at once: the kernel chooses it on the first, the others follow, or all begin anew. */
import { LabError } from './errors.ts';

const ATTEMPTS = 20;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens one listener; port 0 lets the kernel choose. Rejects with the system's error (`EADDRINUSE`...). */
export type Listen = (port: number) => Promise<Listener>;

export interface OpenPort {
  readonly port: number;
  /** In the order of the functions. */
  readonly listeners: readonly Listener[];
}

/**
 * Calls every function with the same port: the one given, or one that turns out to be free for all.
 * Rejects with {@link LabError} 'no-port'; nothing stays open then.
 */
export async function openPort(listens: readonly Listen[], wanted = 0): Promise<OpenPort> {
  for (let attempt = 1; ; attempt++) {
    const listeners: Listener[] = [];
    let port = wanted;
    try {
      for (const listen of listens) {
        listeners.push(await listen(port));
        port = listeners[0]!.port;
      }
      return { port, listeners };
    } catch (cause) {
      await Promise.all(listeners.map((listener) => listener.close()));
      const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (taken && wanted === 0 && attempt < ATTEMPTS) continue;
      throw new LabError('no-port', explain(cause, port), { cause });
    }
  }
}

function explain(cause: unknown, port: number): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRNOTAVAIL')
    return `${message}: the lab needs the addresses of 127.0.0.0/8, which Linux has and other systems must be given`;
  if (code === 'EACCES') return `${message}: port ${port} needs privileges; ports from 1024 on do not`;
  return `no port is free on all addresses of the lab: ${message}`;
}
