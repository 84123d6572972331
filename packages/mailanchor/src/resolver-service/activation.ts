/** Sockets that systemd opened for us and hands over: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, from descriptor 3 on (sd_listen_fds(3)). */
import type { Environment } from '../options/sources.ts';

export interface PassedSockets {
  /** Served as UDP or TCP, whatever each of them is. */
  readonly plain: readonly number[];
  /** Served with TLS: those whose unit calls them `tls` (FileDescriptorName). */
  readonly tls: readonly number[];
}

const FIRST = 3;
const MOST = 64;

/** The sockets passed to this very process, with the names that their units give them; none where the variables speak of another. */
export function namedSockets(
  environment: Environment,
  pid: number = process.pid,
): { readonly fd: number; readonly name: string }[] {
  const count = Number(environment['LISTEN_FDS'] ?? '0');
  const ours = environment['LISTEN_PID'] === String(pid) && Number.isInteger(count) && count <= MOST;
  const names = (environment['LISTEN_FDNAMES'] ?? '').split(':');
  const sockets: { fd: number; name: string }[] = [];
  for (let i = 0; ours && i < count; i++) sockets.push({ fd: FIRST + i, name: names[i] ?? '' });
  return sockets;
}

export function passedSockets(environment: Environment, pid: number = process.pid): PassedSockets {
  const sockets = namedSockets(environment, pid);
  const fds = (tls: boolean) => sockets.filter(({ name }) => (name === 'tls') === tls).map(({ fd }) => fd);
  return { plain: fds(false), tls: fds(true) };
}
