/**
 * The mail host as Haraka sees it: a unix socket in a folder of the process's own, one for each delivery. Behind it is a session that meets what
 * the recipient's domain demands; where there is none, the greeting says why, and Haraka defers or returns the message by its code.
 *
 * Haraka knows no other host for the message. There is nothing that it could fall back to: not its own lookups, not another MX host, not a
 * session in clear.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MxConnection } from '@mailanchor/smtp';
import { serveFront } from './front-session.ts';

/** Finds a session for a delivery; ends when the signal aborts. */
export type OpenSession = (signal: AbortSignal) => Promise<MxConnection>;

/** Milliseconds for which a front waits for Haraka, which comes at once. */
const UNUSED_MS = 60_000;

export class Fronts {
  readonly #open = new Set<Server>();
  #folder: Promise<string> | undefined;

  /** Resolves with the path of the socket once it listens. One connection is taken. */
  async open(session: OpenSession): Promise<string> {
    // Nobody else can reach into it: the folder is made for its owner alone.
    this.#folder ??= mkdtemp(join(tmpdir(), 'mailanchor-haraka-'));
    const server = createServer((client) => this.#serve(server, client, session));
    server.maxConnections = 1;
    let path: string;
    try {
      path = join(await this.#folder, randomUUID().slice(0, 13));
      await listen(server, path);
    } catch (error) {
      // Somebody has cleaned up: the next delivery gets a new folder.
      this.#folder = undefined;
      throw error;
    }
    this.#open.add(server);
    const timer = setTimeout(() => server.close(), UNUSED_MS).unref();
    server.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(server);
    });
    server.on('error', () => server.close());
    return path;
  }

  async close(): Promise<void> {
    for (const server of this.#open) server.close();
    const made = this.#folder;
    this.#folder = undefined;
    const folder = await made?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  #serve(server: Server, client: Socket, session: OpenSession): void {
    // Its path is gone with that.
    server.close();
    serveFront(client, session);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
