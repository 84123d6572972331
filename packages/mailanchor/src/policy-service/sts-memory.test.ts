import { FakeResolver } from '@mailanchor/dnssec';
import type { FetchPolicy } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { StsMemory } from './sts-memory.ts';

const HOST = 'mta-sts.example.org. 300 IN A 192.0.2.1';
const zone = (id: string) => `_mta-sts.example.org. 300 IN TXT "v=STSv1; id=${id};"\n${HOST}`;
const policy = (mode: string, mx: string) => `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 1000\n`;

class Scene {
  now = 0;
  fetched = 0;
  body: string | undefined;
  readonly memory: StsMemory;

  constructor(max = 10) {
    const fetch: FetchPolicy = async () => {
      this.fetched++;
      return this.body === undefined
        ? { kind: 'failed', stage: 'connection', text: 'refused' }
        : { kind: 'fetched', body: this.body };
    };
    this.memory = new StsMemory({ fetch, clock: () => this.now, max });
  }

  async find(text: string, failures = {}, domain = 'example.org'): Promise<string> {
    const resolver = new FakeResolver({ zone: text, failures });
    const { sts, ttl } = await this.memory.find(domain, { resolver, timeoutMs: 1000 });
    return `${sts?.mx.join(' ') ?? 'none'} ${ttl}`;
  }
}

test('fetched once for each id, kept for its max_age over whatever fails later', async () => {
  const scene = new Scene();
  expect(await scene.find(HOST)).toBe('none Infinity');
  expect(await scene.find(zone('1'))).toBe('none Infinity');
  scene.body = policy('enforce', 'a.example.net');
  expect(await scene.find(zone('1'))).toBe('a.example.net 1000');
  expect(scene.fetched).toBe(2);
  scene.now += 100_000;
  expect(await scene.find(zone('1'))).toBe('a.example.net 900');
  expect(scene.fetched).toBe(2);
  scene.body = undefined;
  expect(await scene.find(zone('2'))).toBe('a.example.net 900');
  expect(await scene.find(HOST)).toBe('a.example.net 900');
  expect(await scene.find(zone('1'), { '_mta-sts.example.org TXT': { status: 'bogus' } })).toBe(
    'a.example.net 900',
  );
  scene.body = policy('enforce', 'b.example.net');
  expect(await scene.find(zone('2'))).toBe('b.example.net 1000');
  scene.body = policy('testing', 'b.example.net');
  expect(await scene.find(zone('3'))).toBe('none 1000');
  scene.now += 1_000_000;
  scene.body = undefined;
  expect(await scene.find(zone('3'))).toBe('none Infinity');
});

test('bounded, and a name without room for a record has none', async () => {
  const scene = new Scene(1);
  scene.body = policy('enforce', 'a.example.net');
  await scene.find(zone('1'));
  await scene.find(zone('1').replaceAll('example.org', 'example.com'), {}, 'example.com');
  scene.body = undefined;
  expect(await scene.find(HOST)).toBe('none Infinity');
  const label = 'a'.repeat(60);
  expect(await scene.find(HOST, {}, `${label}.${label}.${label}.${label}`)).toBe('none Infinity');
});
