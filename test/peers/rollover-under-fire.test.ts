/**
 * A key replaced while mail is delivered four times a second: BIND with inline signing, a secondary that lags, a resolver that caches, a Postfix whose
 * certificate is replaced and which is reloaded; `tlsa roll` killed with SIGKILL at every step of it. Not one delivery fails.
 *
 * MAILANCHOR_FIRE_TTL=10 makes it long: the TTL of the zone in seconds, 1 by default. With 10, a rollover that does not wait for two TTLs fails every
 * third delivery; with 1 the kills alone take longer than the caches remember.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FireNetwork, HOST, raiseFire } from './fire/network.ts';
import { PROGRAM, rollOver, Sender, spkiDigest } from './fire/under-fire.ts';
import { runIn } from './namespace.ts';
import { describeWithBed } from './with-bed.ts';

const TTL = Number(process.env['MAILANCHOR_FIRE_TTL'] ?? '1');
const PATIENCE_MS = 60_000 + 20_000 * TTL;

describeWithBed('a rollover under fire', () => {
  let network: FireNetwork | undefined;

  beforeAll(async () => {
    network = await raiseFire(TTL);
  });

  afterAll(() => network?.lower());

  test('deliveries, failures: none, kills, steps', { timeout: 2 * PATIENCE_MS }, async () => {
    const { namespace } = network!;
    await publishFirst(network!);
    const before = spkiDigest(network!);
    const sender = new Sender(network!);
    const rollover = rollOver(network!, { start: true, kill: true, timeoutMs: PATIENCE_MS });
    const { kills, steps, seconds } = await rollover.finally(() => sender.stop());
    const { deliveries } = sender;
    const failures = deliveries.filter(({ problem }) => problem !== '');
    console.log(
      `rollover under fire: ${deliveries.length} deliveries, ${failures.length} failures, ${kills.length} kills, ` +
        `${steps.length} steps in ${seconds} s\n  steps: ${steps.join(', ')}\n  kills: ` +
        kills.map(({ at, afterMs }) => (afterMs === 0 ? at : `${at} + ${afterMs} ms`)).join(', '),
    );
    expect(failures).toEqual([]);
    // Twice a second by each of the two, less what the machine had no time for.
    expect(deliveries.length).toBeGreaterThan(2 * seconds);
    const after = spkiDigest(network!);
    expect(after).not.toBe(before);
    for (const kind of ['make-key', 'publish', 'issue', 'deploy', 'remove'])
      expect(kills.map(({ at }) => at)).toContain(`begin ${kind}`);
    const { stdout } = await runIn(namespace, ['dig', '+short', '@127.0.71.2', `_25._tcp.${HOST}`, 'TLSA']);
    expect(stdout.toLowerCase().replaceAll(' ', '')).toContain(after);
    expect(stdout.toLowerCase().replaceAll(' ', '')).not.toContain(before);
  });
});

/** The record of the key in use, by `tlsa publish`, before any mail comes: all the rest happens under fire. */
async function publishFirst(network: FireNetwork): Promise<void> {
  const record = `3 1 1 ${spkiDigest(network)}`;
  const args = ['tlsa', 'publish', '--config', network.config, '--name', HOST, '--record', record];
  const { status, stdout, stderr } = await runIn(network.namespace, [
    process.execPath,
    PROGRAM,
    ...args,
    ...['--ttl', String(TTL), '--wait', '30'],
  ]);
  expect({ status, stderr, stdout }).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('on all 2 servers of fire.'),
  });
}
