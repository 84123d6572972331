/** Messages as large as TCP lets them be, and what is in them. */
import { encodeA, encodeSingleName, type ResourceRecord, RRType } from '@mailanchor/dns';
import { answers, instead, on, plus } from '../forge.ts';
import { signRecords } from '../sign.ts';
import type { World } from '../world.ts';
import { TTL } from '../zone.ts';
import { type Attack, adversary, EVIL, ground, name, pair, record, upTo, wrong } from './attack.ts';
import { collidingKey } from './colliding-keys.ts';

const LARGE = 'large messages';
/** The longest name of the zone. */
const long = `${'l'.repeat(63)}.${'l'.repeat(63)}.${'l'.repeat(63)}.${'l'.repeat(49)}.${EVIL}`;

const addresses = (owner: string, count: number): ResourceRecord[] =>
  upTo(count).map((n) => record(owner, RRType.A, encodeA(`10.0.${n >> 8}.${n & 255}`)));

/** One RRset of a name, with wrong signatures and two keys that they may be of. */
function unprovable(
  title: string,
  algorithm: number,
  owner: string,
  records: readonly ResourceRecord[],
): Attack {
  return {
    title,
    family: LARGE,
    ask: `${owner} ${records[0]!.type === RRType.A ? 'A' : 'NS'}`,
    world: () => {
      const keys = pair(EVIL, algorithm);
      const { tag } = keys[1];
      const world = ground({ keys });
      const zone = world.zone(EVIL);
      const rdatas = [
        ...upTo(2).map((n) => collidingKey(algorithm, tag, n)),
        ...keys.map(({ rdata }) => rdata),
      ];
      zone.put({ name: zone.name, type: RRType.DNSKEY, ttl: TTL, rdatas });
      const { type } = records[0]!;
      return adversary(world, (question, query) =>
        question.name.equals(name(owner)) && question.type === type
          ? { ...query, qr: true, aa: true, answers: [...records, ...wrong(owner, type, algorithm, tag, 8)] }
          : undefined,
      );
    },
  };
}

function answered(
  title: string,
  ask: string,
  algorithm: number,
  make: (world: World) => readonly ResourceRecord[],
  outcome?: string,
): Attack {
  return {
    ...(outcome && { outcome }),
    title,
    family: LARGE,
    ask,
    world: () => {
      const world = ground({ keys: pair(EVIL, algorithm), text: 'www A 192.0.2.80' });
      on(ask, answers(instead(...make(world))))(world);
      on(ask, (message) => ({ ...message, rcode: 0, authorities: [] }))(world);
      return world;
    },
  };
}

const backwards = <T>(list: readonly T[]): T[] => [...list].reverse();

export const MESSAGE_ATTACKS: readonly Attack[] = [
  answered(
    '3900 addresses, signed',
    `www.${EVIL} A`,
    13,
    (world) => {
      const rdatas = backwards(addresses('www', 3900)).map(({ rdata }) => rdata);
      const zone = world.zone(EVIL);
      return signRecords(
        { name: name(`www.${EVIL}`), type: RRType.A, ttl: TTL, rdatas },
        zone.name,
        zone.key,
      );
    },
    'answer secure',
  ),
  unprovable(
    '3900 addresses, sixteen wrong signatures',
    15,
    `www.${EVIL}`,
    backwards(addresses(`www.${EVIL}`, 3900)),
  ),
  unprovable('the same by P-384', 14, `www.${EVIL}`, backwards(addresses(`www.${EVIL}`, 3900))),
  unprovable(
    '3200 name servers that expand to more than a megabyte, sixteen wrong signatures',
    15,
    long,
    backwards(upTo(3200)).map((n) =>
      record(long, RRType.NS, encodeSingleName(name(`${n.toString(36).toUpperCase()}.${long.slice(64)}`))),
    ),
  ),
  answered('ANY: a thousand types, none of them signed', `www.${EVIL} ANY`, 13, () =>
    upTo(1000).map((n) => record(`www.${EVIL}`, 1000 + n, Uint8Array.of(n >> 8, n & 255))),
  ),
  // Cut short before anything is verified: what is left is proven.
  {
    ...answered('ANY: four hundred types, each signed, by P-384', `www.${EVIL} ANY`, 14, (world) => {
      const zone = world.zone(EVIL);
      return upTo(400).flatMap((n) =>
        signRecords(
          { name: name(`www.${EVIL}`), type: 1000 + n, ttl: TTL, rdatas: [Uint8Array.of(1)] },
          zone.name,
          zone.key,
        ),
      );
    }),
    outcome: 'answer secure',
  },
  answered('2700 other names', `www.${EVIL} A`, 13, () =>
    upTo(2700).map((n) => record(`n${n}.${EVIL}`, RRType.A, encodeA('192.0.2.1'))),
  ),
  answered('3000 aliases of one name', `www.${EVIL} A`, 13, () =>
    upTo(3000).map((n) => record(`www.${EVIL}`, RRType.CNAME, encodeSingleName(name(`n${n}.${EVIL}`)))),
  ),
  answered('names each a label longer than the last', `www.${EVIL} NS`, 13, () =>
    upTo(2600).map((n) => {
      const labels = 'a.'.repeat(1 + (n % 110));
      return record(`${labels}${EVIL}`, RRType.NS, encodeSingleName(name(`${n}.${labels}${EVIL}`)));
    }),
  ),
  {
    title: 'sixty aliases in one message, signed',
    family: 'aliases',
    ask: `c0.${EVIL} A`,
    world: () => {
      const text = upTo(60).map((n) => `c${n} CNAME c${n + 1}`);
      const world = ground({ keys: pair(EVIL, 14), text: text.join('\n') });
      const zone = world.zone(EVIL);
      on(`c0.${EVIL} A`, answers(instead(...upTo(60).flatMap((n) => zone.of(`c${n}`, 'CNAME')))))(world);
      return world;
    },
  },
  {
    title: 'a DNAME that makes names longer for ever',
    family: 'aliases',
    ask: `a.d.${EVIL} A`,
    world: () => ground({ keys: pair(EVIL, 13), text: `d DNAME b.d` }),
  },
  {
    title: 'two DNAME that lead to each other',
    family: 'aliases',
    ask: `a.d.${EVIL} A`,
    world: () => ground({ keys: pair(EVIL, 13), text: 'd DNAME e\ne DNAME d' }),
  },
  {
    title: 'aliases with one unsigned link',
    family: 'aliases',
    ask: `c0.${EVIL} A`,
    world: () => {
      const world = ground({ keys: pair(EVIL, 13), text: 'c0 CNAME c1\nc1 CNAME c2\nc2 A 192.0.2.80' });
      const c1 = name(`c1.${EVIL}`);
      world.network.mutate(
        answers((records) =>
          records.filter(({ name: owner, type }) => type !== RRType.RRSIG || !owner.equals(c1)),
        ),
      );
      return world;
    },
  },
  {
    title: 'a signed RRset that is no answer',
    family: 'aliases',
    ask: `www.${EVIL} A`,
    world: () => {
      const world = ground({ keys: pair(EVIL, 13), text: 'www A 192.0.2.80\nother A 192.0.2.66' });
      on(`www.${EVIL} A`, answers(instead(), plus(...world.zone(EVIL).of('other', 'A'))))(world);
      return world;
    },
  },
];
