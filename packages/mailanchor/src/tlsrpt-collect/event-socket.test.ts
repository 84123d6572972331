import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsRptEvent } from '@mailanchor/smtp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { success } from '../tlsrpt/events.fixture.ts';
import { type Counted, TlsRptStoreError } from '../tlsrpt/store.ts';
import { CollectCounts } from './counts.ts';
import { createEventServer } from './event-socket.ts';

let folder: string;
let server: Server;
let counts: CollectCounts;
let add: (event: TlsRptEvent) => Promise<Counted>;
const path = () => join(folder, 'events');
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
  counts = new CollectCounts();
  add = async () => 'counted';
  server = createEventServer({ add: (event) => add(event), counts, maxClients: 3 });
  server.listen(path());
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Sends all of it, ends its half, and reads to the end. */
async function tell(...chunks: (string | Buffer)[]): Promise<unknown[]> {
  const socket = connect(path());
  socket.on('error', () => {});
  for (const chunk of chunks) socket.write(chunk);
  socket.end();
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

const line = (event: unknown) => `${JSON.stringify(event)}\n`;

test('an event a line, an answer a line, in order, though the store is done with the second first', async () => {
  const first = Promise.withResolvers<Counted>();
  add = (event) => (event.domain === 'a.example' ? first.promise : Promise.resolve('known'));
  setTimeout(() => first.resolve('counted'), 20);
  const answers = await tell(line(success('a.example')), line(success('b.example')));
  expect(answers).toEqual([
    { ok: true, counted: 'counted' },
    { ok: true, counted: 'known' },
  ]);
  expect([...counts.sessions.values()]).toEqual([{ policy: 'tlsa', result: 'success', count: 1 }]);
});

test.each<[string, string, object]>([
  ['no JSON', 'hello\n', { ok: false, retry: false, error: 'a line that is no JSON' }],
  ['no event', '{}\n', { ok: false, retry: false }],
  ['no object', '[]\n', { ok: false, retry: false }],
  ['a domain that is none', line({ ...success('a b') }), { ok: false, retry: false }],
  [
    'a type that does not exist',
    line({ ...success('a.example'), policy: { type: 'x', domain: 'a.example' } }),
    { ok: false, retry: false },
  ],
])('refused: %s; the next is taken', async (_, bad, answer) => {
  const answers = await tell(bad, line(success('a.example')));
  expect(answers).toEqual([expect.objectContaining(answer), { ok: true, counted: 'counted' }]);
  expect(counts.refused).toBe(1);
});

test.each<[TlsRptStoreError['code'] | undefined, boolean]>([
  ['tlsrpt-wrong-day', false],
  ['tlsrpt-overload', true],
  [undefined, true],
])('not counted by the store: %s, to be told again: %s', async (code, retry) => {
  add = () => Promise.reject(code ? new TlsRptStoreError(code, 'why') : new Error('why'));
  expect(await tell(line(success('a.example')))).toEqual([{ ok: false, retry, error: 'why' }]);
});

test('a line that does not end is refused, and its client let go', async () => {
  const answers = await tell(Buffer.alloc(300_000, 'x'));
  expect(answers).toEqual([{ ok: false, retry: false, error: 'a line of more than 262144 octets' }]);
});

test('a client that tells much and reads nothing does not have it all taken in', async () => {
  let taken = 0;
  add = async () => {
    taken++;
    return 'counted';
  };
  const socket = connect(path());
  socket.on('error', () => {});
  socket.pause();
  const all = Buffer.from(line(success('a.example')).repeat(100));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  while (!socket.destroyed)
    if (!socket.write(all)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
  // Let go once it had so many answers that it did not read.
  expect(taken).toBeLessThan(200_000);
  socket.destroy();
});

test('more clients than there may be are let go; the others go on', async () => {
  const idle = Array.from({ length: 3 }, () => connect(path()));
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  const late = connect(path());
  late.on('error', () => {});
  await once(late, 'close');
  idle[0]!.write(line(success('a.example')));
  const [answer] = (await once(idle[0]!, 'data')) as [Buffer];
  expect(JSON.parse(answer.toString())).toEqual({ ok: true, counted: 'counted' });
  for (const socket of idle) socket.destroy();
});

test('ten thousand events at once are all counted', async () => {
  const answers = await tell(line(success('a.example')).repeat(10_000));
  expect(answers.length).toBe(10_000);
  expect(counts.told).toBe(10_000);
});
