import {
  decodeMessage,
  Ede,
  encodeMessage,
  extendedErrors,
  type Message,
  makeQuery,
  Name,
  type QueryOptions,
  Rcode,
  RRType,
} from '@mailanchor/dns';
import { FakeResolver, type FakeTable, type Resolution, type UncheckedAnswer } from '@mailanchor/dnssec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AccessList, LOOPBACK } from './access.ts';
import { Counts } from './counts.ts';
import { type Client, ResolverService, type ServiceOptions, type ServiceResolver } from './service.ts';

const TABLE: FakeTable = {
  zone: `www.example. 300 IN A 192.0.2.1
         insecure.test. 300 IN A 192.0.2.2
         slow.example. 300 IN A 192.0.2.3
         example. 300 IN TXT ${Array.from({ length: 12 }, () => `"${'x'.repeat(120)}"`).join(' ')}`,
  status: { test: 'insecure' },
  failures: { 'bad.example *': { status: 'bogus', text: 'signature expired', ede: Ede.SIGNATURE_EXPIRED } },
};

/** Counts what is asked; answers CD with what bogus data there is; holds back what is slow. */
class Resolver implements ServiceResolver {
  asked: string[] = [];
  readonly #fake = new FakeResolver(TABLE);
  readonly #held: (() => void)[] = [];

  async resolve(name: Name, type: number): Promise<Resolution> {
    this.asked.push(`${name} ${type}`);
    if (name.toString() === 'boom.example.') throw new Error('boom');
    if (/slow\.example\.$/.test(name.toString())) await new Promise<void>((go) => this.#held.push(go));
    return this.#fake.resolve(name, type);
  }

  async resolveUnchecked(name: Name, type: number): Promise<UncheckedAnswer> {
    this.asked.push(`unchecked ${name} ${type}`);
    const answer = [{ name, type: RRType.A, class: 1, ttl: 300, rdata: Uint8Array.of(192, 0, 2, 66) }];
    return { kind: 'unchecked', name, type, rcode: 0, answer, authority: [], ttl: 300 };
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }
}

const CLIENT: Client = { address: '127.0.0.1', protocol: 'udp' };

function stage(over: Partial<ServiceOptions> = {}) {
  const resolver = new Resolver();
  const counts = new Counts();
  const time = { seconds: 1_800_000_000 };
  const bogus: string[] = [];
  const service = new ResolverService({
    resolver,
    counts,
    access: new AccessList(LOOPBACK),
    limits: { total: 4, perClient: 3 },
    packetCacheOctets: 1_000_000,
    clock: () => time.seconds * 1000,
    timeoutMs: 1000,
    seed: 1,
    onBogus: ({ name }) => bogus.push(name.toString()),
    ...over,
  });
  /** The reply of the very call, or of a later turn. */
  const send = (octets: Uint8Array, client = CLIENT) => {
    const replies: Uint8Array[] = [];
    const answered = new Promise<Uint8Array>((resolve) =>
      service.handle(octets, client, (reply) => {
        replies.push(reply);
        resolve(reply);
      }),
    );
    return { replies, answered };
  };
  const ask = async (
    name: string,
    type: number = RRType.A,
    options: QueryOptions = {},
    client = CLIENT,
  ): Promise<Message> =>
    decodeMessage(
      await send(encodeMessage(makeQuery(Name.fromText(name), type, { id: 9, rd: true, ...options })), client)
        .answered,
    );
  return { resolver, counts, time, service, bogus, send, ask };
}
const packet = (name: string, options: QueryOptions = {}) =>
  encodeMessage(makeQuery(Name.fromText(name), RRType.A, { id: 5, rd: true, ...options }));
const addresses = ({ answers }: Message) => answers.map(({ rdata }) => rdata.at(-1));

test.each<[string, QueryOptions, Partial<Message>]>([
  ['www.example.', { ad: true }, { rcode: 0, ad: true }],
  ['www.example.', {}, { rcode: 0, ad: false }],
  ['insecure.test.', { ad: true }, { rcode: 0, ad: false }],
  ['nothing.example.', { do: true }, { rcode: Rcode.NXDOMAIN, ad: true }],
  ['bad.example.', { ad: true }, { rcode: Rcode.SERVFAIL, ad: false, answers: [] }],
  ['bad.example.', { cd: true, ad: true }, { rcode: 0, ad: false, cd: true }],
  ['boom.example.', {}, { rcode: Rcode.SERVFAIL, answers: [] }],
])('%s %o', async (name, options, expected) => {
  const { ask, service } = stage();
  expect(await ask(name, RRType.A, options)).toMatchObject({ id: 9, qr: true, ra: true, ...expected });
  // The place among the questions under way is free again.
  await service.drained(1000);
  expect(service.underWay).toBe(0);
});

test('CD is asked of the servers and never mixes with what was proven', async () => {
  const { ask, resolver } = stage();
  expect(addresses(await ask('www.example.', RRType.A, { cd: true }))).toEqual([66]);
  expect(addresses(await ask('www.example.'))).toEqual([1]);
  expect(addresses(await ask('www.example.', RRType.A, { cd: true }))).toEqual([66]);
  expect(addresses(await ask('www.example.'))).toEqual([1]);
  expect(resolver.asked).toEqual(['unchecked www.example. 1', 'www.example. 1']);
});

test('a signature cannot be proven by another: as it comes, without AD', async () => {
  const { ask, resolver } = stage();
  expect(await ask('www.example.', RRType.RRSIG, { do: true })).toMatchObject({ ad: false, cd: false });
  expect(resolver.asked).toEqual(['unchecked www.example. 46']);
});

test('the reason goes to who is told, the zone to who counts', async () => {
  const { ask, bogus } = stage();
  expect(extendedErrors(await ask('bad.example.'))).toEqual([
    { infoCode: Ede.SIGNATURE_EXPIRED, extraText: 'signature expired' },
  ]);
  expect(bogus).toEqual(['bad.example.']);
});

describe('what was answered a moment ago', () => {
  test('is answered before the call returns, and nobody is asked', async () => {
    const { ask, send, resolver } = stage();
    await ask('www.example.');
    const { replies } = send(packet('WWW.example.'));
    expect(replies).toHaveLength(1);
    expect(decodeMessage(replies[0]!)).toMatchObject({ id: 5, rcode: 0 });
    expect(resolver.asked).toHaveLength(1);
  });

  test('until its TTL has passed', async () => {
    const { ask, time, resolver } = stage();
    await ask('www.example.');
    time.seconds += 269;
    expect((await ask('www.example.')).answers[0]?.ttl).toBe(31);
    expect(resolver.asked).toHaveLength(1);
    time.seconds += 31;
    expect((await ask('www.example.')).answers[0]?.ttl).toBe(300);
    expect(resolver.asked).toHaveLength(2);
  });

  test('near its end the resolver hears of it once, and nobody waits', async () => {
    const { ask, send, time, resolver } = stage();
    await ask('www.example.');
    await ask('www.example.', RRType.A, { cd: true });
    time.seconds += 280;
    for (let i = 0; i < 3; i++) expect(send(packet('www.example.')).replies).toHaveLength(1);
    expect(send(packet('www.example.', { cd: true })).replies).toEqual([]);
    expect(resolver.asked.filter((question) => question === 'www.example. 1')).toHaveLength(2);
  });

  test('however many slow questions are under way', async () => {
    const { ask, send, resolver, service } = stage({ limits: { total: 2000, perClient: 2000 } });
    await ask('www.example.');
    await service.drained(1000);
    const slow = Array.from({ length: 1000 }, (_, i) => send(packet(`n${i}.slow.example.`)));
    expect(service.underWay).toBe(1000);
    expect(send(packet('www.example.')).replies).toHaveLength(1);
    resolver.release();
    await Promise.all(slow.map(({ answered }) => answered));
    await service.drained(1000);
    expect(service.underWay).toBe(0);
  });

  test('is not given out when the trust anchors are others', async () => {
    const { ask, service, send } = stage();
    await ask('www.example.');
    const slow = send(packet('slow.example.'));
    const other = new Resolver();
    service.exchangeResolver(other);
    await ask('www.example.');
    expect(other.asked).toEqual(['www.example. 1']);
    expect(slow.replies).toHaveLength(0);
  });

  test('nor is what was under way then', async () => {
    const { ask, service, send, resolver } = stage();
    const slow = send(packet('slow.example.'));
    const other = new Resolver();
    service.exchangeResolver(other);
    resolver.release();
    await slow.answered;
    const again = ask('slow.example.');
    other.release();
    await again;
    expect(other.asked).toEqual(['slow.example. 1']);
  });
});

describe('recursion not desired', () => {
  test('what is at hand, or REFUSED; nobody is asked', async () => {
    const { ask, resolver } = stage();
    const refused = await ask('www.example.', RRType.A, { rd: false });
    expect(refused).toMatchObject({ rcode: Rcode.REFUSED, rd: false });
    expect(resolver.asked).toEqual([]);
    await ask('www.example.');
    expect(await ask('www.example.', RRType.A, { rd: false })).toMatchObject({ rcode: 0, rd: false });
    expect(resolver.asked).toHaveLength(1);
  });
});

describe('size', () => {
  const text = (protocol: Client['protocol'], options: QueryOptions) =>
    stage().ask('example.', RRType.TXT, options, { ...CLIENT, protocol });

  test.each<[Client['protocol'], QueryOptions, boolean]>([
    ['udp', { edns: false }, true],
    ['udp', { udpPayloadSize: 512 }, true],
    // Larger datagrams than 1232 octets are not sent, whatever the client would take.
    ['udp', { udpPayloadSize: 4096 }, true],
    ['tcp', { edns: false }, false],
    ['tls', { udpPayloadSize: 512 }, false],
  ])('%s, %o: truncated %s', async (protocol, options, tc) => {
    const response = await text(protocol, options);
    expect(response.tc).toBe(tc);
    expect(response.answers).toHaveLength(tc ? 0 : 1);
    expect(response.questions).toHaveLength(1);
  });

  test('the same from the cache', async () => {
    const { ask, counts } = stage();
    await ask('example.', RRType.TXT, {}, { ...CLIENT, protocol: 'tcp' });
    expect((await ask('example.', RRType.TXT)).tc).toBe(true);
    expect((await ask('example.', RRType.TXT, {}, { ...CLIENT, protocol: 'tcp' })).tc).toBe(false);
    expect(counts.truncated).toBe(1);
  });
});

describe('who may not, and what is too much', () => {
  test('strangers are refused without a look at what they ask', async () => {
    const { ask, counts, resolver } = stage();
    expect(await ask('www.example.', RRType.A, {}, { ...CLIENT, address: '192.0.2.9' })).toMatchObject({
      rcode: Rcode.REFUSED,
      answers: [],
    });
    await ask('www.example.');
    expect(await ask('www.example.', RRType.A, {}, { ...CLIENT, address: '192.0.2.9' })).toMatchObject({
      rcode: Rcode.REFUSED,
      answers: [],
    });
    expect(counts.denied).toBe(2);
    expect(resolver.asked).toHaveLength(1);
  });

  test('so many questions of one client, so many in all', async () => {
    const { send, resolver, service, counts } = stage();
    const from = (address: string) => send(packet('slow.example.'), { ...CLIENT, address });
    const rcode = ({ replies }: ReturnType<typeof from>) => replies[0] && decodeMessage(replies[0]).rcode;
    const first = [from('127.0.0.1'), from('127.0.0.1'), from('127.0.0.1'), from('127.0.0.1')];
    const second = [from('127.0.0.2'), from('127.0.0.2')];
    expect(first.map(rcode)).toEqual([undefined, undefined, undefined, Rcode.SERVFAIL]);
    expect(second.map(rcode)).toEqual([undefined, Rcode.SERVFAIL]);
    expect(counts.overload).toBe(2);
    resolver.release();
    await service.drained(1000);
    expect(send(packet('other.slow.example.')).replies).toEqual([]);
    resolver.release();
    await service.drained(1000);
  });

  test('stopped: what is under way is answered, nothing new is begun', async () => {
    const { ask, send, service, resolver } = stage();
    await ask('www.example.');
    const slow = send(packet('slow.example.'));
    service.stop();
    expect(send(packet('www.example.')).replies).toHaveLength(1);
    expect(send(packet('other.example.')).replies).toEqual([new Uint8Array(0)]);
    resolver.release();
    await service.drained(1000);
    expect(decodeMessage(slow.replies[0]!).rcode).toBe(0);
  });
});

test('whatever comes, it is answered once or not at all, and what is sent is a response', async () => {
  const { service } = stage({ limits: { total: 100_000, perClient: 100_000 } });
  const spoilt = fc
    .tuple(fc.integer({ min: 0, max: 39 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 45 }))
    .map(([at, value, end]) => packet('www.example.', { do: true }).with(at, value).subarray(0, end));
  const replies: [Uint8Array, Uint8Array][] = [];
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 64 }), spoilt),
      fc.constantFrom('udp', 'tcp'),
      (octets, protocol) => {
        service.handle(octets, { address: '127.0.0.1', protocol: protocol as 'udp' }, (reply) =>
          replies.push([octets, reply]),
        );
      },
    ),
    { numRuns: 3000 },
  );
  await service.drained(5000);
  expect(new Set(replies.map(([octets]) => octets)).size).toBe(replies.length);
  for (const [octets, reply] of replies) {
    if (reply.length === 0) continue;
    const response = decodeMessage(reply);
    expect(response).toMatchObject({ qr: true, id: (octets[0]! << 8) | octets[1]! });
  }
});
