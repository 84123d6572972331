/**
 * A unix socket that takes events from programs on this machine: a line of JSON each (`TlsRptEvent`), answered by a line in the same order.
 * `{"ok":true,"counted":"counted"}` once the event is on the disk; `{"ok":false,"retry":true,"error":"..."}` where it may be told again,
 * `retry` false where the same would happen.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { readTlsRptEvent, type TlsRptEvent } from '@mailanchor/smtp';
import { messageOf } from '../errors.ts';
import { type Counted, TlsRptStoreError } from '../tlsrpt/store.ts';
import type { CollectCounts } from './counts.ts';
import { LineSplitter } from './line-splitter.ts';

export interface EventSocketOptions {
  readonly add: (event: TlsRptEvent) => Promise<Counted>;
  readonly counts: CollectCounts;
  readonly maxClients?: number;
}

export type EventAnswer =
  | { readonly ok: true; readonly counted: Counted }
  | { readonly ok: false; readonly retry: boolean; readonly error: string };

/** Octets of an event; the strings of one policy may come to 64 KiB. */
const MAX_EVENT = 262_144;
/** Events of one client that are not answered yet, their octets, and octets of answers that it does not read. */
const MAX_UNANSWERED = 1_000;
const MAX_UNANSWERED_OCTETS = 1_048_576;
const MAX_UNREAD = 262_144;
const MAX_CLIENTS = 256;

/** Not listening yet. */
export function createEventServer(options: EventSocketOptions): Server {
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, options));
  server.maxConnections = options.maxClients ?? MAX_CLIENTS;
  return server;
}

function serve(socket: Socket, { add, counts }: EventSocketOptions): void {
  const splitter = new LineSplitter(MAX_EVENT);
  let unanswered = 0;
  let octets = 0;
  const full = () => unanswered >= MAX_UNANSWERED || octets >= MAX_UNANSWERED_OCTETS;
  // Answers keep the order of their questions, though the store may be done with a later one first.
  let last: Promise<void> = Promise.resolve();
  const answer = (line: string, text: string) => {
    unanswered--;
    octets -= line.length;
    if (socket.destroyed) return;
    socket.write(text);
    if (socket.writableLength > MAX_UNREAD) socket.destroy();
    else if (!full() && socket.isPaused()) socket.resume();
  };
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const skipping = splitter.skipping;
    for (const line of splitter.push(chunk)) {
      unanswered++;
      octets += line.length;
      const answered = takeLine(line, add, counts);
      last = last.then(async () => answer(line, `${JSON.stringify(await answered)}\n`));
    }
    if (splitter.skipping && !skipping) {
      counts.refused++;
      const refusal: EventAnswer = {
        ok: false,
        retry: false,
        error: `a line of more than ${MAX_EVENT} octets`,
      };
      last = last.then(() => {
        if (!socket.destroyed) socket.end(`${JSON.stringify(refusal)}\n`, () => socket.destroy());
      });
      socket.pause();
      return;
    }
    if (full()) socket.pause();
  });
  // Who has told everything may end its half: what it told is answered all the same.
  socket.on('end', () => void last.then(() => socket.end()));
}

async function takeLine(
  line: string,
  add: EventSocketOptions['add'],
  counts: CollectCounts,
): Promise<EventAnswer> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    counts.refused++;
    return { ok: false, retry: false, error: 'a line that is no JSON' };
  }
  const read = readTlsRptEvent(value);
  if (read.kind === 'invalid') {
    counts.refused++;
    return { ok: false, retry: false, error: read.text };
  }
  try {
    const counted = await add(read.event);
    counts.told++;
    if (counted !== 'known') counts.count([read.event]);
    return { ok: true, counted };
  } catch (error) {
    counts.refused++;
    const lasting =
      error instanceof TlsRptStoreError && ['tlsrpt-bad-event', 'tlsrpt-wrong-day'].includes(error.code);
    return { ok: false, retry: !lasting, error: messageOf(error) };
  }
}
