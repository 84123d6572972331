import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import type { FetchPolicy } from './fetch.ts';
import { type KeptSts, StsCache, sharedSts } from './sts-cache.ts';

const HOST = 'mta-sts.example.org. 300 IN A 192.0.2.1';
const zone = (id: string): string => `_mta-sts.example.org. 300 IN TXT "v=STSv1; id=${id};"\n${HOST}`;
const policy = (mode: string, mx: string): string =>
  `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 1000\n`;

class Scene {
  now = 0;
  fetched = 0;
  body: string | undefined;
  readonly store = new Map<string, KeptSts>();
  readonly cache: StsCache;

  constructor() {
    const fetch: FetchPolicy = async () => {
      this.fetched++;
      return this.body === undefined
        ? { kind: 'failed', stage: 'connection', text: 'refused' }
        : { kind: 'fetched', body: this.body };
    };
    const clock = () => this.now;
    this.cache = new StsCache({ fetch, clock, running: clock, store: this.store, backOffMs: 60_000 });
  }

  async find(text: string, failures: FakeTable['failures'] = {}): Promise<string> {
    const resolver = new FakeResolver({ zone: text, failures });
    const found = await this.cache.find('example.org', { resolver, timeoutMs: 1000 });
    const { policy: kept, discovery } = found;
    return `${kept ? `${kept.mode} ${kept.mx}` : 'none'}, ${discovery.kind}`;
  }
}

test('fetched once for each id, kept for its max_age over whatever fails later', async () => {
  const scene = new Scene();
  expect(await scene.find(HOST)).toBe('none, absent');
  scene.body = policy('enforce', 'a.example.net');
  expect(await scene.find(zone('1'))).toBe('enforce a.example.net, policy');
  expect(await scene.find(zone('1'))).toBe('enforce a.example.net, announced');
  expect(scene.fetched).toBe(1);
  scene.body = undefined;
  expect(await scene.find(zone('2'))).toBe('enforce a.example.net, invalid');
  expect(await scene.find(HOST)).toBe('enforce a.example.net, absent');
  const bogus = { '_mta-sts.example.org TXT': { status: 'bogus' } } as const;
  expect(await scene.find(zone('1'), bogus)).toBe('enforce a.example.net, unknown');
  expect(scene.store.get('example.org')).toMatchObject({ id: '1', fetched: 0, expires: 1_000_000 });
  scene.now = 1_000_000;
  expect(await scene.find(HOST)).toBe('none, absent');
});

test('a policy host that fails is left alone for a while, one id of it', async () => {
  const scene = new Scene();
  expect(await scene.find(zone('1'))).toBe('none, invalid');
  expect(await scene.find(zone('1'))).toBe('none, invalid');
  expect(scene.fetched).toBe(1);
  scene.body = policy('testing', 'a.example.net');
  expect(await scene.find(zone('2'))).toBe('testing a.example.net, policy');
  scene.now += 60_000;
  expect(await scene.find(zone('1'))).toBe('testing a.example.net, policy');
  expect(scene.fetched).toBe(3);
});

test('fetched anew in half of its time, without anybody waiting for that', async () => {
  const scene = new Scene();
  scene.body = policy('enforce', 'a.example.net');
  await scene.find(zone('1'));
  scene.body = policy('enforce', 'b.example.net');
  scene.now = 499_999;
  await scene.find(zone('1'));
  expect(scene.fetched).toBe(1);
  scene.now = 500_000;
  expect(await scene.find(zone('1'))).toBe('enforce a.example.net, announced');
  await expect.poll(() => scene.store.get('example.org')?.expires, { timeout: 10_000 }).toBe(1_500_000);
  expect(await scene.find(zone('1'))).toBe('enforce b.example.net, announced');
  expect(scene.fetched).toBe(2);
  // One that fails leaves the policy to its end, and is not tried again at once.
  scene.body = undefined;
  scene.now = 1_000_000;
  for (let i = 0; i < 3; i++) {
    expect(await scene.find(zone('1'))).toBe('enforce b.example.net, announced');
    await new Promise(setImmediate);
  }
  expect(scene.fetched).toBe(3);
});

test('many ask, one fetch; each waits as long as it can', async () => {
  let fetched = 0;
  const answer = Promise.withResolvers<string>();
  const fetch: FetchPolicy = async () => {
    fetched++;
    return { kind: 'fetched', body: await answer.promise };
  };
  const cache = new StsCache({ fetch });
  const resolver = new FakeResolver({ zone: zone('1') });
  const stop = new AbortController();
  const ask = (timeoutMs: number, signal?: AbortSignal) =>
    cache.find('example.org', { resolver, timeoutMs, signal });
  const patient = [ask(5_000), ask(5_000)];
  expect(await ask(20)).toMatchObject({ policy: undefined, discovery: { kind: 'invalid', part: 'time' } });
  const stopped = ask(5_000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  answer.resolve(policy('enforce', 'a.example.net'));
  for (const { policy: found } of await Promise.all(patient)) expect(found?.mx).toEqual(['a.example.net']);
  expect(fetched).toBe(1);
});

test('bounded, the oldest goes first', async () => {
  const fetch: FetchPolicy = async () => ({ kind: 'fetched', body: policy('enforce', 'a.example.net') });
  const cache = new StsCache({ fetch, max: 1 });
  const table = ['a', 'b'].map(
    (name) =>
      `_mta-sts.${name}.example. 300 IN TXT "v=STSv1; id=1;"\nmta-sts.${name}.example. 300 IN A 192.0.2.1`,
  );
  const resolver = new FakeResolver({ zone: table.join('\n') });
  const find = async (domain: string): Promise<string> =>
    (await cache.find(domain, { resolver, timeoutMs: 1000 })).discovery.kind;
  expect(await find('a.example')).toBe('policy');
  expect(await find('a.example')).toBe('announced');
  expect(await find('b.example')).toBe('policy');
  expect(await find('a.example')).toBe('policy');
});

test('a name without room for a record has none; one cache for the process', async () => {
  const long = `${`${'a'.repeat(60)}.`.repeat(4)}example`;
  const found = await new StsCache().find(long, { resolver: new FakeResolver({ zone: '' }), timeoutMs: 10 });
  expect(found).toEqual({ policy: undefined, discovery: { kind: 'absent' } });
  expect(sharedSts()).toBe(sharedSts());
});
