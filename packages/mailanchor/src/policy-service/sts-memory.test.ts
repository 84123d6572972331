import { FakeResolver } from '@mailanchor/dnssec';
import type { FetchPolicy } from '@mailanchor/smtp';
import { describe, expect, test } from 'vitest';
import { type StsFetched, StsMemory } from './sts-memory.ts';
import { readStsSnapshot, writeStsSnapshot } from './sts-snapshot.ts';

const HOST = 'mta-sts.example.org. 300 IN A 192.0.2.1';
const zone = (id: string) => `_mta-sts.example.org. 300 IN TXT "v=STSv1; id=${id};"\n${HOST}`;
const policy = (mode: string, mx: string, maxAge = 1000) =>
  `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${maxAge}\n`;
const DAY = 86_400_000;
const FIVE_MINUTES = 300_000;

class Scene {
  now = 0;
  running = 0;
  fetched = 0;
  body: string | undefined;
  readonly told: StsFetched[] = [];
  readonly memory: StsMemory;

  constructor(max = 10) {
    const fetch: FetchPolicy = async () => {
      this.fetched++;
      return this.body === undefined
        ? { kind: 'failed', stage: 'connection', text: 'refused' }
        : { kind: 'fetched', body: this.body };
    };
    const clocks = { clock: () => this.now, running: () => this.running };
    this.memory = new StsMemory({ fetch, ...clocks, max, onFetch: (event) => this.told.push(event) });
  }

  later(ms: number): void {
    this.now += ms;
    this.running += ms;
  }

  async find(text: string, failures = {}, domain = 'example.org'): Promise<string> {
    const resolver = new FakeResolver({ zone: text, failures });
    const { sts, ttl, note } = await this.memory.find(domain, { resolver, timeoutMs: 1000 });
    return `${sts?.mx.join(' ') ?? 'none'} ${ttl}${note ? ` (${note})` : ''}`;
  }

  async refresh(text: string): Promise<void> {
    this.memory.refreshDue({ resolver: new FakeResolver({ zone: text }) });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('fetched once for each id, kept for its max_age over whatever fails later', async () => {
  const scene = new Scene();
  expect(await scene.find(HOST)).toBe('none Infinity');
  scene.body = policy('enforce', 'a.example.net');
  expect(await scene.find(zone('1'))).toBe('a.example.net 1000');
  scene.later(100_000);
  expect(await scene.find(zone('1'))).toBe('a.example.net 900');
  expect(scene.fetched).toBe(1);
  scene.body = undefined;
  expect(await scene.find(zone('2'))).toBe('a.example.net 900');
  expect(scene.told.at(-1)).toEqual({
    domain: 'example.org',
    result: 'connection',
    text: 'refused',
    kept: { id: '1', policy: expect.objectContaining({ mode: 'enforce' }), fetched: 0, expires: 1_000_000 },
  });
  expect(await scene.find(HOST)).toBe('a.example.net 900');
  expect(await scene.find(zone('1'), { '_mta-sts.example.org TXT': { status: 'bogus' } })).toBe(
    'a.example.net 900',
  );
  scene.body = policy('enforce', 'b.example.net');
  expect(await scene.find(zone('3'))).toBe('b.example.net 1000');
  scene.body = policy('testing', 'b.example.net');
  expect(await scene.find(zone('4'))).toBe('none 1000 (its policy is in mode testing)');
  scene.body = policy('none', 'b.example.net');
  expect(await scene.find(zone('5'))).toBe('none 1000 (its policy is in mode none)');
  scene.body = policy('enforce', 'c.example.net');
  expect(await scene.find(zone('6'))).toBe('c.example.net 1000');
  scene.later(1_000_000);
  scene.body = undefined;
  expect(await scene.find(zone('6'))).toBe('none Infinity (its policy is not known: refused)');
});

test('a fetch that failed is tried again for another id, or after five minutes', async () => {
  const scene = new Scene();
  const failed = 'none Infinity (its policy is not known: refused)';
  expect(await scene.find(zone('1'))).toBe(failed);
  scene.body = policy('enforce', 'a.example.net');
  scene.later(FIVE_MINUTES - 1);
  expect(await scene.find(zone('1'))).toBe(failed);
  expect(scene.fetched).toBe(1);
  scene.later(1);
  expect(await scene.find(zone('1'))).toBe('a.example.net 1000');
  scene.body = 'nonsense';
  expect(await scene.find(zone('2'))).toBe('a.example.net 1000');
  expect(scene.told.map(({ result }) => result)).toEqual(['connection', 'policy', 'invalid']);
  scene.body = policy('enforce', 'b.example.net');
  expect(await scene.find(zone('3'))).toBe('b.example.net 1000');
});

describe('what is kept is fetched anew', () => {
  test('once a day, whatever the record says, and holds from then on', async () => {
    const scene = new Scene();
    scene.body = policy('enforce', 'a.example.net', 604_800);
    await scene.find(zone('1'));
    scene.later(DAY - 1);
    await scene.refresh(HOST);
    expect(scene.fetched).toBe(1);
    scene.later(1);
    await scene.refresh(HOST);
    expect(scene.fetched).toBe(2);
    expect(await scene.find(HOST)).toBe('a.example.net 604800');
    scene.body = undefined;
    scene.later(DAY);
    await scene.refresh(HOST);
    await scene.refresh(HOST);
    // Not again before five minutes, and told of: somebody may be in the way.
    expect(scene.fetched).toBe(3);
    expect(scene.told.at(-1)).toMatchObject({ result: 'connection', kept: { policy: { mode: 'enforce' } } });
    expect(await scene.find(HOST)).toBe('a.example.net 518400');
  });

  test('half way where it holds for less, without anybody waiting for that', async () => {
    const scene = new Scene();
    scene.body = policy('enforce', 'a.example.net');
    await scene.find(zone('1'));
    scene.later(500_000);
    scene.body = policy('enforce', 'b.example.net');
    expect(await scene.find(zone('1'))).toBe('a.example.net 500');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await scene.find(zone('1'))).toBe('b.example.net 1000');
  });
});

test('a clock that jumps has no policy hold for longer, and takes none away by going back', async () => {
  const scene = new Scene();
  scene.body = policy('enforce', 'a.example.net');
  await scene.find(zone('1'));
  scene.now -= DAY;
  expect(await scene.find(zone('1'))).toBe('a.example.net 1000');
  scene.running += 1_000_000;
  scene.body = undefined;
  expect(await scene.find(zone('1'))).toMatch(/^none/);
});

describe('kept for the next run', () => {
  async function made(): Promise<Buffer> {
    const scene = new Scene();
    scene.now = 5_000;
    scene.body = policy('enforce', 'a.example.net');
    await scene.find(zone('1'));
    return writeStsSnapshot(scene.memory, 'ab12');
  }

  test.each([
    ['for what is left of their time', 105_000, 1, 'a.example.net 900'],
    ['not beyond it', 1_005_000, 0, 'none Infinity (its policy is not known: refused)'],
    ['from now on where the clock has gone back', 1_000, 1, 'a.example.net 1000'],
  ] as const)('%s', async (_, now, taken, found) => {
    const scene = new Scene();
    scene.now = now;
    expect(await readStsSnapshot(await made(), scene.memory, 'ab12')).toBe(taken);
    expect(await scene.find(zone('1'))).toBe(found);
  });

  test('other CAs, or damage: nothing', async () => {
    const whole = await made();
    const { memory } = new Scene();
    await expect(readStsSnapshot(whole, memory, 'ab13')).rejects.toThrow('other settings');
    whole[whole.length - 4]! ^= 1;
    await expect(readStsSnapshot(whole, memory, 'ab12')).rejects.toThrow('damaged');
    expect(memory.store.size).toBe(0);
  });
});

test('bounded, and a name without room for a record has none', async () => {
  const scene = new Scene(1);
  scene.body = policy('enforce', 'a.example.net');
  await scene.find(zone('1'));
  await scene.find(zone('1').replaceAll('example.org', 'example.com'), {}, 'example.com');
  expect(scene.memory.store.size).toBe(1);
  scene.body = undefined;
  expect(await scene.find(HOST)).toBe('none Infinity');
  const label = 'a'.repeat(60);
  expect(await scene.find(HOST, {}, `${label}.${label}.${label}.${label}`)).toBe('none Infinity');
});
