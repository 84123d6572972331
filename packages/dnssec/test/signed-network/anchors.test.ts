/** Anchors below other zones, signed and not: who may say of an anchored zone that it does not exist (rfc6840#section-5.10). */
import { Name, Rcode, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { holds, type Setup, secureUnless, twins, verdict, worldOf } from './cases.ts';
import { answers, type Change, on, unsigned } from './forge.ts';
import { dsRdata } from './sign.ts';
import { World, type WorldZone } from './world.ts';
import { TTL } from './zone.ts';

const ISLAND: WorldZone = { name: 'island.example.', text: 'www A 192.0.2.80\na.ent A 192.0.2.81' };
const ABOVE: WorldZone = { name: 'example.', text: 'www A 192.0.2.82' };
const UNSIGNED: WorldZone = { ...ABOVE, keys: [] };
const ASK = 'www.island.example. A';

/** DS records of zones as they would be if they existed. */
const anchorsOf = (...names: readonly string[]): ResourceRecord[] => {
  const world = new World([ABOVE, ISLAND]);
  return names.flatMap((name) => world.anchor(name));
};
const anchored = (...names: readonly string[]) => ({ options: { trustAnchors: anchorsOf(...names) } });
const wrongKey = (of: string, like: string): ResourceRecord[] =>
  anchorsOf(like).map((record) => ({ ...record, name: Name.fromText(of) }));

describe('rule 9: an anchored zone that does not exist', () => {
  const gone = (above: WorldZone, ...anchors: readonly string[]): Setup => ({
    zones: [above],
    ask: ASK,
    ...anchored(...anchors),
  });
  twins(
    'rule 9: the zone above is anchored as well and proves it',
    gone(ABOVE, 'example.', 'island.example.'),
    'nxdomain secure',
    on(ASK, (message) => ({ ...message, authorities: unsigned(message.authorities) })),
    'failure bogus',
  );
  holds(
    'rule 9: the zone above has its chain from the root and proves it',
    gone(ABOVE, '.', 'island.example.'),
    'nxdomain secure',
  );
  holds(
    'rule 9: NSEC3 proves it too',
    gone({ ...ABOVE, nsec3: { salt: 'ab' } }, '.', 'island.example.'),
    'nxdomain secure',
  );
  holds(
    'rule 9: an opt-out span proves nothing',
    gone({ ...ABOVE, nsec3: { optOut: true } }, '.', 'island.example.'),
    'failure bogus',
  );
  holds(
    'rule 9: nobody vouches for the zone above, signed as it may be',
    gone(ABOVE, 'island.example.'),
    'failure bogus',
  );
  holds('rule 9: the zone above is not signed', gone(UNSIGNED, '.', 'island.example.'), 'failure bogus');
  holds(
    'rule 9: the zone above does not hold',
    gone({ ...ABOVE, sign: { spoil: true } }, '.', 'island.example.'),
    'failure bogus',
  );
});

describe('rule 9: an anchored zone that exists', () => {
  const both: Setup = { zones: [ABOVE, ISLAND], ask: ASK, ...anchored('.', 'island.example.') };
  /** What the zone above says of a name below one that it does not have, instead of the answer. */
  const denied =
    (ask: string, of: string): Change =>
    (world) => {
      const zone = world.zone('example.');
      const at = (name: string) => zone.covering(Name.fromText(name));
      on(ask, (message) => ({
        ...message,
        rcode: Rcode.NXDOMAIN,
        answers: [],
        authorities: [...zone.of('@', 'SOA'), ...at(of), ...at('*.example.')],
      }))(world);
    };
  secureUnless('rule 9: a true denial of another name', both, denied(ASK, 'q.example.'));
  secureUnless('rule 9: the record before it', both, denied(ASK, 'www.island.example.'));
  secureUnless('rule 9: signatures taken away', both, on(ASK, answers(unsigned)));
  holds('rule 9: names beside it', { ...both, ask: 'www.example. A' }, 'answer secure');
  holds('rule 9: its own denial', { ...both, ask: 'q.island.example. A' }, 'nxdomain secure');
  holds('rule 9: its own empty name', { ...both, ask: 'ent.island.example. A' }, 'nodata secure');

  // Names inside are asked elsewhere: what the zone above says of them, true as it is, is not the other server's to hand on.
  test('rule 9: a true denial from above, from a server of the names inside', async () => {
    const zones: readonly WorldZone[] = [ABOVE];
    const resolver = { address: '192.0.2.99', port: 53 };
    const setup: Setup = {
      zones,
      ask: ASK,
      options: {
        trustAnchors: anchorsOf('.', 'island.example.'),
        forwardZones: [{ zone: Name.fromText('island.example.'), servers: [resolver] }],
      },
    };
    const world = worldOf(setup);
    world.network.serve(resolver.address, world.zone('example.'));
    expect(await verdict(world, ASK)).toBe('failure bogus');
  });
});

describe('rule 9: several anchors on the way', () => {
  const zones: readonly WorldZone[] = [ABOVE, ISLAND];
  const ds = 'island.example. DS';
  holds('rule 9: a DS is of the zone above', { zones, ask: ds, ...anchored('example.') }, 'answer secure');
  holds(
    'rule 9: the DS of an anchored zone, nobody vouching for the zone above',
    { zones, ask: ds, ...anchored('island.example.') },
    'answer insecure',
  );
  holds(
    'rule 9: the DS of a zone whose own anchor is wrong',
    {
      zones,
      ask: ds,
      options: { trustAnchors: [...anchorsOf('example.'), ...wrongKey('island.example.', '.')] },
    },
    'answer secure',
  );
  holds(
    'rule 9: the data of a zone whose own anchor is wrong',
    {
      zones,
      ask: ASK,
      options: { trustAnchors: [...anchorsOf('example.'), ...wrongKey('island.example.', '.')] },
    },
    'failure bogus',
  );
  test('rule 9: a good anchor beside one of an unknown algorithm', async () => {
    const world = new World(zones);
    const key = world.zone('example.').keys[0]!;
    const rdata = Uint8Array.from(dsRdata(Name.fromText('example.'), key));
    rdata[2] = 200;
    const unknown = { name: Name.fromText('example.'), type: RRType.DS, class: 1, ttl: TTL, rdata };
    const ask = (trustAnchors: ResourceRecord[]) => new World(zones, { trustAnchors }).ask('www.example.');
    expect(await ask([unknown])).toMatchObject({ kind: 'answer', status: 'insecure' });
    expect(await ask([unknown, ...world.anchor('example.')])).toMatchObject({ status: 'secure' });
  });
});
