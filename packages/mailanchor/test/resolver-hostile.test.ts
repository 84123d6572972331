/** `mailanchor resolver` and clients that mean ill: each is counted, none keeps it from answering others. Volume is the benchmark's. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeMessage, makeQuery, Name, type QueryOptions, RRType, responseTo } from '@mailanchor/dns';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { unbuilt } from './program.ts';
import { ask, type ResolverProcess } from './resolver-process.ts';
import { frame, Stage } from './resolver-stage.ts';

const stage = new Stage();
const DAY = 86_400_000;
const NAME = 'good-311.example';
let resolver: ResolverProcess;
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

beforeAll(async () => {
  if (unbuilt) return;
  const certificate = issueCertificate(new Seed('hostile'), 'hostile', {
    subject: 'resolver.example',
    names: ['resolver.example'],
    notBefore: Date.now() - DAY,
    notAfter: Date.now() + DAY,
  });
  const key = certificate.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  resolver = await stage.start(
    ...['--listen', '127.0.0.1:0', '--listen-tls', '127.0.0.1:0', '--metrics', '127.0.0.1:0'],
    ...['--tls-cert', stage.file('tls.crt', toPem([certificate])), '--tls-key', stage.file('tls.key', key)],
  );
});

const query = (name: string, type: number, options: QueryOptions = {}) =>
  encodeMessage(makeQuery(Name.fromText(name), type, { rd: true, ...options }));

async function metric(name: string): Promise<number> {
  const [, base] = /(http:\/\/[^/]+)\//.exec(resolver.lines.join('\n'))!;
  const text = await (await fetch(`${base}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`mailanchor_resolver_${name} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

/** Polls the metric until it has grown by so many; the test's time is the limit. */
async function grows(name: string, by: number, cause: () => unknown): Promise<void> {
  const before = await metric(name);
  await cause();
  while ((await metric(name)) < before + by) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Others are served: over UDP, over TCP, from another address. */
async function served(): Promise<void> {
  for (const protocol of ['udp', 'tcp'] as const)
    expect(await ask(resolver.place, NAME, 'MX', { protocol, ad: true })).toMatchObject({
      rcode: 0,
      ad: true,
    });
}

async function stream(place = resolver.place, localAddress = '127.0.0.2'): Promise<Socket> {
  const socket = connect({ port: place.port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

describe.skipIf(unbuilt)('hostile clients', () => {
  test('responses are thrown away, and no answer comes to one: two servers never talk for ever', async () => {
    const socket = createSocket('udp4');
    let answers = 0;
    socket.on('message', () => answers++);
    const asked = makeQuery(Name.fromText(NAME), RRType.MX, { rd: true });
    const response = encodeMessage(responseTo(asked, { rcode: 1 }));
    await grows('dropped_total', 50, () => {
      for (let i = 0; i < 100; i++) socket.send(response, resolver.place.port, '127.0.0.1');
    });
    await served();
    expect(answers).toBe(0);
    socket.close();
  });

  test('frames of no octets, and frames of a response: closed', async () => {
    for (const octets of [
      Uint8Array.of(0, 0),
      Uint8Array.of(0, 5, 1, 2, 3, 4, 5),
      frame(new Uint8Array(12).fill(0xff)),
    ]) {
      await grows('connections_closed_total{reason="malformed"}', 1, async () => {
        const socket = await stream();
        const closed = once(socket.resume(), 'close');
        socket.write(octets);
        await closed;
      });
    }
    await served();
  });

  test('answers that nobody reads keep nobody else waiting', async () => {
    await ask(resolver.place, 'rsa.example', 'DNSKEY', { protocol: 'tcp', do: true });
    const many = new Array<Buffer>(64).fill(frame(query('rsa.example', RRType.DNSKEY, { do: true })));
    const socket = await stream();
    socket.pause();
    for (let i = 0; i < 400 && !socket.destroyed; i++) socket.write(Buffer.concat(many));
    await served();
  });

  test('more connections than one client may have: refused; another client has its own', async () => {
    await grows('connections_closed_total{reason="refused"}', 50, async () => {
      for (let i = 0; i < 250; i++) await stream();
      await served();
    });
  });

  test('TLS that never begins, and TLS that is none', async () => {
    const place = resolver.places('TLS')[0]!;
    await grows('connections_closed_total{reason="malformed"}', 20, async () => {
      for (let i = 0; i < 20; i++) (await stream(place)).write('GET / HTTP/1.0\r\n\r\n');
      // The beginning of a ClientHello, and no more.
      for (let i = 0; i < 50; i++) (await stream(place)).write(Uint8Array.of(0x16, 3, 1, 0, 200, 1));
    });
    await served();
  });

  test('the longest names, and labels of any octets', async () => {
    const label = 'a'.repeat(63);
    const longest = `${label}.${label}.${label}.${'b'.repeat(53)}.example`;
    expect(await ask(resolver.place, longest, 'MX')).toMatchObject({ rcode: 3 });
    expect(await ask(resolver.place, `${'\\000.'.repeat(120)}example`, 'MX')).toMatchObject({ rcode: 3 });
    await served();
  });

  test('what UDP gives back is bounded, whatever is asked: there is little to amplify', async () => {
    const socket = createSocket('udp4');
    const sizes: number[] = [];
    const types = [RRType.DNSKEY, RRType.ANY, RRType.MX, RRType.TXT, RRType.NS, RRType.SOA];
    const payload = 65_535;
    let wanted = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('message', (octets) => {
        sizes.push(octets.length);
        if (sizes.length === wanted) resolve();
      });
    });
    for (const name of ['.', 'example', 'rsa.example', NAME]) {
      for (const type of types) {
        wanted += 2;
        socket.send(
          query(name, type, { do: true, udpPayloadSize: payload }),
          resolver.place.port,
          '127.0.0.1',
        );
        socket.send(query(name, type, { edns: false }), resolver.place.port, '127.0.0.1');
      }
    }
    await all;
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1232);
    socket.close();
  });

  test('all of it is told when the service stops, in one line', async () => {
    expect(await resolver.stop()).toBe(0);
    const told = resolver.lines.filter((line) => /clients ask too much/.test(line));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /packets thrown away: \d+.*connections refused: \d+.*connections without DNS: \d+/,
    );
  });
});
