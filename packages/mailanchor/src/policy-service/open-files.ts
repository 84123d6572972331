/** How many clients the system lets us have: each is an open file, and lookups need some too. */
import { readFileSync } from 'node:fs';
import type { Log } from '../resolver-service/log.ts';

/** Open files for all but clients, half of all at most: sockets of lookups, policies over HTTPS, files. */
const RESERVE = 300;

/** So many connections as are wanted, or as there can be; less is told of. */
export function connectionsWithin(wanted: number, log: Log, limit: number | undefined = openFiles()): number {
  const most = limit === undefined ? wanted : Math.max(Math.floor(limit / 2), limit - RESERVE);
  if (wanted <= most) return wanted;
  log.problem(
    'limit',
    `${most} connections at most, not ${wanted}: the system allows ${limit} open files (LimitNOFILE, ulimit -n)`,
  );
  return most;
}

/** Of this process, now; undefined where that cannot be known, or is not limited. */
function openFiles(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
