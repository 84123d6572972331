import { Name } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { answers, flipped, on } from '../test/signed-network/forge.ts';
import { NOW } from '../test/signed-network/sign.ts';
import { World } from '../test/signed-network/world.ts';
import { NegativeTrustAnchors } from './negative-trust-anchor.ts';

const name = (text: string) => Name.fromText(text);

describe('rule 19: negative trust anchors', () => {
  const broken = (until?: number) => {
    const world = new World([{ name: 'example.', text: 'www A 192.0.2.80\nmail A 192.0.2.81' }], {
      negativeTrustAnchors: [{ zone: name('example.'), ...(until !== undefined && { until }) }],
    });
    on('www.example. A', answers(flipped('A')))(world);
    return world;
  };

  test('rule 19: what lies there is insecure, and the answer says why', async () => {
    const resolution = await broken().ask('www.example.');
    expect(resolution).toMatchObject({ kind: 'answer', status: 'insecure' });
    expect(resolution.negativeTrustAnchor?.equals(name('example.'))).toBe(true);
  });

  test('rule 19: it ends when it says, and what it let pass ends with it', async () => {
    const world = broken((NOW + 600) * 1000);
    expect((await world.ask('www.example.')).status).toBe('insecure');
    expect((await world.ask('mail.example.')).status).toBe('insecure');
    world.pass(599);
    expect((await world.ask('www.example.')).status).toBe('insecure');
    world.pass(1);
    expect((await world.ask('www.example.')).status).toBe('bogus');
    const mail = await world.ask('mail.example.');
    expect(mail.status).toBe('secure');
    expect(mail.negativeTrustAnchor).toBeUndefined();
  });

  test('the closest that has not ended', () => {
    let now = 0;
    const anchors = new NegativeTrustAnchors(
      [name('example.'), { zone: name('sub.example.'), until: 10 }],
      () => now,
    );
    const closest = (text: string) => anchors.closest(name(text))?.toString();
    expect([closest('a.sub.example.'), closest('a.example.'), closest('other.')]).toEqual([
      'sub.example.',
      'example.',
      undefined,
    ]);
    now = 10;
    expect(closest('a.sub.example.')).toBe('example.');
    expect([anchors.has(name('sub.example.')), anchors.has(name('example.'))]).toEqual([false, true]);
  });
});
