/** KeyTrap (CVE-2023-50387) and its relatives: many keys, many signatures, many DS. */
import { encodeDs, encodeSingleName, RRType } from '@mailanchor/dns';
import { answers, authorities, movedTo, nothing, on, plus, unsigned } from '../forge.ts';
import { KSK, REVOKED, ZSK } from '../signing-key.ts';
import type { World } from '../world.ts';
import { TTL } from '../zone.ts';
import {
  type Attack,
  adversary,
  EVIL,
  EVIL_SERVER,
  ground,
  name,
  pair,
  record,
  upTo,
  wrong,
} from './attack.ts';
import { collidingKey, offCurve } from './colliding-keys.ts';

const TEXT = 'www A 192.0.2.80\n@ TXT "x"\n@ MX 0 www';
const KEYTRAP = 'KeyTrap';

/** The zone, with keys of nobody's before its own. */
function trapped(algorithm: number, rdatas: readonly Uint8Array[], text = TEXT): World {
  const keys = pair(EVIL, algorithm, 2048);
  const world = ground({ keys, text });
  const zone = world.zone(EVIL);
  zone.put({
    name: zone.name,
    type: RRType.DNSKEY,
    ttl: TTL,
    rdatas: [...rdatas, ...keys.map(({ rdata }) => rdata)],
  });
  return world;
}

const tagOfZsk = (algorithm: number) => pair(EVIL, algorithm, 2048)[1].tag;
const tagOfKsk = (algorithm: number) => pair(EVIL, algorithm, 2048)[0].tag;
const colliders = (algorithm: number, tag: number, count: number) =>
  upTo(count).map((n) => collidingKey(algorithm, tag, n));

function overOneRRset(title: string, algorithm: number, keys: number, signatures: number): Attack {
  return {
    title,
    family: KEYTRAP,
    ask: `www.${EVIL} A`,
    world: () => {
      const tag = tagOfZsk(algorithm);
      const world = trapped(algorithm, colliders(algorithm, tag, keys));
      const more = wrong(`www.${EVIL}`, RRType.A, algorithm, tag, signatures);
      on(`www.${EVIL} A`, answers(unsigned, plus(...more)))(world);
      return world;
    },
  };
}

/** `count` proofs of nothing, `signatures` over each. */
function overDenial(
  title: string,
  algorithm: number,
  keys: (tag: number) => readonly Uint8Array[],
  count: number,
  signatures: (owner: string, tag: number) => ReturnType<typeof wrong>,
): Attack {
  return {
    title,
    family: KEYTRAP,
    ask: `q.${EVIL} A`,
    world: () => {
      const tag = tagOfZsk(algorithm);
      const world = trapped(algorithm, keys(tag));
      const zone = world.zone(EVIL);
      const proofs = upTo(count).flatMap((n) => {
        const owner = `n${n}.${EVIL}`;
        return [...unsigned(movedTo(owner)(zone.matching(name(`www.${EVIL}`)))), ...signatures(owner, tag)];
      });
      on(`q.${EVIL} A`, authorities(nothing, plus(...zone.of('@', 'SOA'), ...proofs)))(world);
      return world;
    },
  };
}

function throughAliases(): Attack {
  const algorithm = 14;
  return {
    title: 'P-384, eleven aliases, seven wrong signatures before each good one',
    family: KEYTRAP,
    ask: `c0.${EVIL} A`,
    world: () => {
      const tag = tagOfZsk(algorithm);
      const text = `${upTo(11)
        .map((n) => `c${n} CNAME c${n + 1}`)
        .join('\n')}\nc11 A 192.0.2.80`;
      const world = trapped(algorithm, colliders(algorithm, tag, 1), text);
      const zone = world.zone(EVIL);
      return adversary(world, ({ name: asked }, query) => {
        const type = zone.get(asked, RRType.CNAME) ? RRType.CNAME : RRType.A;
        if (!zone.get(asked, type) || asked.labelCount < 3) return undefined;
        const [data, signature] = zone.rrset(asked, type);
        const spoiled = wrong(asked.toString(), type, algorithm, tag, 7);
        return { ...query, qr: true, aa: true, answers: [data!, ...spoiled, signature!] };
      });
    },
  };
}

/** The DS RRset in the parent, as the parent signs it. */
function withDs(world: World, rdatas: readonly Uint8Array[]): World {
  world.zone('test.').put({ name: name(EVIL), type: RRType.DS, ttl: TTL, rdatas });
  return world;
}

const ds = (keyTag: number, n: number) =>
  encodeDs({ keyTag, algorithm: 15, digestType: 2, digest: new Uint8Array(32).fill(n) });

export const KEY_ATTACKS: readonly Attack[] = [
  overOneRRset('Ed25519, a hundred keys of one tag, a hundred signatures over one RRset', 15, 100, 100),
  overOneRRset('P-256, the same', 13, 100, 100),
  overOneRRset('P-384, the same', 14, 100, 100),
  overOneRRset('RSA 4096 with exponents of eight octets, the same', 8, 90, 100),
  {
    title: 'P-384, over the DNSKEY RRset',
    family: KEYTRAP,
    ask: `www.${EVIL} A`,
    world: () => {
      const tag = tagOfKsk(14);
      const world = trapped(14, colliders(14, tag, 1));
      on(`${EVIL} DNSKEY`, answers(unsigned, plus(...wrong(EVIL, RRType.DNSKEY, 14, tag, 100))))(world);
      return world;
    },
  },
  overDenial(
    'P-384, sixty NSEC, four signatures over each',
    14,
    (tag) => colliders(14, tag, 2),
    60,
    (owner, tag) => wrong(owner, RRType.NSEC, 14, tag, 4),
  ),
  throughAliases(),
  overDenial(
    'four hundred keys that are on no curve, each named by two signatures',
    14,
    () => upTo(400).map((n) => offCurve(n >> 1, n)),
    40,
    (owner) =>
      upTo(10).flatMap((n) => wrong(owner, RRType.NSEC, 14, (Number(/\d+/.exec(owner)) * 10 + n) % 200, 1)),
  ),
  overDenial(
    '1200 keys, 1200 signatures by none of them',
    15,
    () => upTo(1200).map((n) => collidingKey(15, n, n)),
    40,
    (owner) => wrong(owner, RRType.NSEC, 15, 0xffff, 30, 1),
  ),
  {
    title: '1200 DS, 1200 keys, no tag in common',
    family: KEYTRAP,
    ask: `www.${EVIL} A`,
    world: () => {
      const keys = upTo(1200).map((n) => collidingKey(15, 2 * n, n));
      return withDs(
        trapped(15, keys),
        upTo(1200).map((n) => ds(2 * n + 1, n)),
      );
    },
  },
  {
    title: '1200 DS, 1200 keys, each of another digest',
    family: KEYTRAP,
    ask: `www.${EVIL} A`,
    world: () => {
      const keys = upTo(1200).map((n) => collidingKey(15, n, n));
      return withDs(
        trapped(15, keys),
        upTo(1200).map((n) => ds(n, n)),
      );
    },
  },
  {
    title: '1200 DS of a key that is revoked, or no zone key',
    family: KEYTRAP,
    ask: `www.${EVIL} A`,
    world: () => {
      const revoked = upTo(40).map((n) => {
        const rdata = Uint8Array.from(collidingKey(15, n, n));
        const flags = n % 2 ? KSK | REVOKED : ZSK & 0xff;
        rdata[0] = flags >> 8;
        rdata[1] = flags & 0xff;
        return rdata;
      });
      return withDs(
        trapped(15, revoked),
        upTo(1200).map((n) => ds(n % 40, n)),
      );
    },
  },
  {
    title: 'P-384, a hundred proofs that are all good',
    family: KEYTRAP,
    ask: `q.${EVIL} A`,
    world: () => {
      const text = upTo(110).map((n) => `n${n} A 192.0.2.1`);
      const world = trapped(14, [], `${TEXT}\n${text.join('\n')}`);
      const zone = world.zone(EVIL);
      const proofs = zone.chain.flatMap(({ owner }) => zone.matching(owner));
      on(`q.${EVIL} A`, authorities(plus(...proofs)))(world);
      return world;
    },
  },
  {
    title: 'P-384, aliases from zone to zone, all good',
    family: KEYTRAP,
    ask: `a.z0.${EVIL} A`,
    outcome: 'answer secure',
    world: () => {
      const zones = upTo(11).map((n) => ({
        name: `z${n}.${EVIL}`,
        keys: pair(`z${n}.${EVIL}`, 14),
        servers: [EVIL_SERVER],
        text: n === 10 ? 'a A 192.0.2.80' : `a CNAME a.z${n + 1}.${EVIL}`,
      }));
      const world = ground({ keys: pair(EVIL, 14) }, zones);
      // One alias a response.
      world.network.mutate(
        (message, query) =>
          query.questions[0]!.type === RRType.A
            ? { ...message, answers: message.answers.slice(0, 2) }
            : undefined,
        EVIL_SERVER,
      );
      return world;
    },
  },
  {
    title: 'a signed address among a hundred aliases that nobody asked for',
    outcome: 'answer secure',
    family: KEYTRAP,
    ask: `www.${EVIL} A`,
    world: () => {
      const world = trapped(15, []);
      const others = upTo(100).map((n) =>
        record(`x${n}.${EVIL}`, RRType.CNAME, encodeSingleName(name(EVIL))),
      );
      on(`www.${EVIL} A`, answers(plus(...others)))(world);
      return world;
    },
  },
];
