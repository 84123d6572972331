import { expect, test } from 'vitest';
import type { Answer } from './answer.ts';
import { AnswerCache } from './answer-cache.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';

const NOW = Date.UTC(2026, 0, 1);
const answer = (status: Answer['status'], text = ''): Answer => ({ status, text, reason: 'why' });

function made(): Promise<Buffer> {
  const cache = new AnswerCache(10);
  cache.set('a.example', answer('OK', 'dane-only'), 60_000, NOW, 0);
  cache.set('b.example', answer('NOTFOUND'), 120_000, NOW, 0);
  cache.set('c.example', answer('TEMP', 'later'), 60_000, NOW, 0);
  return writeSnapshot(cache, 'ab12', NOW);
}

async function restored(octets: Uint8Array, now = NOW, fingerprint = 'ab12'): Promise<string[]> {
  const cache = new AnswerCache(10);
  await readSnapshot(octets, cache, fingerprint, now, 1000);
  return [...cache.values()].map(
    (entry) => `${entry.key} ${entry.answer.status} ${entry.expires - now} ${entry.until}`,
  );
}

test('attributes come back with their policy', async () => {
  const cache = new AnswerCache(10);
  const kept: Answer = {
    status: 'OK',
    text: 'secure match=a.example',
    attributes: 'policy_type=sts',
    reason: 'why',
  };
  cache.set('a.example', kept, 60_000, NOW, 0);
  const next = new AnswerCache(10);
  await readSnapshot(await writeSnapshot(cache, 'ab12', NOW), next, 'ab12', NOW, 0);
  expect([...next.values()].map((entry) => entry.answer)).toEqual([kept]);
});

test('policies come back for what is left of their time; what failed does not', async () => {
  const whole = await made();
  expect(await restored(whole, NOW + 1000)).toEqual([
    'a.example OK 59000 60000',
    'b.example NOTFOUND 119000 120000',
  ]);
  expect(await restored(whole, NOW + 60_000)).toEqual(['b.example NOTFOUND 60000 61000']);
});

test('of a future that the clock has been set back from: nothing', async () => {
  expect(await restored(await made(), NOW - 1)).toEqual([]);
});

test('other settings, or damage anywhere: an error', async () => {
  const whole = await made();
  await expect(restored(whole, NOW, 'ab13')).rejects.toThrow('other settings');
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x01;
    await expect(restored(damaged), `octet ${at}`).rejects.toThrow();
    await expect(restored(whole.subarray(0, at))).rejects.toThrow();
  }
});
