import { describe, expect, it } from 'vitest';
import type { SessionOptions, SessionResult } from './session.ts';
import { SharedSessions, type SharedSessionsOptions } from './shared-sessions.ts';

const DONE: SessionResult = {
  kind: 'established',
  text: 'TLS established',
  starttls: true,
  tls: null,
  chain: [new Uint8Array(1000)],
  capabilities: [],
  durationMs: 1,
};
const options = (more: Partial<SessionOptions> = {}): SessionOptions => ({
  address: '192.0.2.1',
  port: 25,
  protocol: 'smtp',
  ...more,
});

/** Sessions that end when told so; `asked` is what was really opened. */
function stage(more: SharedSessionsOptions = {}) {
  const asked: SessionOptions[] = [];
  const ends: ((result: SessionResult) => void)[] = [];
  let now = 0;
  const shared = new SharedSessions({
    pauseMs: 0,
    now: () => now,
    open: (wanted) => {
      asked.push(wanted);
      return new Promise((resolve, reject) => {
        ends.push(resolve);
        wanted.signal?.addEventListener('abort', () => reject(wanted.signal?.reason));
      });
    },
    ...more,
  });
  const turn = (): Promise<void> => new Promise(setImmediate);
  const end = async (index: number, result: SessionResult = DONE): Promise<void> => {
    await turn();
    ends[index]!(result);
    await turn();
  };
  return { shared, asked, end, turn, pass: (ms: number) => (now += ms) };
}

describe('sessions that checks share', () => {
  it('one session for all who ask, at the same time or later', async () => {
    const { shared, asked, end } = stage();
    const both = [shared.open(options()), shared.open(options())];
    await end(0);
    expect(await Promise.all([...both, shared.open(options())])).toEqual([DONE, DONE, DONE]);
    expect([asked.length, shared.opened]).toEqual([1, 1]);
  });

  it.each<[string, Partial<SessionOptions>]>([
    ['address', { address: '192.0.2.2' }],
    ['port', { port: 587 }],
    ['server name', { servername: 'a.example' }],
    ['protocol', { protocol: 'imap' }],
    ['EHLO name', { helo: 'a.example' }],
    ['local address', { localAddress: '192.0.2.9' }],
    ['domain', { domain: 'a.example' }],
    ['offer', { offer: 'rsa' }],
    ['attempt', { attempt: 2 }],
  ])('another %s is another session', async (_, more) => {
    const { shared, asked, turn } = stage();
    void shared.open(options());
    void shared.open(options(more));
    await turn();
    expect(asked).toHaveLength(2);
  });

  it('who has no time left is late; the session goes on for the others', async () => {
    const { shared, asked, end } = stage();
    const first = shared.open(options({ limits: { totalMs: 1 } }));
    const second = shared.open(options({ limits: { totalMs: 60_000 } }));
    expect((await first).kind).toBe('deadline');
    await end(0);
    expect((await second).kind).toBe('established');
    expect(asked.map(({ limits }) => limits?.totalMs)).toEqual([30_000]);
  });

  it('who aborts is let go; the session goes on', async () => {
    const { shared, end } = stage();
    const stop = new AbortController();
    const first = shared.open(options({ signal: stop.signal }));
    const second = shared.open(options());
    stop.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await end(0);
    expect(await second).toEqual(DONE);
  });

  it('its own signal ends all', async () => {
    const stop = new AbortController();
    const { shared, turn } = stage({ signal: stop.signal, perAddress: 1 });
    const waiting = [shared.open(options()), shared.open(options({ port: 26 }))];
    await turn();
    stop.abort(new Error('enough'));
    for (const open of waiting) await expect(open).rejects.toThrow('enough');
  });

  it('a session that ran out of time is not kept, one that failed not for long', async () => {
    const { shared, asked, end, pass } = stage({ keepFailedMs: 100, keepMs: 1000 });
    const open = async (result: SessionResult) => {
      const opened = shared.open(options());
      await end(asked.length - 1, result);
      return (await opened).kind;
    };
    await open({ ...DONE, kind: 'deadline' });
    await open({ ...DONE, kind: 'connect-refused' });
    expect(asked).toHaveLength(2);
    pass(99);
    expect((await shared.open(options())).kind).toBe('connect-refused');
    pass(1);
    await open(DONE);
    pass(999);
    await shared.open(options());
    expect(asked).toHaveLength(3);
    pass(1);
    void shared.open(options());
    await new Promise(setImmediate);
    expect(asked).toHaveLength(4);
  });

  it('no more at a time to one address than asked for', async () => {
    const { shared, asked, end, turn } = stage({ perAddress: 2 });
    const all = [25, 26, 27, 28].map((port) => shared.open(options({ port })));
    void shared.open(options({ address: '192.0.2.2' }));
    await turn();
    expect(asked.map(({ address, port }) => `${address} ${port}`)).toEqual([
      '192.0.2.1 25',
      '192.0.2.1 26',
      '192.0.2.2 25',
    ]);
    await end(0);
    expect(asked).toHaveLength(4);
    for (const index of [1, 3]) await end(index);
    await end(4);
    await Promise.all(all);
  });

  it('no more octets are kept than allowed, those longest unused go first', async () => {
    const { shared, asked, end } = stage({ maxOctets: 10_000 });
    const open = async (port: number) => {
      const before = asked.length;
      const opened = shared.open(options({ port }));
      await new Promise(setImmediate);
      if (asked.length > before) await end(before);
      await opened;
    };
    for (const port of [1, 2, 1, 3]) await open(port);
    expect(asked.map(({ port }) => port)).toEqual([1, 2, 3]);
    await open(1);
    await open(2);
    expect(asked.map(({ port }) => port)).toEqual([1, 2, 3, 2]);
  });

  it('a connection that stands is told to those who come later as well', async () => {
    const { shared, asked, end, turn } = stage();
    const told: string[] = [];
    void shared.open(options({ onConnect: () => told.push('first') }));
    void shared.open(options({ onConnect: () => told.push('second') }));
    await turn();
    asked[0]?.onConnect?.();
    await end(0);
    await shared.open(options({ onConnect: () => told.push('third') }));
    await turn();
    expect(told).toEqual(['first', 'second', 'third']);
  });

  it('a connection that never stood is not', async () => {
    const { shared, end, turn } = stage();
    let told = 0;
    const opened = shared.open(options({ onConnect: () => told++ }));
    await end(0, { ...DONE, kind: 'connect-refused' });
    await opened;
    await turn();
    expect(told).toBe(0);
  });
});
