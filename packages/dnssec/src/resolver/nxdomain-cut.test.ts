import { Name } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { World, type WorldOptions } from '../../test/signed-network/world.ts';
import type { Nsec3Parameters } from '../../test/signed-network/zone.ts';

const name = (text: string) => Name.fromText(text);
const world = (options: WorldOptions = {}, nsec3?: Nsec3Parameters) =>
  new World(
    [{ name: 'example.', text: 'www A 192.0.2.80\na.deep A 192.0.2.81', ...(nsec3 && { nsec3 }) }],
    options,
  );

describe('rule 21: NXDOMAIN cut (rfc8020)', () => {
  test.each<[string, Nsec3Parameters | undefined]>([
    ['NSEC', undefined],
    ['NSEC3', {}],
  ])('rule 21: nothing is asked below a name that does not exist: %s', async (_, nsec3) => {
    const w = world({}, nsec3);
    expect(await w.ask('gone.example.')).toMatchObject({ kind: 'nxdomain', status: 'secure' });
    w.network.log();
    for (const below of ['a.gone.example.', 'b.c.gone.example.'])
      for (const type of ['A', 'TXT', 'DS'])
        expect(await w.ask(below, type)).toMatchObject({ kind: 'nxdomain', status: 'secure', rcode: 3 });
    expect(w.network.log()).toEqual([]);
    const denial = await w.ask('a.gone.example.');
    expect(denial.canonicalName.toString()).toBe('a.gone.example.');
    expect(denial.authority.length).toBeGreaterThan(0);
    w.pass(901);
    await w.ask('a.gone.example.');
    expect(w.network.log().length).toBeGreaterThan(0);
  });

  test('rule 21: not below an empty non-terminal, nor below what is denied without proof', async () => {
    const w = world();
    expect((await w.ask('deep.example.')).kind).toBe('nodata');
    expect((await w.ask('a.deep.example.')).kind).toBe('answer');
    const plain = new World([{ name: 'plain.', keys: [] }]);
    expect(await plain.ask('gone.plain.')).toMatchObject({ kind: 'nxdomain', status: 'insecure' });
    plain.network.log();
    await plain.ask('a.gone.plain.');
    expect(plain.network.log()).toContain('A a.gone.plain. @192.0.2.2');
  });

  test('rule 21: opt-out denies nothing for others', async () => {
    const w = world({}, { optOut: true });
    expect(await w.ask('gone.example.')).toMatchObject({ kind: 'nxdomain', status: 'insecure' });
    w.network.log();
    await w.ask('a.gone.example.');
    expect(w.network.log()).toContain('A a.gone.example. @192.0.2.2');
  });

  test('rule 21: a diagnosis sees what the servers say', async () => {
    const w = world({ aggressiveDenial: false });
    await w.ask('gone.example.');
    w.network.log();
    await w.ask('a.gone.example.');
    expect(w.network.log()).toContain('A a.gone.example. @192.0.2.2');
  });

  test('rule 21: an island of trust, or one of distrust, below it is asked', async () => {
    const zones = [{ name: 'example.' }, { name: 'corp.gone.example.', text: 'www A 192.0.2.90', ds: [] }];
    const anchors = new World(zones);
    for (const options of [
      { trustAnchors: [...anchors.anchor('.'), ...anchors.anchor('corp.gone.example.')] },
      { negativeTrustAnchors: [name('corp.gone.example.')] },
    ]) {
      const w = new World(zones, {
        ...options,
        forwardZones: [{ zone: name('corp.gone.example.'), servers: [{ address: '192.0.2.3', port: 53 }] }],
      });
      // The delegation is known inside only: outside, the name does not exist.
      w.zone('example.').remove(name('corp.gone.example.'), 2);
      w.zone('example.').remove(name('ns1.corp.gone.example.'), 1);
      w.network.mutate(
        (message) => (message.authorities.length ? { ...message, rcode: 3 } : message),
        '192.0.2.2',
      );
      await w.ask('gone.example.');
      expect((await w.ask('www.corp.gone.example.')).kind).toBe('answer');
    }
  });
});

describe('rules 12, 13, 24: how long anything is kept', () => {
  test('a failure to get an answer is kept for seconds', async () => {
    const w = world();
    await w.ask('www.example.');
    w.network.silence('192.0.2.2');
    expect(await w.ask('other.example.', 'TXT')).toMatchObject({ status: 'indeterminate' });
    const begun = w.network.now;
    w.network.log();
    expect(await w.ask('other.example.', 'TXT')).toMatchObject({ status: 'indeterminate' });
    expect(w.network.log()).toEqual([]);
    expect(w.network.now).toBe(begun);
    w.network.heal();
    w.pass(5);
    expect((await w.ask('other.example.', 'TXT')).kind).toBe('nxdomain');
  });

  test('rule 24: stale data is never served, whoever is silent', async () => {
    const w = world({ prefetch: true });
    expect((await w.ask('www.example.')).status).toBe('secure');
    w.network.mutate(() => 'silent');
    w.pass(3599);
    expect(await w.ask('www.example.')).toMatchObject({ status: 'secure', ttl: 1 });
    w.pass(1);
    expect(await w.ask('www.example.')).toMatchObject({ kind: 'failure', records: [], answer: [] });
  });
});
