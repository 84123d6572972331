/**
 * Attacks as data: a world, a question, and what it is known as. The tests count what each costs, the benchmark takes its time. All of
 * them stand on the same honest ground: a root signed by RSA, a top-level domain by P-256.
 */
import { encodeRrsig, type Message, Name, type Question, type ResourceRecord, RRType } from '@mailanchor/dns';
import { EXPIRATION, INCEPTION } from '../sign.ts';
import { KSK, type SigningKey, signingKey, ZSK } from '../signing-key.ts';
import { World, type WorldOptions, type WorldZone } from '../world.ts';
import { TTL } from '../zone.ts';

export interface Attack {
  readonly title: string;
  /** Its name in the literature. */
  readonly family: string;
  /** `www.evil.test. A`. */
  readonly ask: string;
  readonly world: () => World;
  /** What comes of it, kind and status; default a failure, bogus or indeterminate. */
  readonly outcome?: string;
  /** Asked before, on the attacker's account but not counted. */
  readonly before?: readonly string[];
}

/** Servers of the zones of `ground`, in their order: root, `test.`, `evil.test.`, then others. */
export const EVIL_SERVER = '192.0.2.3';
export const EVIL = 'evil.test.';

export const name = (text: string): Name => Name.fromText(text);
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export function record(
  owner: Name | string,
  type: number,
  rdata: Uint8Array,
  ttl: number = TTL,
): ResourceRecord {
  return { name: typeof owner === 'string' ? name(owner) : owner, type, class: 1, ttl, rdata };
}

/** A KSK and a ZSK. */
export function pair(zone: string, algorithm: number, bits?: number): [SigningKey, SigningKey] {
  return [signingKey(zone, algorithm, 0, KSK, bits), signingKey(zone, algorithm, 1, ZSK, bits)];
}

/** Root, top-level domain, the zone under attack as given, and more. */
export function ground(
  evil: Omit<WorldZone, 'name'>,
  others: readonly WorldZone[] = [],
  options: WorldOptions = {},
): World {
  const zones = [
    { name: '.', keys: pair('.', 8, 2048) },
    { name: 'test.', keys: pair('test.', 13) },
    { name: EVIL, ...evil },
    ...others,
  ];
  return new World(zones, options);
}

/** What everything is compared with: a signed zone that means well, nothing known beforehand. */
export const HONEST: Attack = {
  title: 'honest question, cold',
  family: 'honest',
  ask: `www.${EVIL} A`,
  outcome: 'answer secure',
  world: () => ground({ keys: pair(EVIL, 13), text: 'www A 192.0.2.80' }),
};

/** Octets of a signature of the algorithm. */
const SIGNATURE_OCTETS: Readonly<Record<number, number>> = { 8: 512, 13: 64, 14: 96, 15: 64, 16: 114 };

/** RRSIGs that look right and are not: of the zone under attack, by the key of that tag. */
export function wrong(
  owner: string,
  type: number,
  algorithm: number,
  tag: number,
  count: number,
  octets = SIGNATURE_OCTETS[algorithm]!,
): ResourceRecord[] {
  const { labelCount } = name(owner);
  return upTo(count).map((n) =>
    record(
      owner,
      RRType.RRSIG,
      encodeRrsig({
        typeCovered: type,
        algorithm,
        labels: labelCount,
        originalTtl: TTL,
        expiration: EXPIRATION,
        inception: INCEPTION,
        keyTag: tag,
        signer: name(EVIL),
        signature: new Uint8Array(octets).fill(n + 1),
      }),
    ),
  );
}

/** One server that answers as it likes, where it says anything at all. */
export function adversary(
  world: World,
  answer: (question: Question, query: Message) => Message | undefined,
  server = EVIL_SERVER,
): World {
  world.network.mutate((_, query) => answer(query.questions[0]!, query), server);
  return world;
}
