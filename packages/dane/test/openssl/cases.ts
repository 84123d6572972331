/** Cases from a seed: a world, what its server presents of it, and what the zone says of that. */
import { createHash } from 'node:crypto';
import type { DaneMode, TlsaRecord } from '../../src/index.ts';
import { AT, type Issued } from '../make-certificate.ts';
import { Random } from './random.ts';
import { HOST } from './twists.ts';
import { makeWorld, type World } from './world.ts';

export interface DaneCase {
  /** `SEED/NUMBER` */
  readonly id: string;
  /** what was done to the certificates, the presented list, the records */
  readonly twists: readonly string[];
  readonly records: readonly TlsaRecord[];
  readonly chain: readonly Uint8Array[];
  readonly names: readonly string[];
  readonly at: number;
  readonly mode: DaneMode;
  readonly ca: readonly Uint8Array[];
  readonly eeNames: boolean;
}

/** Cases that share a world, since making certificates costs more than judging them. */
const CASES_OF_A_WORLD = 5;

export function* makeCases(seed: number, count: number): Generator<DaneCase> {
  const random = new Random(seed);
  let world: World | undefined;
  for (let n = 0; n < count; n++) {
    if (!world || n % CASES_OF_A_WORLD === 0) world = makeWorld(random);
    yield makeCase(`${seed}/${n}`, random, world);
  }
}

const NAMES: readonly (readonly string[])[] = [
  [HOST, 'example.org'],
  ['example.org'],
  ['mx2.example.org'],
  ['xn--bcher-kva.example.org'],
  ['a_b.example.org'],
  ['b.a_b.example.org'],
  ['a.b.example.org'],
  ['MX1.EXAMPLE.ORG'],
  ['-a.example.org'],
  ['localhost'],
];

function makeCase(id: string, random: Random, world: World): DaneCase {
  const twists = [...world.twists];
  const presented = present(random, world, twists);
  const mode: DaneMode = random.chance(0.6) ? 'smtp' : 'general';
  const count = random.pick([1, 1, 1, 1, 2, 2, 3, 5]);
  const records = Array.from({ length: count }, () => makeRecord(random, world, mode, twists));
  return {
    id,
    twists,
    records,
    chain: presented.map(({ der }) => der),
    names: random.chance(0.65) ? [HOST] : random.pick(NAMES),
    at: AT,
    mode,
    ca: mode === 'general' ? trusted(random, world, twists) : [],
    eeNames: mode === 'general' && random.chance(0.5),
  };
}

function present(random: Random, { leaf, issuers, others }: World, twists: string[]): Issued[] {
  const above = issuers.slice(0, random.chance(0.5) ? -1 : undefined);
  let list: Issued[] = random.chance(0.9) ? [...above] : above.filter(() => random.chance(0.6));
  if (list.length < above.length) twists.push('chain: incomplete');
  for (const other of others) {
    if (random.chance(0.7)) list.splice(random.below(list.length + 1), 0, other);
  }
  if (random.chance(0.1)) {
    twists.push('chain: a certificate twice');
    list.push(random.pick([leaf, ...list]));
  }
  const order = random.below(8);
  if (order === 0) {
    twists.push('chain: reversed');
    list.reverse();
  } else if (order === 1) {
    twists.push('chain: shuffled');
    list = random.shuffle(list);
  }
  if (random.chance(0.01)) {
    twists.push('chain: the leaf is missing');
    return list.length > 0 ? list : [leaf];
  }
  return [leaf, ...list];
}

function trusted(random: Random, { issuers, others }: World, twists: string[]): Uint8Array[] {
  const root = issuers.at(-1);
  const list: Issued[] = [];
  if (root && random.chance(0.85)) list.push(root);
  else twists.push('CA set: without the root');
  if (issuers[0] && random.chance(0.15)) list.push(issuers[0]);
  for (const other of others) if (random.chance(0.3)) list.push(other);
  return random.shuffle(list).map(({ der }) => der);
}

function makeRecord(random: Random, world: World, mode: DaneMode, twists: string[]): TlsaRecord {
  const { leaf, issuers, others } = world;
  let usage = random.pick(mode === 'smtp' ? [2, 2, 2, 2, 2, 2, 3, 3] : [0, 0, 1, 1, 2, 2, 2, 3]);
  if (random.chance(0.03)) usage = random.pick([0, 1, 4, 255]);
  const selector = random.chance(0.02) ? random.pick([2, 255]) : random.below(2);
  const matching = random.chance(0.02) ? random.pick([3, 255]) : random.pick([0, 1, 1, 1, 2]);
  const likely = usage === 3 || usage === 1 ? [leaf] : issuers.length > 0 ? issuers : [leaf];
  const target = random.chance(0.82) ? random.pick(likely) : random.pick([leaf, ...issuers, ...others]);
  const selected = selector === 1 ? target.key.spki : target.der;
  let data: Buffer = matching === 0 ? selected : digest(selected, matching);
  if (random.chance(0.06)) {
    const [what, spoiled] = spoil(random, data);
    twists.push(`record: ${what}`);
    data = spoiled;
  }
  return { usage, selector, matching, data };
}

function digest(octets: Uint8Array, matching: number): Buffer {
  return createHash(matching === 2 ? 'sha512' : 'sha256')
    .update(octets)
    .digest();
}

function spoil(random: Random, data: Buffer): [string, Buffer] {
  switch (random.below(5)) {
    case 0:
      return ['cut short', data.subarray(0, random.below(data.length))];
    case 1:
      return ['too long', Buffer.concat([data, Buffer.from([0])])];
    case 2:
      return ['empty', Buffer.alloc(0)];
    default: {
      const copy = Buffer.from(data);
      copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return ['a bit changed', copy];
    }
  }
}
