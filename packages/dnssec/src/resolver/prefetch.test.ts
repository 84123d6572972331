import { expect, test } from 'vitest';
import { answers, flipped, on } from '../../test/signed-network/forge.ts';
import { World, type WorldOptions } from '../../test/signed-network/world.ts';

const Q = 'A www.example. @192.0.2.2';
const TEXT = 'www A 192.0.2.80\nalias CNAME www\nshort 9 A 192.0.2.81';
const world = (options: WorldOptions = {}) =>
  new World([{ name: 'example.', text: TEXT }], { prefetch: true, ...options });
/** Until nothing more happens: the network answers within microtasks. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function asked(w: World): Promise<string[]> {
  await settled();
  return w.network.log();
}

test('an answer asked for in the last tenth of its time is looked up anew, once, while the asker is served', async () => {
  const w = world();
  await w.ask('www.example.');
  w.pass(3239);
  expect((await w.ask('www.example.')).ttl).toBe(361);
  w.network.log();
  expect(await asked(w)).toEqual([]);
  w.pass(1);
  const [first, second] = await Promise.all([w.ask('www.example.'), w.ask('alias.example.')]);
  expect([first.ttl, second.status]).toEqual([360, 'secure']);
  expect((await asked(w)).filter((line) => line === Q)).toHaveLength(1);
  expect((await w.ask('www.example.')).ttl).toBe(3600);
  expect(w.resolver.stats().prefetches).toBe(1);
});

test('off where nobody asks for it', async () => {
  const w = world({ prefetch: false });
  await w.ask('www.example.');
  w.pass(3599);
  w.network.log();
  await w.ask('www.example.');
  expect(await asked(w)).toEqual([]);
});

test('what lives for seconds only is left alone', async () => {
  const w = world();
  await w.ask('short.example.');
  w.pass(8);
  w.network.log();
  await w.ask('short.example.');
  expect(await asked(w)).toEqual([]);
});

test('a lookup that fails changes nothing and is not repeated at once; nothing outlives its time', async () => {
  const w = world();
  await w.ask('www.example.');
  w.pass(3400);
  on('www.example. A', answers(flipped('A')))(w);
  w.network.log();
  expect((await w.ask('www.example.')).status).toBe('secure');
  expect(await asked(w)).toContain(Q);
  expect(await w.ask('www.example.')).toMatchObject({ status: 'secure', ttl: 200 });
  expect(await asked(w)).toEqual([]);
  w.pass(6);
  expect((await w.ask('www.example.')).status).toBe('secure');
  expect(await asked(w)).toContain(Q);
  w.pass(194);
  expect((await w.ask('www.example.')).status).toBe('bogus');
});

test('a bound on what it may cost', async () => {
  const w = world({ budgets: { upstreamQueries: 4, packetMs: 1 } });
  expect((await w.ask('www.example.')).status).toBe('indeterminate');
  const calm = world();
  await calm.ask('www.example.');
  calm.pass(3400);
  calm.network.silence('192.0.2.2');
  await calm.ask('www.example.');
  expect((await asked(calm)).length).toBeLessThan(10);
});
