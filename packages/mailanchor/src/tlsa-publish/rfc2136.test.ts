/** What is sent, and what is made of every answer: a server of the test's own, with the key. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import {
  addRecord,
  decodeMessage,
  encodeMessage,
  encodeTlsa,
  type Message,
  Name,
  Opcode,
  Rcode,
  RRClass,
  RRType,
  rdataToText,
  responseTo,
  rrClassToText,
  signMessage,
  type TsigKey,
  verifyTsig,
} from '@mailanchor/dns';
import { afterEach, describe, expect, test } from 'vitest';
import type { TlsaChange } from './publisher.ts';
import { createRfc2136Publisher } from './rfc2136.ts';

const key: TsigKey = { name: Name.fromText('mail'), algorithm: 'hmac-sha256', secret: new Uint8Array(32) };
const NOW = 1_800_000_000;
const zone = Name.fromText('example.org');
const owner = Name.fromText('_25._tcp.mx1.example.org');
const tlsa = (first: number) => ({
  usage: 3,
  selector: 1,
  matching: 1,
  data: new Uint8Array(32).fill(first),
});
const [A, B, C] = [tlsa(0xaa), tlsa(0xbb), tlsa(0xcc)];
const change: TlsaChange = { zone, owner, ttl: 60, expected: [A], add: [B], remove: [] };

const open: Server[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

interface Answer {
  readonly rcode?: number;
  /** What the server has. */
  readonly records?: TlsaChange['expected'];
  readonly ttl?: number;
  readonly more?: Partial<Message>;
  readonly unsigned?: boolean;
  readonly silent?: boolean;
  /** Of the answer alone. */
  readonly by?: TsigKey;
}

/** Answers questions and updates in turn. Gives the publisher and what it has sent. */
async function scene(questions: readonly Answer[], updates: readonly Answer[], timeoutMs = 10_000) {
  const sent: Message[] = [];
  const server = await serve((octets, send) => {
    const message = decodeMessage(octets);
    sent.push(message);
    const verdict = verifyTsig(octets, message, { key, now: NOW });
    if (verdict.kind !== 'signed') throw new Error(`the request is not signed: ${verdict.kind}`);
    const isUpdate = message.opcode === Opcode.UPDATE;
    const nth = sent.filter(({ opcode }) => (opcode === Opcode.UPDATE) === isUpdate).length - 1;
    const {
      rcode = 0,
      records = [],
      ttl = 60,
      more,
      unsigned,
      silent,
      by,
    } = (isUpdate ? updates : questions)[nth]!;
    if (silent) return;
    const answers = isUpdate
      ? []
      : records.map((record) => addRecord(owner, RRType.TLSA, ttl, encodeTlsa(record)));
    const plain = encodeMessage({ ...responseTo(message, { aa: true, rcode, answers }), ...more });
    const options = { timeSigned: NOW, requestMac: verdict.tsig.mac };
    send(unsigned ? plain : signMessage(plain, by ?? key, options).octets);
  });
  const clock = () => NOW * 1000;
  const publisher = createRfc2136Publisher({ name: 'main', server, key, timeoutMs, clock });
  return {
    sent,
    publisher,
    publish: (what = change) => publisher.publish(what, new AbortController().signal),
  };
}

/** One message a connection, in one piece or more. */
async function serve(onMessage: (octets: Uint8Array, send: (octets: Uint8Array) => void) => void) {
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      if (pending.length < 2 || pending.length < 2 + pending.readUInt16BE()) return;
      onMessage(new Uint8Array(pending.subarray(2)), (octets) =>
        socket.write(Buffer.concat([Buffer.of(octets.length >> 8, octets.length & 0xff), octets])),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const line = ({ name, class: rrClass, type, ttl, rdata }: Message['answers'][number]) =>
  [name, ttl, rrClassToText(rrClass), type, rdata.length > 0 ? rdataToText(type, rdata) : '']
    .join(' ')
    .trim();

describe('what is sent', () => {
  test.each<[string, Partial<TlsaChange>, string[], string[]]>([
    [
      'the first record',
      { expected: [], add: [A] },
      [`${owner} 0 NONE 52`, `${owner} 0 NONE 5`],
      [`${owner} 60 IN 52 3 1 1 ${'aa'.repeat(32)}`],
    ],
    [
      'one for another: the whole result is added, which sets its TTL',
      { expected: [A, B], add: [C], remove: [A], ttl: 30 },
      [`${owner} 0 IN 52 3 1 1 ${'aa'.repeat(32)}`, `${owner} 0 IN 52 3 1 1 ${'bb'.repeat(32)}`],
      [
        `${owner} 0 NONE 52 3 1 1 ${'aa'.repeat(32)}`,
        `${owner} 30 IN 52 3 1 1 ${'bb'.repeat(32)}`,
        `${owner} 30 IN 52 3 1 1 ${'cc'.repeat(32)}`,
      ],
    ],
    [
      'the last one away',
      { expected: [A], add: [], remove: [A] },
      [`${owner} 0 IN 52 3 1 1 ${'aa'.repeat(32)}`],
      [`${owner} 0 NONE 52 3 1 1 ${'aa'.repeat(32)}`],
    ],
  ])('%s', async (_, parts, prerequisites, updates) => {
    const what = { ...change, ...parts };
    const { sent, publish, publisher } = await scene([{ records: what.expected }], [{}]);
    expect(await publish(what)).toEqual({ kind: 'done' });
    const update = sent[1]!;
    expect(update.questions).toEqual([{ name: zone, type: RRType.SOA, class: RRClass.IN }]);
    expect(update.answers.map(line)).toEqual(prerequisites);
    expect(update.authorities.map(line)).toEqual(updates);
    // A dry run shows as many of each.
    const shown = publisher.describe(what).split('\n');
    expect(shown.filter((each) => each.startsWith('prereq '))).toHaveLength(prerequisites.length);
    expect(shown.filter((each) => each.startsWith('update '))).toHaveLength(updates.length);
  });
});

describe('the server is asked first, and nothing is sent', () => {
  const alias = { name: owner, type: RRType.CNAME, class: 1, ttl: 60, rdata: zone.wire };
  const delegation = {
    name: Name.fromText('mx1.example.org'),
    type: RRType.NS,
    class: 1,
    ttl: 60,
    rdata: zone.wire,
  };
  test.each<[string, Answer, object]>([
    ['it is so already', { records: [B, A] }, { kind: 'unchanged' }],
    [
      'so with another TTL',
      { records: [A, B], ttl: 61 },
      { kind: 'conflict', text: expect.stringContaining('TTL of 61') },
    ],
    [
      'it is another',
      { records: [C] },
      { kind: 'conflict', text: expect.stringMatching(/has 3 1 1 (cc)+ at .* not 3 1 1 (aa)+ as/) },
    ],
    [
      'there is none',
      { rcode: Rcode.NXDOMAIN },
      { kind: 'conflict', text: expect.stringContaining('has no TLSA records') },
    ],
    [
      'an alias',
      { more: { answers: [alias] } },
      { kind: 'refused', text: expect.stringContaining('alias (CNAME)') },
    ],
    [
      'a zone below',
      { more: { aa: false, authorities: [delegation] } },
      { kind: 'refused', text: expect.stringContaining('lies in the zone mx1.example.org.') },
    ],
    [
      'silence',
      { silent: true },
      { kind: 'failed', text: expect.stringContaining('Nothing was sent to be changed') },
    ],
  ])('%s', async (_, answer, outcome) => {
    const { sent, publish } = await scene([answer], [], answer.silent ? 200 : 10_000);
    expect(await publish()).toEqual(outcome);
    expect(sent).toHaveLength(1);
  });
});

describe('what becomes of an update', () => {
  const other: TsigKey = { ...key, secret: new Uint8Array(32).fill(1) };
  const said = (text: string | RegExp) =>
    typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);
  test.each<[string, Answer, Answer[], object]>([
    ['done', {}, [], { kind: 'done' }],
    [
      'done, says nobody who has the key',
      { unsigned: true },
      [],
      { kind: 'failed', text: said('not signed and proves nothing') },
    ],
    ['done, says another key', { by: other }, [], { kind: 'failed', text: said('the MAC does not verify') }],
    [
      'not allowed',
      { rcode: Rcode.REFUSED },
      [],
      { kind: 'refused', text: said('may not change _25._tcp.mx1.example.org. TLSA') },
    ],
    [
      'not allowed, unsigned',
      { rcode: Rcode.REFUSED, unsigned: true },
      [],
      { kind: 'refused', text: said('does not say why') },
    ],
    [
      'another server',
      { rcode: Rcode.NOTAUTH },
      [],
      { kind: 'refused', text: said('not the primary server of the zone example.org.') },
    ],
    [
      'another zone',
      { rcode: Rcode.NOTZONE },
      [],
      { kind: 'refused', text: said('does not lie in the zone') },
    ],
    [
      'no updates',
      { rcode: Rcode.NOTIMP, unsigned: true },
      [],
      { kind: 'refused', text: said(/takes no updates .* without signature/) },
    ],
    ['a failure', { rcode: Rcode.SERVFAIL }, [], { kind: 'failed', text: said('SERVFAIL') }],
    [
      'a failure, unsigned',
      { rcode: Rcode.SERVFAIL, unsigned: true },
      [],
      { kind: 'failed', text: said('SERVFAIL') },
    ],
    [
      'unmet, unsigned',
      { rcode: Rcode.NXRRSET, unsigned: true },
      [],
      { kind: 'failed', text: said('NXRRSET') },
    ],
    [
      'unmet: another set',
      { rcode: Rcode.NXRRSET },
      [{ records: [C] }],
      { kind: 'conflict', text: said(/has 3 1 1 (cc)+ at/) },
    ],
    ['unmet: made by us before', { rcode: Rcode.NXRRSET }, [{ records: [A, B] }], { kind: 'unchanged' }],
    [
      'unmet: as expected again',
      { rcode: Rcode.NXRRSET },
      [{ records: [A] }],
      { kind: 'conflict', text: said('changed meanwhile') },
    ],
    [
      'unmet, and it does not tell',
      { rcode: Rcode.YXRRSET },
      [{ rcode: Rcode.REFUSED }],
      { kind: 'conflict', text: said('does not tell') },
    ],
    [
      'no answer',
      { silent: true },
      [],
      { kind: 'failed', text: said('Whether it was changed is not known') },
    ],
  ])('%s', async (_, update, later, outcome) => {
    const { publish } = await scene([{ records: [A] }, ...later], [update], update.silent ? 300 : 10_000);
    expect(await publish()).toEqual('text' in outcome ? { ...outcome, text: outcome.text } : outcome);
  });

  test('a server that answers no questions decides by the prerequisites', async () => {
    const { sent, publish } = await scene([{ rcode: Rcode.REFUSED, unsigned: true }], [{}]);
    expect(await publish()).toEqual({ kind: 'done' });
    expect(sent).toHaveLength(2);
  });

  test('a user who stops it', async () => {
    const { publisher } = await scene([{ silent: true }], []);
    const stop = new AbortController();
    const publishing = publisher.publish(change, stop.signal);
    stop.abort(new Error('enough'));
    await expect(publishing).rejects.toThrow('enough');
  });
});
