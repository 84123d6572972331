/**
 * Several addresses, one connection (RFC 8305): attempts begin one after the other, the next as soon as one fails or has had its time, and
 * the first that succeeds ends the others.
 */
import { isIPv6 } from 'node:net';

/** One of each family in turn, that of the first address first; the order within a family stays. */
export function interleaveFamilies(addresses: readonly string[]): string[] {
  const [first] = addresses;
  if (first === undefined) return [];
  const same = addresses.filter((address) => isIPv6(address) === isIPv6(first));
  const other = addresses.filter((address) => isIPv6(address) !== isIPv6(first));
  return same.flatMap((address, i) => [address, ...other.slice(i, i + 1)]).concat(other.slice(same.length));
}

export interface RaceOptions<T> {
  /** Milliseconds. */
  readonly delayMs: number;
  /** No attempt begins once it aborts. */
  readonly signal: AbortSignal;
  /** For what succeeded too late. */
  readonly discard: (late: T) => void;
}

export type AttemptResult<T, F> = { readonly success: T } | { readonly failure: F };

/** `attempt` ends early when its signal aborts. Failures in the order in which they came. */
export function firstToSucceed<T, F>(
  addresses: readonly string[],
  attempt: (address: string, lost: AbortSignal) => Promise<AttemptResult<T, F>>,
  { delayMs, signal, discard }: RaceOptions<T>,
): Promise<{ readonly winner?: T; readonly failures: readonly F[] }> {
  return new Promise((resolve, reject) => {
    const lost = new AbortController();
    const failures: F[] = [];
    let next = 0;
    let running = 0;
    let over = false;
    let timer: NodeJS.Timeout | undefined;

    const end = (settle: () => void): void => {
      over = true;
      clearTimeout(timer);
      lost.abort();
      settle();
    };
    const begin = (): void => {
      clearTimeout(timer);
      if (over) return;
      const address = signal.aborted ? undefined : addresses[next++];
      if (address === undefined) {
        if (running === 0) end(() => resolve({ failures }));
        return;
      }
      running++;
      if (next < addresses.length) timer = setTimeout(begin, delayMs);
      attempt(address, lost.signal).then(
        (result) => {
          running--;
          if ('success' in result) {
            if (over) discard(result.success);
            else end(() => resolve({ winner: result.success, failures }));
            return;
          }
          if (over) return;
          failures.push(result.failure);
          begin();
        },
        (error: unknown) => {
          if (!over) end(() => reject(error));
        },
      );
    };
    begin();
  });
}
