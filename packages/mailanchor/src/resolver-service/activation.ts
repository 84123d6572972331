/** Sockets that systemd opened for us and hands over: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, from descriptor 3 on. */
import { readFileSync, readlinkSync } from 'node:fs';
import type { Environment } from '../options/sources.ts';

export interface PassedSocket {
  readonly fd: number;
  readonly protocol: 'udp' | 'tcp';
  /** The name that the socket unit gives it (FileDescriptorName). */
  readonly name: string;
}

const FIRST = 3;
const MOST = 64;

/** The sockets passed to this very process; none where the variables speak of another. */
export function passedSockets(
  environment: Environment,
  pid: number = process.pid,
  protocolOf: (fd: number) => 'udp' | 'tcp' | undefined = socketProtocol,
): PassedSocket[] {
  const count = Number(environment['LISTEN_FDS'] ?? '0');
  if (environment['LISTEN_PID'] !== String(pid) || !Number.isInteger(count) || count < 1 || count > MOST)
    return [];
  const names = (environment['LISTEN_FDNAMES'] ?? '').split(':');
  const sockets: PassedSocket[] = [];
  for (let i = 0; i < count; i++) {
    const protocol = protocolOf(FIRST + i);
    if (protocol) sockets.push({ fd: FIRST + i, protocol, name: names[i] ?? '' });
  }
  return sockets;
}

/** Looked up by inode among the sockets of our network namespace: Node has no public way to ask the descriptor itself. */
function socketProtocol(fd: number): 'udp' | 'tcp' | undefined {
  let inode: string | undefined;
  try {
    inode = /^socket:\[([0-9]+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
  if (inode === undefined) return undefined;
  for (const table of ['udp', 'udp6', 'tcp', 'tcp6']) {
    let text: string;
    try {
      text = readFileSync(`/proc/self/net/${table}`, 'utf8');
    } catch {
      continue;
    }
    // sl local remote st queues timer retransmits uid timeout inode ...
    if (text.split('\n').some((line) => line.trim().split(/\s+/)[9] === inode))
      return table.startsWith('udp') ? 'udp' : 'tcp';
  }
  return undefined;
}
