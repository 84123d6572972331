/**
 * A world is a public-key infrastructure with something wrong in it: a root, CAs below it, a leaf, and certificates that a
 * server might send besides. What was done to it is told by `twists`, words for people and for the tables of decisions.
 */
import {
  AT,
  DAY,
  extension,
  type Issued,
  issue,
  type Key,
  type KeyKind,
  makeKey,
  name,
  type Profile,
  YEAR,
} from '../make-certificate.ts';
import type { Random } from './random.ts';
import { ANY, CA, type Draft, HOST, LEAF, printable, type Twist } from './twists.ts';

export interface World {
  readonly twists: readonly string[];
  readonly leaf: Issued;
  /** from the leaf's issuer to the root */
  readonly issuers: readonly Issued[];
  /** look-alikes, cross-signed and renewed certificates, strangers */
  readonly others: readonly Issued[];
}

/** Keys are made once: RSA keys take a tenth of a second. */
const POOL: Readonly<Record<KeyKind, number>> = {
  ec: 16,
  ec384: 3,
  ec521: 1,
  ec112: 1,
  'ec-explicit': 1,
  ed25519: 4,
  ed448: 1,
  rsa: 3,
  rsa512: 1,
  rsa1023: 1,
  rsa1024: 1,
  rsa3072: 1,
  'rsa-pss': 1,
};
let pool: Readonly<Record<string, readonly Key[]>> | undefined;
function keys(kind: KeyKind): readonly Key[] {
  pool ??= Object.fromEntries(
    Object.entries(POOL).map(([one, count]) => [
      one,
      Array.from({ length: count }, () => makeKey(one as KeyKind)),
    ]),
  );
  return pool[kind]!;
}

const GOOD_KEYS: readonly KeyKind[] = ['ec', 'ec', 'ec', 'ec', 'ec', 'ec384', 'ed25519', 'rsa', 'rsa3072'];
const ODD_KEYS: readonly KeyKind[] = [
  'ec521',
  'ec112',
  'ec-explicit',
  'ed448',
  'rsa512',
  'rsa1023',
  'rsa1024',
  'rsa-pss',
];

const draftsOf = new WeakMap<Issued, Draft>();

export function serialOf(issued: Issued): Uint8Array {
  return draftsOf.get(issued)?.serial ?? new Uint8Array([1]);
}

function finish(draft: Draft): Issued {
  const extensions = [draft.basic, draft.usage, ...draft.extra].filter((one) => one !== undefined);
  if (draft.subjectKeyId) extensions.push(extension.subjectKeyId(draft.subjectKeyId));
  if (draft.authority) extensions.push(draft.authority);
  const profile: Profile = {
    subject: draft.subject,
    key: draft.key,
    ...(draft.issuer && { issuer: draft.issuer }),
    notBefore: draft.notBefore,
    notAfter: draft.notAfter,
    version: draft.version,
    // 512 bits have no room for a longer digest.
    signature: (draft.issuer?.key ?? draft.key).kind === 'rsa512' ? 'default' : draft.signature,
    serial: draft.serial,
    keyIds: false,
    extensions: draft.version === 1 ? [] : extensions,
  };
  const issued = issue(profile);
  draftsOf.set(issued, draft);
  return issued;
}

function draft(random: Random, subject: string, key: Key, issuer: Issued | undefined): Draft {
  const issuerKeyId = issuer ? draftsOf.get(issuer)?.subjectKeyId : key.id;
  return {
    subject,
    key,
    issuer,
    issuerSerial: issuer ? serialOf(issuer) : new Uint8Array(),
    serial: Uint8Array.of(1 + random.below(100), random.below(256), random.below(256)),
    notBefore: AT - YEAR,
    notAfter: AT + YEAR,
    version: 3,
    signature: 'default',
    basic: undefined,
    usage: undefined,
    subjectKeyId: key.id,
    authority: issuerKeyId && extension.authorityKeyId(issuerKeyId),
    extra: [],
  };
}

function caDraft(random: Random, subject: string, key: Key, issuer: Issued | undefined): Draft {
  const made = draft(random, subject, key, issuer);
  made.basic = extension.basicConstraints(true);
  made.usage = extension.keyUsage(5, 6);
  return made;
}

export function makeWorld(random: Random): World {
  const twists: string[] = [];
  const apply = (target: Draft, tables: readonly (readonly Twist[])[], where: string): void => {
    const [what, change] = random.pick(random.pick(tables));
    change(target);
    twists.push(`${where}: ${what}`);
  };
  const key = (where: string): Key => {
    const odd = random.chance(0.04);
    const kind = random.pick(odd ? ODD_KEYS : GOOD_KEYS);
    if (odd) twists.push(`${where}: key ${kind}`);
    return random.pick(keys(kind));
  };

  const height = random.pick([0, 1, 1, 2, 2, 2, 2, 3, 3, 4]);
  const downwards: Issued[] = [];
  const others: Issued[] = [];
  const selfIssuing = random.chance(0.06);
  for (let level = 0; level < height; level++) {
    const above = downwards.at(-1);
    const subject = level === 0 || (selfIssuing && level === 1) ? 'CN=Root' : `O=Example, CN=CA ${level}`;
    const where = level === 0 ? 'root' : `CA ${level}`;
    const own = caDraft(random, subject, key(where), above);
    if (random.chance(0.22)) apply(own, [ANY, CA, CA], where);
    if (random.chance(0.04)) apply(own, [ANY, CA], where);
    const ca = finish(own);
    downwards.push(ca);
    others.push(...besides(random, own, ca, above, where, twists));
  }

  const issuer = downwards.at(-1);
  const own = draft(random, 'CN=leaf', key('leaf'), issuer);
  own.extra.push(extension.subjectAltName(`dns:${HOST}`));
  if (random.chance(0.4)) apply(own, [LEAF], 'leaf');
  if (random.chance(0.18)) apply(own, [ANY], 'leaf');
  if (random.chance(0.03)) {
    // The issuer's name in another spelling, which is the same name.
    const known = issuer && draftsOf.get(issuer)?.subject;
    if (typeof known === 'string' && own.issuer)
      own.issuer = {
        ...own.issuer,
        subject: name(
          known.replace(/[a-z]+(?=,|$)/g, (word) => word.toUpperCase()),
          printable,
        ),
      };
    twists.push('leaf: issuer spelled otherwise');
  }
  if (random.chance(0.04) && issuer) {
    own.issuer = { subject: issuer.subject, key: random.pick(keys('ec')) };
    twists.push('leaf: signed by another key');
  }
  const leaf = finish(own);
  if (random.chance(0.15))
    others.push(finish(caDraft(random, 'CN=Stranger', random.pick(keys('ec')), undefined)));
  if (random.chance(0.05))
    others.push(finish(draft(random, 'CN=other leaf', random.pick(keys('ec')), issuer)));
  return { twists, leaf, issuers: downwards.reverse(), others };
}

/** Certificates of a CA's name or key that are not the one that counts. */
function besides(
  random: Random,
  own: Draft,
  ca: Issued,
  above: Issued | undefined,
  where: string,
  twists: string[],
): Issued[] {
  const made: Issued[] = [];
  const add = (what: string, change: Partial<Draft>): void => {
    const ids = random.chance(0.5);
    if (!ids) twists.push(`${where}: ${what} without key identifiers`);
    else twists.push(`${where}: ${what}`);
    made.push(
      finish({
        ...own,
        serial: Uint8Array.of(1 + random.below(100), 9, random.below(256)),
        ...change,
        ...(!ids && { subjectKeyId: undefined, authority: undefined }),
      }),
    );
  };
  const byRoot = (key: Key): Partial<Draft> => ({ key, subjectKeyId: key.id });
  if (random.chance(0.1)) add('look-alike', byRoot(random.pick(keys('ec'))));
  if (random.chance(0.05))
    add('expired look-alike', { ...byRoot(random.pick(keys('ec'))), notAfter: AT - DAY });
  if (random.chance(0.07)) add('renewed', { notAfter: AT + 2 * YEAR });
  if (random.chance(0.05)) add('expired twin', { notBefore: AT - 2 * YEAR, notAfter: AT - DAY });
  if (random.chance(0.05)) add('twin that is no CA', { basic: extension.basicConstraints(false) });
  if (random.chance(0.1)) {
    const other = finish(caDraft(random, 'CN=Other root', random.pick(keys('ec')), undefined));
    add('cross-signed', { issuer: other, authority: extension.authorityKeyId(other.key.id) });
    if (random.chance(0.8)) made.push(other);
  }
  if (above && random.chance(0.04)) {
    // The upper CA, signed by the lower: a circle.
    const circle = caDraft(random, 'CN=Root', above.key, ca);
    twists.push(`${where}: signed the one above`);
    made.push(finish({ ...circle, subject: above.subject }));
  }
  if (!above && random.chance(0.05)) add('self-signed with another key', byRoot(random.pick(keys('ec384'))));
  return made;
}
