import { afterEach, expect, test } from 'vitest';
import { type FakeServer, type FakeServerOptions, startFakeServer } from '../../test/fake-server.ts';
import { RRType } from '../iana/rr-type.ts';
import { responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { makeUpdate, removeRRset } from '../update.ts';
import type { TsigKey } from './key.ts';
import { signMessage } from './sign.ts';
import { exchangeSigned } from './signed-exchange.ts';
import { verifyTsig } from './verify.ts';

const key: TsigKey = {
  name: Name.fromText('mail'),
  algorithm: 'hmac-sha512',
  secret: new Uint8Array(64).fill(1),
};
const zone = Name.fromText('example.org');
const update = makeUpdate({ zone, prerequisites: [], updates: [removeRRset(zone, RRType.TLSA)] });
const now = 1_800_000_000;
const soon = { key, timeoutMs: 150, clock: () => now * 1000 };
const late = { ...soon, timeoutMs: 15_000 };

const open: FakeServer[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(tcp: NonNullable<FakeServerOptions['tcp']>) {
  const server = await startFakeServer({ tcp });
  open.push(server);
  return server;
}

/** An answer as an honest server signs it. */
function honest(octets: Uint8Array, change: (plain: Uint8Array) => void = () => {}): Uint8Array {
  const verdict = verifyTsig(octets, decodeMessage(octets), { key, now });
  if (verdict.kind !== 'signed') throw new Error(JSON.stringify(verdict));
  const plain = encodeMessage(responseTo(decodeMessage(octets)));
  change(plain);
  return signMessage(plain, key, { timeSigned: now, requestMac: verdict.tsig.mac }).octets;
}

test('an answer comes with what its signature is worth', async () => {
  const server = await serve((octets, send) => send(honest(octets)));
  const { message, verdict } = await exchangeSigned(update, server.endpoint, late);
  expect([message.opcode, message.rcode, verdict.kind]).toEqual([5, 0, 'signed']);
});

test('an answer in pieces', async () => {
  const server = await serve((octets, _, socket) => {
    const answer = honest(octets);
    for (const octet of [answer.length >> 8, answer.length & 255, ...answer])
      socket.write(Uint8Array.of(octet));
  });
  expect((await exchangeSigned(update, server.endpoint, late)).verdict.kind).toBe('signed');
});

test.each<[string, NonNullable<FakeServerOptions['tcp']>, string, object]>([
  ['silence', () => {}, 'timeout', soon],
  ['a connection that is closed', (_, __, socket) => socket.end(), 'closed', late],
  ['a connection that is cut', (_, __, socket) => socket.resetAndDestroy(), 'closed', late],
  [
    'another id',
    (octets, send) => send(honest(octets, (plain) => plain.set([plain[0]! ^ 1], 0))),
    'malformed',
    late,
  ],
  [
    'the opcode of a query',
    (octets, send) => send(honest(octets, (plain) => plain.set([0x80], 2))),
    'malformed',
    late,
  ],
  ['the request itself', (octets, send) => send(octets), 'malformed', late],
  ['noise', (_, send) => send(new Uint8Array(30).fill(0xff)), 'malformed', late],
])('%s is no answer', async (_, tcp, code, options) => {
  const server = await serve(tcp);
  await expect(exchangeSigned(update, server.endpoint, { ...late, ...options })).rejects.toMatchObject({
    code,
  });
  // What was asked is asked once.
  expect(server.connections.length).toBe(1);
});

test('nobody there, and a signal', async () => {
  const server = await serve(() => {});
  const { endpoint } = server;
  const stop = new AbortController();
  const waiting = exchangeSigned(update, endpoint, { ...late, signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  await expect(exchangeSigned(update, endpoint, { ...late, signal: stop.signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  await server.close();
  open.length = 0;
  await expect(exchangeSigned(update, endpoint, late)).rejects.toMatchObject({ code: 'refused' });
  await expect(exchangeSigned(update, { address: 'localhost', port: 53 }, late)).rejects.toMatchObject({
    code: 'bad-endpoint',
  });
});
