/** Sockets that somebody else has opened and handed down, as systemd does with socket activation. */
import { readFileSync, readlinkSync } from 'node:fs';
import { ListenError } from '../errors.ts';
import type { InheritedSocket } from './listener-options.ts';

/**
 * What the socket is. Linux tells in /proc which table it stands in; where it does not (another system, a socket of another
 * network namespace) the type has to be given.
 */
export function inheritedSocket(given: number | InheritedSocket): InheritedSocket {
  if (typeof given !== 'number') return given;
  const fd = given;
  const inode = socketInode(fd);
  const table = ['udp', 'udp6', 'tcp', 'tcp6'].find((name) => listed(name, inode));
  if (table === undefined)
    throw new ListenError(
      'bad-options',
      `file descriptor ${fd} is no UDP or TCP socket of this network namespace: say its type`,
    );
  return { fd, type: table === 'udp' ? 'udp4' : table === 'udp6' ? 'udp6' : 'stream' };
}

function socketInode(fd: number): string {
  let target: string;
  try {
    target = readlinkSync(`/proc/self/fd/${fd}`);
  } catch (cause) {
    throw new ListenError('bad-options', `file descriptor ${fd} is not open, or this system does not tell`, {
      cause,
    });
  }
  const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
  if (inode === undefined) throw new ListenError('bad-options', `file descriptor ${fd} is no socket`);
  return inode;
}

/** The inode is the tenth column of /proc/net/udp and its like. */
function listed(table: string, inode: string): boolean {
  let text: string;
  try {
    text = readFileSync(`/proc/self/net/${table}`, 'latin1');
  } catch {
    return false;
  }
  return text.split('\n').some((line) => line.trim().split(/\s+/)[9] === inode);
}
