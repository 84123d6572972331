import {
  type Endpoint,
  type ExchangeOptions,
  type Message,
  Name,
  RRType,
  responseTo,
  TransportError,
  type TransportErrorCode,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '../deadline.ts';
import { ServerAsker } from './server-asker.ts';

const ADDRESS = '192.0.2.1';
const MINUTE = 60_000;

/** A server that fails as told, or answers; `sent` counts packets. */
function world(fails?: TransportErrorCode) {
  let now = 0;
  const sent: { query: Message; server: Endpoint; limits: ExchangeOptions }[] = [];
  const asker = new ServerAsker({
    port: 5300,
    now: () => now,
    transport: {
      async exchange(query, server, limits) {
        sent.push({ query, server, limits });
        if (fails) throw new TransportError(fails, `it is ${fails}`);
        return responseTo(query, {});
      },
      close() {},
    },
  });
  const ask = (label: string, milliseconds = MINUTE) =>
    asker.ask(ADDRESS, Name.fromText(`${label}.example`), RRType.A, {
      deadline: deadlineAfter(milliseconds, () => 0),
    });
  return {
    sent,
    ask,
    pass(milliseconds: number) {
      now += milliseconds;
    },
  };
}

describe('a question to one server', () => {
  test('not recursive, DNSSEC OK, at the port of authoritative servers', async () => {
    const { sent, ask } = world();
    expect((await ask('a')).kind).toBe('message');
    expect(sent[0]!.server).toEqual({ address: ADDRESS, port: 5300 });
    expect(sent[0]!.query).toMatchObject({ rd: false, cd: false, edns: { do: true } });
  });

  test('what was answered serves for a minute', async () => {
    const { sent, ask, pass } = world();
    await Promise.all([ask('a'), ask('a')]);
    pass(MINUTE - 1);
    await ask('a');
    expect(sent).toHaveLength(1);
    pass(1);
    await ask('a');
    expect(sent).toHaveLength(2);
  });

  test('silence: two packets a question, and after two questions none any more', async () => {
    const { sent, ask } = world('timeout');
    expect(await ask('a')).toEqual({ kind: 'silent', text: 'it is timeout' });
    expect(sent).toHaveLength(2);
    await ask('b');
    expect(sent).toHaveLength(4);
    expect(await ask('c')).toEqual({ kind: 'silent', text: 'no answer' });
    expect(sent).toHaveLength(4);
  });

  test.each([
    ['refused', 'silent'],
    ['malformed', 'silent'],
    ['unreachable', 'not-asked'],
    ['closed', 'not-asked'],
  ] as const)('%s: %s, after one packet', async (fails, kind) => {
    const { sent, ask } = world(fails);
    expect((await ask('a')).kind).toBe(kind);
    expect(sent).toHaveLength(1);
  });

  test('no time left says nothing of the server, and is not kept', async () => {
    const { sent, ask } = world();
    expect(await ask('a', 0)).toEqual({ kind: 'not-asked', text: 'no time left' });
    expect(sent).toHaveLength(0);
    expect((await ask('a')).kind).toBe('message');
  });

  test('nor does a time limit that was cut short', async () => {
    const { sent, ask } = world('timeout');
    expect((await ask('a', 10)).kind).toBe('not-asked');
    expect(sent[0]!.limits.timeoutMs).toBe(10);
  });
});
