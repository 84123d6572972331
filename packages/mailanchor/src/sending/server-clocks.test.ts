import {
  createCookieJar,
  encodeCookie,
  type Message,
  Name,
  RRType,
  responseTo,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import { expect, test } from 'vitest';
import { agreement, askClocks } from './server-clocks.ts';

const { signal } = new AbortController();
const NOW_MS = 1_800_000_000_000;
const CLIENT = new Uint8Array(8).fill(7);

/** Servers by their address: the last octet says how. */
const transport: Transport = {
  async exchange(query: Message, { address }) {
    expect(query.questions[0]).toMatchObject({ name: Name.root, type: RRType.SOA });
    const cookie = (server: Uint8Array) =>
      responseTo(query, { edns: { options: [encodeCookie({ client: CLIENT, server })] } });
    switch (address.split('.')[3]) {
      case '1': {
        const jar = createCookieJar({ clock: () => NOW_MS + 90_000 });
        return responseTo(query, { edns: { options: [jar.judge({ client: CLIENT }, address).option] } });
      }
      case '2':
        return responseTo(query);
      case '3':
        throw new TransportError('timeout', 'no answer in time');
      case '4':
        return cookie(new Uint8Array(16).fill(9));
      case '5':
        return cookie(new Uint8Array(8).fill(1));
      default:
        return cookie(Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }
  },
  close() {},
};

test('the time in cookies of RFC 9018; other cookies and silence are no clock', async () => {
  const addresses = [1, 2, 3, 4, 5, 6, 1].map((i) => `192.0.2.${i}`);
  expect(await askClocks(addresses, { transport, port: 53, signal, clock: () => NOW_MS })).toEqual([
    { address: '192.0.2.1', ahead: 90 },
  ]);
});

test('no more than so many are asked', async () => {
  let asked = 0;
  const counting: Transport = {
    async exchange(query) {
      asked++;
      return responseTo(query);
    },
    close() {},
  };
  const addresses = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
  await askClocks(addresses, { transport: counting, port: 53, signal, clock: () => NOW_MS });
  expect(asked).toBe(24);
});

test('the median of those that agree', () => {
  const clocks = (...ahead: number[]) => ahead.map((seconds) => ({ address: 'x', ahead: seconds }));
  expect(agreement(clocks(10, 11, 12, 9000))).toEqual({ servers: 3, ahead: 12 });
  expect(agreement(clocks())).toBeUndefined();
});
