/** Places to listen at: TCP, unix sockets, sockets of systemd. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { type AddressInfo, connect, type Server } from 'node:net';
import { messageOf, UsageError } from '../errors.ts';
import { bad, type Given } from '../options/given.ts';
import { cannotListen } from '../resolver-service/listen.ts';
import { type Place, parsePlace, placeToText } from '../resolver-service/settings.ts';

export type ListenPlace =
  | { readonly kind: 'tcp'; readonly place: Place; readonly from: string }
  | { readonly kind: 'unix'; readonly path: string; readonly from: string };

/** `unix:/path` or an address with or without port. Throws `UsageError`. */
export function parseListenPlace(given: Given, defaultPort: number): ListenPlace {
  const text = given.value.trim();
  const from = given.from;
  if (!text.startsWith('unix:')) return { kind: 'tcp', place: parsePlace(given, defaultPort), from };
  return { kind: 'unix', path: parseSocketPath({ ...given, value: text.slice('unix:'.length) }), from };
}

/** Octets of a path that the system takes. */
const LONGEST_PATH = 107;

export function parseSocketPath(given: Given): string {
  const path = given.value.trim().replace(/^unix:/, '');
  if (!path.startsWith('/') || Buffer.byteLength(path) > LONGEST_PATH)
    throw bad(given, `a path such as /run/mailanchor-policy/socket, of ${LONGEST_PATH} octets at most`);
  return path;
}

const BACKLOG = 4096;

/** Where it listens, in words. Throws `UsageError` that says what to do. */
export async function listenAt(server: Server, where: ListenPlace): Promise<string> {
  if (where.kind === 'unix') {
    // Whoever may reach the folder may ask: the answers are no secret.
    await listenUnix(server, where.path, where.from, 0o666);
    return `unix:${where.path}`;
  }
  const { address, port } = where.place;
  await started(server, { host: address, port, backlog: BACKLOG }).catch((error: unknown) => {
    throw cannotListen(where.from, where.place, error);
  });
  return placeToText({ address, port: (server.address() as AddressInfo).port });
}

export async function listenPassed(server: Server, fd: number): Promise<string> {
  await started(server, { fd, backlog: BACKLOG }).catch((error: unknown) => {
    throw new UsageError(`a socket passed by systemd: ${messageOf(error)}`, { cause: error });
  });
  return 'a socket of systemd';
}

/** What a server that was killed has left at the path is removed, and nothing else. Throws `UsageError`. */
export async function listenUnix(server: Server, path: string, from: string, mode: number): Promise<void> {
  await removeLeftOver(path, from);
  // Nobody gets in before the permissions are right.
  const mask = process.umask(0o177);
  try {
    await started(server, { path, backlog: BACKLOG });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'its folder does not exist'
        : code === 'EACCES'
          ? 'permission denied'
          : messageOf(error);
    throw new UsageError(`${from}: cannot listen on ${path}: ${why}`, { cause: error });
  } finally {
    process.umask(mask);
  }
  await chmod(path, mode);
}

async function removeLeftOver(path: string, from: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (!there) return;
  if (!there.isSocket()) throw new UsageError(`${from}: ${path} exists and is no socket`);
  if (await answers(path)) throw new UsageError(`${from}: another server listens on ${path}`);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function started(
  server: Server,
  options:
    | { host: string; port: number; backlog: number }
    | { path: string; backlog: number }
    | { fd: number; backlog: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
