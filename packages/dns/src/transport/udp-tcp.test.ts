import { afterEach, describe, expect, it } from 'vitest';
import { type FakeServerOptions, startFakeServer } from '../../test/fake-server.ts';
import { RRType } from '../iana/rr-type.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import type { ResourceRecord } from '../record.ts';
import { createTransport } from './udp-tcp.ts';

const name = Name.fromText('example.com');
const query = makeQuery(name, RRType.TXT);
const large: ResourceRecord[] = Array.from({ length: 3 }, (_, i) => ({
  name,
  type: RRType.TXT,
  class: 1,
  ttl: 60,
  rdata: new Uint8Array(600).fill(i),
}));

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function setUp(options: FakeServerOptions) {
  const server = await startFakeServer(options);
  const transport = createTransport();
  open.push(transport, server);
  return { server, transport };
}

/** As a server does: over UDP no more than the query says that it takes. */
const overUdp: FakeServerOptions['udp'] = (octets, reply) => {
  const asked = decodeMessage(octets);
  reply(
    encodeMessage(responseTo(asked, { answers: large }), { maxOctets: asked.edns?.udpPayloadSize ?? 512 }),
  );
};

describe('createTransport', () => {
  it('asks over TCP when the response over UDP is truncated', async () => {
    const { server, transport } = await setUp({
      udp: overUdp,
      tcp: (octets, send) => send(encodeMessage(responseTo(decodeMessage(octets), { answers: large }))),
    });
    const message = await transport.exchange(query, server.endpoint, { timeoutMs: 15_000 });
    expect(message).toMatchObject({ tc: false, answers: [{}, {}, {}] });
    expect(server.connections.length).toBe(1);
  });

  it('stays with UDP when it is not', async () => {
    const { server, transport } = await setUp({ udp: overUdp });
    const roomy = makeQuery(name, RRType.TXT, { udpPayloadSize: 4096 });
    const message = await transport.exchange(roomy, server.endpoint, { timeoutMs: 15_000 });
    expect(message.answers.length).toBe(3);
    expect(server.connections.length).toBe(0);
  });

  it('never takes the truncated response for an answer', async () => {
    const { server, transport } = await setUp({
      udp: overUdp,
      tcp: (_octets, _send, socket) => socket.destroy(),
    });
    const exchange = transport.exchange(query, server.endpoint, { timeoutMs: 15_000 });
    await expect(exchange).rejects.toMatchObject({ name: 'TransportError', code: 'closed' });
  });

  it('gives TCP what is left of the time, not the whole again', async () => {
    const given: number[] = [];
    const truncated = responseTo(query);
    const transport = createTransport({
      udp: {
        exchange: (_query, _server, { timeoutMs }) => {
          given.push(timeoutMs);
          return new Promise((resolve) => setTimeout(() => resolve({ ...truncated, tc: true }), 30));
        },
        close: () => {},
      },
      tcp: {
        exchange: async (_query, _server, { timeoutMs }) => {
          given.push(timeoutMs);
          return truncated;
        },
        close: () => {},
      },
    });
    await transport.exchange(query, { address: '127.0.0.1', port: 53 }, { timeoutMs: 1000 });
    expect(given[0]).toBe(1000);
    expect(given[1]).toBeLessThanOrEqual(975);
    expect(given[1]).toBeGreaterThan(0);
  });
});
