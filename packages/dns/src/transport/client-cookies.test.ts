import { afterEach, describe, expect, it } from 'vitest';
import { type Cookie, cookieOf, encodeCookie } from '../edns.ts';
import { TransportError } from '../errors.ts';
import { Rcode } from '../iana/rcode.ts';
import { RRType } from '../iana/rr-type.ts';
import type { EdnsOption, Message } from '../message.ts';
import { makeQuery, type ResponseOptions, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { createCookieJar } from '../server/cookie-jar.ts';
import { createListener, type DnsListener } from '../server/listener.ts';
import type { Transport } from './transport.ts';
import { createUdpTransport, type UdpTransportOptions } from './udp.ts';
import { createTransport } from './udp-tcp.ts';

const query = makeQuery(Name.fromText('example.com'), RRType.TLSA, { do: true });
const soon = { timeoutMs: 150 };
const late = { timeoutMs: 15_000 };
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A server whose answers the test makes; what it was asked, in order. */
interface CookieServer {
  readonly listener: DnsListener;
  readonly asked: {
    readonly protocol: string;
    readonly cookie: Cookie | undefined;
    readonly query: Message;
  }[];
}

async function serve(
  answers: (query: Message, cookie: Cookie | undefined) => Message[],
): Promise<CookieServer> {
  const asked: CookieServer['asked'] = [];
  const listener = await createListener({
    protocols: ['udp', 'tcp'],
    limits: { pipelined: 1 },
    onQuery(octets, { protocol }, reply) {
      const message = decodeMessage(octets);
      const cookie = cookieOf(message);
      asked.push({ protocol, cookie, query: message });
      const responses = protocol === 'udp' ? answers(message, cookie) : [responseTo(message, { aa: true })];
      for (const response of responses) reply(encodeMessage(response));
    },
  });
  open.push(listener);
  return { listener, asked };
}

function udp(options: UdpTransportOptions = {}): Transport {
  const made = createUdpTransport(options);
  open.push(made);
  return made;
}

const respond = (to: Message, options: readonly EdnsOption[], more: ResponseOptions = {}) =>
  responseTo(to, { ...more, edns: { options } });
const serverCookie = (octet: number) => new Uint8Array(16).fill(octet);

describe('rule 17: client cookies', () => {
  it('are sent, one for a server, and the cookie of the server is sent back', async () => {
    const jar = createCookieJar();
    const first = await serve((message, cookie) => [
      respond(message, [jar.judge(cookie!, '127.0.0.1').option]),
    ]);
    const second = await serve((message) => [respond(message, [])]);
    const transport = udp();
    for (let i = 0; i < 3; i++) {
      await transport.exchange(query, first.listener, late);
      await transport.exchange(query, second.listener, late);
    }
    const [unknown, ...known] = first.asked.map(({ cookie }) => cookie!);
    expect(unknown!.server).toBeUndefined();
    for (const cookie of known) {
      expect(cookie.client).toEqual(unknown!.client);
      expect(jar.judge(cookie, '127.0.0.1').kind).toBe('good');
    }
    // A server that does not know cookies is asked no more often.
    const others = second.asked.map(({ cookie }) => cookie!);
    expect(others).toEqual(new Array(3).fill({ client: others[0]!.client }));
    expect(others[0]!.client).not.toEqual(unknown!.client);
  });

  it('are not sent without EDNS, nor where they are not wanted, nor twice', async () => {
    const { listener, asked } = await serve((message) => [respond(message, [])]);
    await udp().exchange(makeQuery(Name.root, RRType.NS, { edns: false }), listener, late);
    await udp({ cookies: false }).exchange(query, listener, late);
    const own = encodeCookie({ client: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    await udp({ cookies: false }).exchange(
      makeQuery(Name.root, RRType.NS, { options: [own] }),
      listener,
      late,
    );
    expect(asked.map(({ query: { edns } }) => edns?.options)).toEqual([undefined, [], [own]]);
  });

  it.each<readonly [string, (cookie: Cookie) => EdnsOption]>([
    [
      'another client cookie',
      ({ client }) => encodeCookie({ client: client.map((octet) => octet ^ 1), server: serverCookie(1) }),
    ],
    ['a cookie of impossible length', ({ client }) => ({ code: 10, data: client.subarray(0, 7) })],
  ])('an answer with %s is dropped, and waiting goes on', async (_what, forge) => {
    const { listener } = await serve((message, cookie) => [
      respond(message, [forge(cookie!)], { rcode: Rcode.NXDOMAIN }),
      respond(message, [encodeCookie({ client: cookie!.client, server: serverCookie(2) })], { aa: true }),
    ]);
    expect(await udp().exchange(query, listener, late)).toMatchObject({ rcode: Rcode.NOERROR, aa: true });
  });

  it('an answer with a wrong one alone is none', async () => {
    const { listener } = await serve((message) => [
      respond(message, [encodeCookie({ client: new Uint8Array(8) })]),
    ]);
    const error: unknown = await udp()
      .exchange(query, listener, soon)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'timeout' });
  });

  it('BADCOOKIE: asked again with the cookie that came with it', async () => {
    const { listener, asked } = await serve((message, cookie) => {
      const server = serverCookie(3);
      const rcode = cookie!.server === undefined ? Rcode.BADCOOKIE : Rcode.NOERROR;
      return [respond(message, [encodeCookie({ client: cookie!.client, server })], { rcode })];
    });
    const transport = udp({ case0x20: true });
    for (let i = 0; i < 2; i++) {
      const message = await transport.exchange(query, listener, late);
      expect(message.rcode).toBe(Rcode.NOERROR);
      expect(message.questions[0]!.name.toString()).toBe('example.com.');
    }
    expect(asked.map(({ cookie }) => cookie!.server)).toEqual([undefined, serverCookie(3), serverCookie(3)]);
    expect(asked[1]!.query.id).not.toBe(asked[0]!.query.id);
  });

  it.each<readonly [string, number, (message: Message, cookie: Cookie, n: number) => Message]>([
    [
      'a server that never takes its own cookie',
      2,
      (message, { client }, n) =>
        respond(message, [encodeCookie({ client, server: serverCookie(n) })], { rcode: Rcode.BADCOOKIE }),
    ],
    [
      'a server that has given a cookie and now leaves it out, or is not that server',
      2,
      (message, { client }, n) =>
        respond(message, n === 1 ? [encodeCookie({ client, server: serverCookie(1) })] : [], {
          rcode: n === 1 ? Rcode.NOERROR : Rcode.NXDOMAIN,
        }),
    ],
  ])('%s is asked over TCP', async (_what, packets, answer) => {
    let n = 0;
    const { listener, asked } = await serve((message, cookie) => [answer(message, cookie!, ++n)]);
    const transport = createTransport();
    open.push(transport);
    let last = await transport.exchange(query, listener, late);
    if (!last.aa) last = await transport.exchange(query, listener, late);
    expect(last).toMatchObject({ rcode: Rcode.NOERROR, aa: true, tc: false });
    expect(asked.map(({ protocol }) => protocol)).toEqual([...new Array(packets).fill('udp'), 'tcp']);
  });

  it('FORMERR: asked again without, and from then on without', async () => {
    const { listener, asked } = await serve((message, cookie) => [
      respond(message, [], { rcode: cookie === undefined ? Rcode.NOERROR : Rcode.FORMERR }),
    ]);
    const transport = udp();
    for (let i = 0; i < 2; i++)
      expect((await transport.exchange(query, listener, late)).rcode).toBe(Rcode.NOERROR);
    expect(asked.map(({ cookie }) => cookie !== undefined)).toEqual([true, false, false]);
  });

  it('FORMERR without EDNS, or to all queries, is the answer', async () => {
    const { listener, asked } = await serve((message) => {
      const { edns: _, ...plain } = message;
      return [responseTo(plain, { rcode: Rcode.FORMERR })];
    });
    expect((await udp().exchange(query, listener, late)).rcode).toBe(Rcode.FORMERR);
    expect(asked.length).toBe(1);
    const stubborn = await serve((message) => [respond(message, [], { rcode: Rcode.FORMERR })]);
    expect((await udp().exchange(query, stubborn.listener, late)).rcode).toBe(Rcode.FORMERR);
    expect(stubborn.asked.length).toBe(2);
  });
});
