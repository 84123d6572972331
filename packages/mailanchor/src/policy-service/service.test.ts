import { describe, expect, test } from 'vitest';
import type { Answer } from './answer.ts';
import type { LookedUp } from './look-up.ts';
import { Overrides } from './overrides.ts';
import { PolicyService, type PolicyServiceOptions } from './service.ts';

const HOUR = 3_600_000;
const DANE: Answer = { status: 'OK', text: 'dane-only', reason: 'signed' };
const NONE: Answer = { status: 'NOTFOUND', text: '', reason: 'no records' };
const LATER: Answer = { status: 'TEMP', text: 'later', reason: 'later' };

/** A service whose lookups end when the test says so, and a clock that it moves. */
class Scene {
  now = Date.UTC(2026, 0, 1);
  running = 0;
  readonly lookups: { key: string; done: (found: LookedUp) => void }[] = [];
  readonly service: PolicyService;

  constructor(options: Partial<PolicyServiceOptions> = {}) {
    this.service = new PolicyService({
      lookUp: (key) => new Promise((done) => this.lookups.push({ key: key.text, done })),
      clock: () => this.now,
      running: () => this.running,
      cacheEntries: 100,
      maxLookups: 3,
      ...options,
    });
  }

  later(ms: number): void {
    this.now += ms;
    this.running += ms;
  }

  /** Asks, and ends the lookup that this began. */
  async learn(key: string, answer: Answer, ttl: number): Promise<void> {
    const asked = this.service.answer(key);
    this.lookups.at(-1)!.done({ answer, ttl });
    expect(await asked).toEqual(answer);
  }

  /** What is known at once; undefined where a lookup is made. */
  known(key: string): string | undefined {
    const answer = this.service.answer(key);
    return answer instanceof Promise ? undefined : `${answer.status} ${answer.text}`.trim();
  }
}

describe('what is known', () => {
  test.each<[string, Answer, number, number]>([
    ['a policy: its TTL', DANE, 600, 600],
    ['a policy: a day at most', DANE, 1_000_000, 86_400],
    ['none: a quarter of an hour at most', NONE, 86_400, 900],
    ['not known: briefly', LATER, 15, 15],
  ])('%s', async (_, answer, ttl, seconds) => {
    const scene = new Scene();
    await scene.learn('example.org', answer, ttl);
    scene.later(seconds * 1000 - 1);
    expect(scene.known('EXAMPLE.org.')).toBe(`${answer.status} ${answer.text}`.trim());
    scene.later(1);
    expect(scene.known('example.org')).toBeUndefined();
  });
  test('with a TTL of 0 it answers those who asked, and nobody else', async () => {
    const scene = new Scene();
    await scene.learn('example.org', DANE, 0);
    expect(scene.known('example.org')).toBeUndefined();
  });
  test('a clock set back, or forward, makes nothing last longer', async () => {
    const scene = new Scene();
    await scene.learn('example.org', DANE, 3600);
    scene.now -= HOUR;
    expect(scene.known('example.org')).toBeUndefined();
    scene.lookups.at(-1)!.done({ answer: DANE, ttl: 3600 });
    await Promise.resolve();
    scene.now += 2 * HOUR;
    expect(scene.known('example.org')).toBeUndefined();
  });
  test('a clock set back within the time of an answer does not stretch it', async () => {
    const scene = new Scene();
    await scene.learn('example.org', DANE, 3600);
    scene.later(HOUR / 2);
    scene.now -= HOUR / 3;
    scene.later(HOUR / 2 - 1);
    expect(scene.known('example.org')).toBe('OK dane-only');
    scene.later(1);
    expect(scene.known('example.org')).toBeUndefined();
  });
  test('keys that have no policy ask nobody', () => {
    const scene = new Scene();
    expect(['.example.org', '[192.0.2.1]', 'a b'].map((key) => scene.known(key))).toEqual(
      Array(3).fill('NOTFOUND'),
    );
    expect(scene.known('example.org:lmtp')).toMatch(/^PERM/);
    expect(scene.lookups).toEqual([]);
  });
  test('bounded; what is asked for stays', async () => {
    const scene = new Scene({ cacheEntries: 10 });
    for (let i = 0; i < 1000; i++) {
      await scene.learn(`d${i}.example`, DANE, 3600);
      expect(scene.known('d0.example')).toBe('OK dane-only');
    }
    expect(scene.service.cache.size).toBe(10);
  });
});

describe('lookups', () => {
  test('one for all who ask', async () => {
    const scene = new Scene();
    const asked = ['example.org', 'EXAMPLE.ORG', 'example.org:25'].map((key) => scene.service.answer(key));
    expect(scene.lookups).toHaveLength(1);
    scene.lookups[0]!.done({ answer: DANE, ttl: 60 });
    expect(await Promise.all(asked)).toEqual([DANE, DANE, DANE]);
  });
  test('so many at a time; others are told to come again, and that is not kept', () => {
    const scene = new Scene();
    for (const key of ['a.example', 'b.example', 'c.example']) expect(scene.known(key)).toBeUndefined();
    expect(scene.known('d.example')).toMatch(/^TEMP d.example: too many/);
    expect(scene.known('a.example')).toBeUndefined();
    expect(scene.service.cache.size).toBe(0);
    expect(scene.lookups).toHaveLength(3);
  });
  test('one that rejects is TEMP', async () => {
    const scene = new Scene({ lookUp: () => Promise.reject(new Error('broken')) });
    expect(await scene.service.answer('example.org')).toMatchObject({ status: 'TEMP' });
    expect(scene.service.underWay).toBe(0);
  });
});

describe('renewal', () => {
  test('by the question of somebody, before its time is over, one lookup', async () => {
    const scene = new Scene();
    await scene.learn('example.org', DANE, 3600);
    scene.later(HOUR * 0.85);
    scene.known('example.org');
    expect(scene.lookups).toHaveLength(1);
    scene.later(HOUR * 0.1);
    for (let i = 0; i < 3; i++) expect(scene.known('example.org')).toBe('OK dane-only');
    expect(scene.lookups).toHaveLength(2);
    scene.lookups[1]!.done({ answer: DANE, ttl: 3600 });
    await new Promise(setImmediate);
    scene.later(HOUR * 0.5);
    expect(scene.known('example.org')).toBe('OK dane-only');
  });
  test('that fails leaves what holds, until its time is over', async () => {
    const scene = new Scene();
    await scene.learn('example.org', DANE, 3600);
    scene.later(HOUR - 1000);
    scene.known('example.org');
    scene.lookups[1]!.done({ answer: LATER, ttl: 15 });
    await new Promise(setImmediate);
    expect(scene.known('example.org')).toBe('OK dane-only');
    scene.later(1000);
    expect(scene.known('example.org')).toBeUndefined();
  });
});

describe('purge and reset', () => {
  test('what is under way is not kept', async () => {
    const scene = new Scene();
    await scene.learn('a.example', DANE, 3600);
    expect([scene.service.purge('A.example'), scene.service.purge('a.example')]).toEqual([1, 0]);
    for (const forget of [() => scene.service.purge('b.example'), () => scene.service.reset()]) {
      const asked = scene.service.answer('b.example');
      forget();
      scene.lookups.at(-1)!.done({ answer: DANE, ttl: 3600 });
      expect(await asked).toEqual(DANE);
      expect(scene.service.cache.size).toBe(0);
    }
    expect(() => scene.service.purge('.')).toThrow(TypeError);
  });
});

describe('rule 32: static overrides come first', () => {
  const override = (domain: string, policy: string) => ({
    domain,
    policy,
    reason: 'their key is broken',
    expires: Date.UTC(2026, 0, 2),
    from: 'test',
  });
  test('the nearest that holds', async () => {
    const scene = new Scene();
    await scene.learn('example.org', DANE, 86_400);
    scene.service.overrides = new Overrides([
      override('example.org', 'may'),
      override('.example.org', 'encrypt'),
      override('.a.example.org', 'default'),
      override('[relay.example]:587', 'secure match=relay.example'),
    ]);
    expect(
      ['example.org', 'example.org:587', 'b.example.org', 'x.a.example.org', '[relay.example]:587'].map(
        (key) => scene.known(key),
      ),
    ).toEqual(['OK may', 'OK may', 'OK encrypt', 'NOTFOUND', 'OK secure match=relay.example']);
    expect(scene.known('[relay.example]')).toBeUndefined();
    expect(scene.service.answer('example.org')).toMatchObject({
      reason: 'set by hand until 2026-01-02 00:00 UTC: their key is broken',
    });
    scene.later(24 * HOUR - 1);
    expect(scene.known('example.org')).toBe('OK may');
    scene.later(1);
    expect(scene.known('example.org')).toBeUndefined();
  });
});
