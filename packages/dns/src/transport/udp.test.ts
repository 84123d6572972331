import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeServer, type FakeServerOptions, startFakeServer } from '../../test/fake-server.ts';
import { TransportError } from '../errors.ts';
import { RRType } from '../iana/rr-type.ts';
import type { Message } from '../message.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { recordToText } from '../presentation/rdata-text.ts';
import { parseZoneFile } from '../presentation/zone-file.ts';
import type { Transport } from './transport.ts';
import { createUdpTransport, type UdpTransportOptions } from './udp.ts';

const name = Name.fromText('mail.example.com');
const query = makeQuery(name, RRType.TLSA, { do: true });
const soon = { timeoutMs: 150 };
const late = { timeoutMs: 15_000 };

/** A response of one TLSA record, whose usage tells responses apart. */
function response(octets: Uint8Array, usage = 3, change: Partial<Message> = {}): Uint8Array {
  const asked = decodeMessage(octets);
  const owner = asked.questions[0]!.name;
  const answers = parseZoneFile(`@ 300 TLSA ${usage} 1 1 aabb`, { origin: owner });
  return encodeMessage({ ...responseTo(asked, { answers }), ...change });
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(options: FakeServerOptions): Promise<FakeServer> {
  const server = await startFakeServer(options);
  open.push(server);
  return server;
}

function transport(options: UdpTransportOptions = {}): Transport {
  const made = createUdpTransport(options);
  open.push(made);
  return made;
}

async function failure(promise: Promise<Message>): Promise<TransportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportError)) throw new Error(`no TransportError: ${String(error)}`);
  return error;
}

const texts = (message: Message) => message.answers.map(recordToText);
const GOOD = ['mail.example.com. 300 IN TLSA 3 1 1 aabb'];

describe('rule 17: UDP', () => {
  it('brings back the response', async () => {
    const { endpoint } = await serve({ udp: (octets, reply) => reply(response(octets)) });
    const message = await transport().exchange(query, endpoint, late);
    expect(texts(message)).toEqual(GOOD);
    expect(message.edns?.do).toBe(true);
  });

  it('speaks IPv6', async (context) => {
    const server = await serve({ address: '::1', udp: (octets, reply) => reply(response(octets)) }).catch(
      () => undefined,
    );
    if (server === undefined) return context.skip('no IPv6 on loopback');
    // Not the text that the kernel has for it.
    const endpoint = { address: '0:0:0:0:0:0:0:1', port: server.endpoint.port };
    expect(texts(await transport().exchange(query, endpoint, late))).toEqual(GOOD);
  });

  /** Each sent ahead of the true response, which has to be the one that counts. */
  it.each<readonly [string, (octets: Uint8Array) => Uint8Array]>([
    ['of another id', (octets) => response(octets, 0, { id: decodeMessage(octets).id ^ 1 })],
    [
      'for another name',
      (octets) =>
        response(octets, 0, {
          questions: [{ ...decodeMessage(octets).questions[0]!, name: Name.fromText('mbil.example.com') }],
        }),
    ],
    [
      'for another type',
      (octets) => response(octets, 0, { questions: [{ name, type: RRType.A, class: 1 }] }),
    ],
    [
      'for another class',
      (octets) => response(octets, 0, { questions: [{ name, type: RRType.TLSA, class: 3 }] }),
    ],
    ['without a question', (octets) => response(octets, 0, { questions: [] })],
    [
      'with two questions',
      (octets) => response(octets, 0, { questions: [0, 1].map(() => decodeMessage(octets).questions[0]!) }),
    ],
    ['that is a query', (octets) => response(octets, 0, { qr: false })],
    ['of another opcode', (octets) => response(octets, 0, { opcode: 4 })],
    ['that is nothing', () => new Uint8Array(0)],
    ['that is an id', (octets) => octets.slice(0, 2)],
    [
      'that is a bare header with SERVFAIL',
      (octets) => Uint8Array.of(octets[0]!, octets[1]!, 0x80, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    ],
    ['that is malformed behind the question', (octets) => response(octets, 0).subarray(0, 60)],
    [
      'with a pointer loop',
      (octets) => {
        const looping = response(octets, 0);
        // The owner of the answer, behind header and question.
        const at = 12 + name.wire.length + 4;
        looping[at] = 0xc0;
        looping[at + 1] = at;
        return looping;
      },
    ],
  ])('drops a packet %s and goes on', async (_what, wrong) => {
    const { endpoint } = await serve({
      udp: (octets, reply) => {
        reply(wrong(octets));
        reply(response(octets));
      },
    });
    expect(texts(await transport().exchange(query, endpoint, late))).toEqual(GOOD);
  });

  it.each([
    ['address', '127.0.0.2'],
    ['port', '127.0.0.1'],
  ])('drops a response from another %s', async (_what, address) => {
    const stranger = createSocket('udp4');
    stranger.bind(0, address);
    await once(stranger, 'listening');
    const { endpoint } = await serve({
      udp: (octets, reply, from) => {
        stranger.send(response(octets, 0), from.port, from.address, () => {
          stranger.close();
          reply(response(octets));
        });
      },
    });
    expect(texts(await transport().exchange(query, endpoint, late))).toEqual(GOOD);
  });

  it('takes a bare header with FORMERR, as servers without EDNS send it', async () => {
    const { endpoint } = await serve({
      udp: ([a, b], reply) => reply(Uint8Array.of(a!, b!, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
    });
    expect(await transport().exchange(query, endpoint, late)).toMatchObject({ rcode: 1, questions: [] });
  });

  it('compares the question without regard to case', async () => {
    const { endpoint } = await serve({
      udp: (octets, reply) => {
        const upper = response(octets);
        upper.set(Buffer.from('MAIL'), 13);
        reply(upper);
      },
    });
    const message = await transport().exchange(query, endpoint, late);
    expect(message.questions[0]?.name.equals(name)).toBe(true);
  });

  it('hands back a truncated response as truncated, cut within a record or not', async () => {
    let cut = 0;
    const { endpoint } = await serve({
      udp: (octets, reply) => {
        const whole = response(octets, 3, { tc: true });
        reply(whole.subarray(0, whole.length - cut));
      },
    });
    expect(await transport().exchange(query, endpoint, late)).toMatchObject({ tc: true, answers: [{}] });
    cut = 20;
    expect(await transport().exchange(query, endpoint, late)).toMatchObject({ tc: true, answers: [] });
  });

  it('says at the deadline what came: nothing, or garbage', async () => {
    const silent = await serve({});
    const error = await failure(transport().exchange(query, silent.endpoint, soon));
    expect(error.code).toBe('timeout');
    expect(error.message).toBe(`no response within 150 ms (server 127.0.0.1 port ${silent.endpoint.port})`);
    const garbled = await serve({ udp: (octets, reply) => reply(response(octets).subarray(0, 60)) });
    expect((await failure(transport().exchange(query, garbled.endpoint, soon))).code).toBe('malformed');
  });

  it('learns at once that nothing listens', async () => {
    const server = await startFakeServer({});
    await server.close();
    // A timeout would be another code.
    expect((await failure(transport().exchange(query, server.endpoint, late))).code).toBe('refused');
  });

  it('says that a query is too large for UDP', async () => {
    const { endpoint } = await serve({});
    const huge = makeQuery(name, RRType.TLSA, { options: [{ code: 12, data: new Uint8Array(65470) }] });
    expect((await failure(transport().exchange(huge, endpoint, late))).code).toBe('too-large');
  });

  it('refuses what is no endpoint and what is no query', async () => {
    const { endpoint } = await serve({});
    for (const bad of [
      { address: 'localhost', port: 53 },
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 65536 },
    ])
      expect((await failure(transport().exchange(query, bad, late))).code).toBe('failed');
    const empty = { ...query, questions: [] };
    expect((await failure(transport().exchange(empty, endpoint, late))).code).toBe('failed');
  });

  it('stops when a signal says so, before and during', async () => {
    const { endpoint } = await serve({});
    const controller = new AbortController();
    const udp = transport();
    const options = { ...late, signal: controller.signal };
    const both = [udp.exchange(query, endpoint, options), udp.exchange(query, endpoint, options)];
    controller.abort(new Error('enough'));
    for (const exchange of both) {
      const error = await failure(exchange);
      expect(error.code).toBe('aborted');
      expect(error.cause).toEqual(new Error('enough'));
    }
    expect((await failure(udp.exchange(query, endpoint, options))).code).toBe('aborted');
  });

  it('rejects all when closed', async () => {
    const { endpoint } = await serve({});
    const udp = transport();
    const waiting = udp.exchange(query, endpoint, late);
    await udp.close();
    expect((await failure(waiting)).code).toBe('closed');
    expect((await failure(udp.exchange(query, endpoint, late))).code).toBe('closed');
  });

  it('changes ids with every query and ports with every few', async () => {
    const ids = new Set<number>();
    const ports = new Map<number, number>();
    const { endpoint } = await serve({
      udp: (octets, reply, from) => {
        ids.add((octets[0]! << 8) | octets[1]!);
        ports.set(from.port, (ports.get(from.port) ?? 0) + 1);
        reply(response(octets));
      },
    });
    const udp = transport({ socketsPerServer: 2, queriesPerSocket: 5 });
    for (let i = 0; i < 100; i++) await udp.exchange(query, endpoint, late);
    expect(ids.size).toBeGreaterThan(95);
    expect(Math.max(...ports.values())).toBeLessThanOrEqual(5);
    expect(ports.size).toBeGreaterThanOrEqual(20);
    await Promise.all(Array.from({ length: 50 }, () => udp.exchange(query, endpoint, late)));
    expect(Math.max(...ports.values())).toBeLessThanOrEqual(5);
  });

  it('takes its ids from the given source', async () => {
    const { endpoint } = await serve({ udp: (octets, reply) => reply(response(octets)) });
    const udp = transport({ random: (octets) => octets.fill(0x5a) });
    expect((await udp.exchange(query, endpoint, late)).id).toBe(0x5a5a);
  });

  it('keeps thousands of exchanges apart', async () => {
    const held: (() => void)[] = [];
    const arrived: (() => void)[] = [];
    const { endpoint } = await serve({
      udp: (octets, reply) => {
        const asked = decodeMessage(octets);
        held.push(() => reply(encodeMessage(responseTo(asked, { rcode: 3 }))));
        arrived.shift()?.();
      },
    });
    const udp = transport();
    const exchanges: Promise<Message>[] = [];
    // In waves, so that no socket's buffer overflows; answered from the last to the first.
    for (let wave = 0; wave < 30; wave++) {
      const all = Promise.all(
        Array.from({ length: 100 }, () => new Promise<void>((done) => arrived.push(done))),
      );
      for (let i = 0; i < 100; i++) {
        const asked = makeQuery(Name.fromText(`n${wave}-${i}.example`), RRType.A);
        exchanges.push(udp.exchange(asked, endpoint, late));
      }
      await all;
    }
    expect(held.length).toBe(3000);
    while (held.length > 0) {
      for (const reply of held.splice(-100)) reply();
      await Promise.all(exchanges.slice(held.length, held.length + 100));
    }
    const names = (await Promise.all(exchanges)).map((message) => message.questions[0]!.name.toString());
    expect(names).toEqual(
      Array.from({ length: 3000 }, (_, i) => `n${Math.floor(i / 100)}-${i % 100}.example.`),
    );
  }, 30_000);

  it('lets the process end', async () => {
    const { endpoint } = await serve({ udp: (octets, reply) => reply(response(octets)) });
    const index = new URL('../index.ts', import.meta.url).href;
    const program = `
      import { createUdpTransport, makeQuery, Name } from ${JSON.stringify(index)};
      const transport = createUdpTransport({ idleMs: 3600000 });
      const query = makeQuery(Name.fromText('mail.example.com'), 52);
      const { answers } = await transport.exchange(query, ${JSON.stringify(endpoint)}, { timeoutMs: 3600000 });
      console.log(answers.length);`;
    const run = promisify(execFile);
    // Held up by a socket or a timer, the program would be killed and the promise would reject.
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 15_000,
    });
    expect(stdout).toBe('1\n');
  });
});

describe('rule 17: 0x20', () => {
  it('draws the case of the question and gives back the case that was asked', async () => {
    const sent: string[] = [];
    const { endpoint } = await serve({
      udp: (octets, reply) => {
        sent.push(decodeMessage(octets).questions[0]!.name.toString());
        reply(response(octets));
      },
    });
    const udp = transport({ case0x20: true });
    const asked = makeQuery(Name.fromText('Mail.[123].example.com'), RRType.TLSA);
    for (let i = 0; i < 20; i++) {
      const message = await udp.exchange(asked, endpoint, late);
      expect(texts(message)).toEqual(['Mail.[123].example.com. 300 IN TLSA 3 1 1 aabb']);
      expect(message.questions[0]?.name.toString()).toBe('Mail.[123].example.com.');
    }
    expect(new Set(sent).size).toBeGreaterThan(15);
    expect(new Set(sent.map((text) => text.toLowerCase()))).toEqual(new Set(['mail.[123].example.com.']));
  });

  it('drops a response of another case', async () => {
    const { endpoint } = await serve({
      udp: (octets, reply) => {
        const wrong = response(octets, 0);
        wrong[13]! ^= 0x20;
        reply(wrong);
        reply(response(octets));
      },
    });
    expect(texts(await transport({ case0x20: true }).exchange(query, endpoint, late))).toEqual(GOOD);
  });
});

describe('a socket that is busy elsewhere', () => {
  it('does not matter: TCP on the same port is another thing', async () => {
    const tcp = createServer();
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    open.push(tcp);
    const address = tcp.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const error = await failure(
      transport().exchange(query, { address: '127.0.0.1', port: address.port }, late),
    );
    expect(error.code).toBe('refused');
  });
});
