/** Keys and certificates for rollovers, made once: a host that has had many. */
import { type Issued, type Key, makeCa, makeKey, makeLeaf } from '../make-certificate.ts';

export const HOST = 'mx1.example.org';
export const OWNER = `_25._tcp.${HOST}`;

export interface Pair {
  readonly id: string;
  readonly chain: readonly Uint8Array[];
  readonly spki: Uint8Array;
}

const issuers: readonly Issued[] = [makeCa('CN=First CA'), makeCa('CN=Second CA')];
const keys: Readonly<Record<'ec' | 'rsa', readonly Key[]>> = {
  ec: Array.from({ length: 10 }, () => makeKey('ec')),
  rsa: Array.from({ length: 6 }, () => makeKey('rsa')),
};
const made = new Map<string, Pair>();

/** Of somebody else, who publishes beside us. */
export const STRANGER = makeKey('ec').spki;

export const KEYS = { ec: keys.ec.length, rsa: keys.rsa.length } as const;

/** The certificate of a key, by number, from one of two CAs; `serial` tells renewals apart. */
export function pair(kind: 'ec' | 'rsa', key: number, ca = 0, serial = 1): Pair {
  const id = `${kind}${key} of CA ${ca}, serial ${serial}`;
  const known = made.get(id);
  if (known) return known;
  const own = keys[kind][key % keys[kind].length]!;
  const issuer = issuers[ca]!;
  const { der } = makeLeaf(HOST, issuer, { key: own, serial });
  const fresh: Pair = { id, chain: [der, issuer.der], spki: own.spki };
  made.set(id, fresh);
  return fresh;
}

export function spkiOf(kind: 'ec' | 'rsa', key: number): Uint8Array {
  return keys[kind][key % keys[kind].length]!.spki;
}
