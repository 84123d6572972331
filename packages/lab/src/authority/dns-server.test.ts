import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import {
  createTcpTransport,
  createTransport,
  createUdpTransport,
  type Endpoint,
  makeQuery,
  Name,
  parseZoneFile,
  Rcode,
  RRType,
  type Transport,
} from '@mailanchor/dns';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Seed } from '../keys/seed.ts';
import { createSigningKey } from '../keys/signing-key.ts';
import { type DnsServers, serveDns } from './dns-server.ts';
import { AuthorityNetwork } from './network.ts';
import { ServedZone } from './served-zone.ts';
import type { ServerFaultKind } from './server-fault.ts';
import { createAuthorityTransport } from './transport.ts';

const ORIGIN = Name.fromText('z.example.');
const name = (text: string): Name => Name.fromText(text, ORIGIN);
const strings = (count: number): string => `"${'x'.repeat(250)}" `.repeat(count);
const RECORDS = parseZoneFile(
  `@ SOA ns h 1 1 1 1 300
@ NS ns
@ MX 10 mx
mx A 192.0.2.2
child NS ns
child DS 1 13 2 ${'ab'.repeat(32)}
middle TXT ${strings(3)}
big TXT ${strings(20)}
`,
  { origin: ORIGIN },
);

const network = new AuthorityNetwork();
const first = network.server('127.53.0.20');
const second = network.server('127.53.0.21');
let servers: DnsServers;
let udp: Transport;
let tcp: Transport;
let both: Transport;
const limits = { timeoutMs: 5000 };
const at = (address: string): Endpoint => ({ address, port: servers.port });

beforeAll(async () => {
  const key = await createSigningKey('ecdsa-p256', 'csk', new Seed('server'), 'z');
  first.zones.push(new ServedZone(ORIGIN, RECORDS, { keys: [key], clock: Date.now }));
  servers = await serveDns(network);
  udp = createUdpTransport();
  tcp = createTcpTransport();
  both = createTransport();
});
afterEach(() => {
  first.faults = [];
});
afterAll(async () => {
  await Promise.all([udp.close(), tcp.close(), both.close()]);
  await servers.close();
});

describe('sockets', () => {
  test('UDP and TCP answer alike, on every address', async () => {
    for (const transport of [udp, tcp]) {
      const response = await transport.exchange(makeQuery(name('@'), RRType.MX), at('127.53.0.20'), limits);
      expect(response).toMatchObject({ aa: true, rcode: 0, tc: false });
      expect(response.answers).toHaveLength(1);
      const refused = await transport.exchange(makeQuery(name('@'), RRType.MX), at('127.53.0.21'), limits);
      expect(refused.rcode).toBe(Rcode.REFUSED);
    }
  });

  test.for([
    { title: 'no EDNS', edns: false, udpPayloadSize: 1232, type: 'middle', tc: true },
    { title: 'EDNS 512', edns: true, udpPayloadSize: 512, type: 'middle', tc: true },
    { title: 'EDNS 1232', edns: true, udpPayloadSize: 1232, type: 'middle', tc: false },
    { title: 'EDNS 1232, too large', edns: true, udpPayloadSize: 1232, type: 'big', tc: true },
    { title: 'EDNS 65535: never more than 1232', edns: true, udpPayloadSize: 65535, type: 'big', tc: true },
  ])('truncation: $title', async ({ edns, udpPayloadSize, type, tc }) => {
    const query = makeQuery(name(type), RRType.TXT, { edns, udpPayloadSize });
    const response = await udp.exchange(query, at('127.53.0.20'), limits);
    expect(response.tc).toBe(tc);
    expect(response.answers).toHaveLength(tc ? 0 : 1);
    expect((await both.exchange(query, at('127.53.0.20'), limits)).answers).toHaveLength(1);
  });

  test('what does not parse is FORMERR, responses and scraps get nothing', async () => {
    const socket = createSocket('udp4');
    const heard: Buffer[] = [];
    const reply = new Promise<void>((resolve) => {
      socket.on('message', (octets) => {
        heard.push(octets);
        resolve();
      });
    });
    const send = (...octets: number[]): void => {
      socket.send(Uint8Array.from(octets), servers.port, '127.53.0.20');
    };
    send(1, 2);
    send(0xaa, 0xaa, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    send(0xbb, 0xbb, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0);
    // A question that is not there: datagrams on loopback keep their order, so this reply would be the second.
    send(0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    await reply;
    expect(heard).toEqual([Buffer.from('123480010000000000000000', 'hex')]);
    socket.close();
  });

  test('several messages on one TCP connection, in pieces', async () => {
    const query = Buffer.from('000c0001000000000000000000000'.padEnd(28, '0'), 'hex');
    const socket = connect({ host: '127.53.0.20', port: servers.port });
    const two = Buffer.concat([query, query]);
    socket.write(two.subarray(0, 5));
    socket.write(two.subarray(5));
    let received = Buffer.alloc(0);
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= 28) resolve();
      });
    });
    expect(received.toString('hex')).toBe('000c000180010000000000000000'.repeat(2));
    socket.destroy();
  });
});

describe('faults, over sockets and in process', () => {
  const inProcess = createAuthorityTransport(network);
  const ask = (transport: Transport, type: number = RRType.MX, owner = '@', timeoutMs = 5000) =>
    transport.exchange(makeQuery(name(owner), type, { do: true }), at('127.53.0.20'), { timeoutMs });
  const set = (kind: ServerFaultKind, types?: readonly number[]): void => {
    first.faults = [types ? { kind, types } : { kind }];
  };

  test('a response code, for some types only', async () => {
    set({ rcode: Rcode.SERVFAIL }, [RRType.TLSA]);
    for (const transport of [udp, inProcess]) {
      expect((await ask(transport, RRType.TLSA)).rcode).toBe(Rcode.SERVFAIL);
      expect((await ask(transport)).rcode).toBe(Rcode.NOERROR);
    }
  });
  test('late, over sockets', async () => {
    set({ delayMs: 300 });
    const began = performance.now();
    expect((await ask(udp)).rcode).toBe(Rcode.NOERROR);
    expect(performance.now() - began).toBeGreaterThanOrEqual(295);
  });
  test('below a name only', async () => {
    first.faults = [{ kind: { rcode: Rcode.REFUSED }, below: name('mx') }];
    expect((await ask(inProcess, RRType.A, 'mx')).rcode).toBe(Rcode.REFUSED);
    expect((await ask(inProcess)).rcode).toBe(Rcode.NOERROR);
  });
  test('silent', async () => {
    set('silent');
    await expect(ask(inProcess)).rejects.toMatchObject({ code: 'timeout' });
    await expect(ask(udp, RRType.MX, '@', 50)).rejects.toMatchObject({ code: 'timeout' });
  });
  test('truncate', async () => {
    set('truncate');
    expect(await ask(udp)).toMatchObject({ tc: true, answers: [] });
    expect((await ask(both)).answers.length).toBeGreaterThan(0);
    expect((await ask(inProcess)).answers.length).toBeGreaterThan(0);
  });
  test('wrong id', async () => {
    set('wrong-id');
    await expect(ask(udp, RRType.MX, '@', 50)).rejects.toMatchObject({ code: 'timeout' });
    await expect(ask(inProcess)).rejects.toMatchObject({ code: 'timeout' });
  });
  test('no EDNS', async () => {
    set('no-edns');
    expect(await ask(inProcess)).toMatchObject({ rcode: Rcode.FORMERR });
    expect((await ask(inProcess)).edns).toBeUndefined();
    const plain = makeQuery(name('@'), RRType.MX, { edns: false });
    expect((await inProcess.exchange(plain, at('127.53.0.20'), limits)).rcode).toBe(Rcode.NOERROR);
  });
  test('DNSSEC stripped', async () => {
    const types = async (type: number, owner: string): Promise<number[]> => {
      const { answers, authorities } = await ask(inProcess, type, owner);
      return [...new Set([...answers, ...authorities].map((record) => record.type))];
    };
    expect(await types(RRType.MX, '@')).toEqual([RRType.MX, RRType.RRSIG]);
    expect(await types(RRType.MX, 'child')).toEqual([RRType.NS, RRType.DS, RRType.RRSIG]);
    set('strip-dnssec');
    expect(await types(RRType.MX, '@')).toEqual([RRType.MX]);
    expect(await types(RRType.MX, 'child')).toEqual([RRType.NS]);
    expect(await types(RRType.DS, 'child')).toEqual([RRType.DS]);
    expect(await types(RRType.TLSA, 'mx')).toEqual([RRType.SOA]);
  });
  test('the transport in process: nobody there, aborted, closed', async () => {
    const transport = createAuthorityTransport(network);
    const query = makeQuery(name('@'), RRType.MX);
    await expect(transport.exchange(query, at('127.53.0.99'), limits)).rejects.toMatchObject({
      code: 'refused',
    });
    const signal = AbortSignal.abort();
    await expect(transport.exchange(query, at('127.53.0.20'), { ...limits, signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    await transport.close();
    await expect(transport.exchange(query, at('127.53.0.20'), limits)).rejects.toMatchObject({
      code: 'closed',
    });
  });
});

test('a second server on the same port is refused, and the first stays', async () => {
  await expect(serveDns(network, servers.port)).rejects.toMatchObject({ code: 'no-port' });
  expect((await udp.exchange(makeQuery(name('@'), RRType.MX), at(second.address), limits)).rcode).toBe(
    Rcode.REFUSED,
  );
});
