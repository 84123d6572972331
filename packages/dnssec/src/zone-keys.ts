/** A zone's DNSKEY RRset against what vouches for it: DS records of its parent, or a trust anchor (rfc4035#section-5.2). */
import { type DsData, decodeDnskey, Ede, type Name } from '@mailanchor/dns';
import type { Failure } from './ask.ts';
import { bogus } from './delegation-signer.ts';
import { dsDigest } from './ds.ts';
import { keyTag } from './key-tag.ts';
import type { ZoneLink } from './proof.ts';
import { keyBits } from './public-key.ts';
import {
  keysOfTag,
  REVOKE_FLAG,
  type SignedRRset,
  type VerifyContext,
  verifyRRset,
  ZONE_KEY_FLAG,
  type ZoneKey,
} from './signature.ts';

export type KeysOutcome =
  | {
      readonly kind: 'keys';
      readonly keys: readonly ZoneKey[];
      readonly ttl: number;
      readonly signature: NonNullable<ZoneLink['signature']>;
    }
  | Failure;

/** Whether a DS or an anchor vouches for a key of the zone, and that key for the whole DNSKEY RRset. */
export async function judgeKeys(
  zone: Name,
  rrset: SignedRRset,
  keys: readonly ZoneKey[],
  ds: readonly DsData[],
  trusted: readonly ZoneKey[],
  context: VerifyContext,
): Promise<KeysOutcome> {
  const { work } = context;
  const usable = (key: ZoneKey) =>
    (key.data.flags & ZONE_KEY_FLAG) !== 0 && (key.data.flags & REVOKE_FLAG) === 0 && key.data.protocol === 3;
  const vouched: ZoneKey[] = [];
  let mismatches = 0;
  for (const record of ds) {
    const candidates = keysOfTag(keys, record.keyTag).filter(
      (key) => key.tag === record.keyTag && key.data.algorithm === record.algorithm,
    );
    let matched = false;
    for (const key of candidates.slice(0, work.budgets.keysPerTag)) {
      const digest = usable(key) ? dsDigest(zone, key.rdata, record.digestType) : undefined;
      if (!digest || Buffer.compare(digest, record.digest) !== 0) continue;
      matched = true;
      if (!vouched.includes(key)) vouched.push(key);
    }
    if (!matched && candidates.length > 0 && ++mismatches > work.budgets.dsMismatches) break;
  }
  for (const anchor of trusted) {
    const key = keys.find((candidate) => Buffer.compare(candidate.rdata, anchor.rdata) === 0);
    if (key && usable(key)) vouched.push(key);
  }
  if (vouched.length === 0) {
    const named = [...ds.map((record) => record.keyTag), ...trusted.map((key) => key.tag)];
    const has = keys.map((key) => key.tag);
    const published = new Set(has);
    const text = named.every((tag) => published.has(tag))
      ? `${ds.length > 0 ? 'the DS' : 'the trust anchor'} of ${zone} names key ${list(named)}, but is of another key than the one that the zone publishes`
      : `${ds.length > 0 ? 'the DS' : 'the trust anchor'} of ${zone} names key ${list(named)}, the zone publishes ${list(has)}`;
    return bogus(text, zone, Ede.DNSKEY_MISSING);
  }
  const result = await verifyRRset(rrset, zone, vouched, context);
  if (result.kind === 'invalid') return { kind: 'bogus', reason: result.reason };
  return { kind: 'keys', keys, ttl: result.ttl, signature: result.signature };
}

/** Tags in a sentence, the most of them: more are nobody's honest zone, and the sentence goes out with the answer. */
const LISTED = 8;

function list(tags: readonly number[]): string {
  const different = [...new Set(tags)];
  const more = different.length > LISTED ? ` and ${different.length - LISTED} others` : '';
  return different.length === 0 ? 'none' : `${different.slice(0, LISTED).join(', ')}${more}`;
}

export function readKeys(rrset: SignedRRset): ZoneKey[] {
  const keys: ZoneKey[] = [];
  for (const rdata of rrset.rdatas) {
    try {
      keys.push({ tag: keyTag(rdata), data: decodeDnskey(rdata), rdata });
    } catch {
      // A malformed key is no key.
    }
  }
  return keys;
}

export function keyInfo({ tag, data }: ZoneKey): ZoneLink['keys'][number] {
  return { tag, algorithm: data.algorithm, flags: data.flags, bits: keyBits(data.algorithm, data.publicKey) };
}

/** A DS as chains tell of it. */
export function dsInfo({ keyTag, algorithm, digestType }: ZoneLink['ds'][number]): ZoneLink['ds'][number] {
  return { keyTag, algorithm, digestType };
}

/** The same keys, holding on to nothing but one piece of storage for all of them. */
export function detachKeys(keys: readonly ZoneKey[]): ZoneKey[] {
  const storage = Buffer.allocUnsafeSlow(keys.reduce((octets, { rdata }) => octets + rdata.length, 0));
  let at = 0;
  return keys.map(({ tag, data, rdata: view }) => {
    const rdata = new Uint8Array(storage.buffer, at, view.length);
    rdata.set(view);
    at += view.length;
    return { tag, data: { ...data, publicKey: rdata.subarray(PUBLIC_KEY_AT) }, rdata };
  });
}

/** Octets of a DNSKEY before its public key (rfc4034#section-2.1). */
const PUBLIC_KEY_AT = 4;
