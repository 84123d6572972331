/**
 * One RRset, its RRSIGs and a zone's keys: does any signature hold (rfc4035#section-5.3)? Any one good path is enough
 * (rfc6840#section-5.11); the reason of a failure is that of the signature that came furthest.
 */
import { verify as cryptoVerify, type KeyObject } from 'node:crypto';
import {
  type DnskeyData,
  decodeRrsig,
  Ede,
  type Name,
  type RRset,
  type RrsigData,
  rrTypeToText,
} from '@mailanchor/dns';
import {
  Algorithm,
  type AlgorithmPolicy,
  algorithmToText,
  isSupportedAlgorithm,
  verificationWeight,
} from './algorithm.ts';
import type { Work } from './budget.ts';
import { signedData } from './canonical.ts';
import type { Reason, SignatureInfo } from './proof.ts';
import type { KeyStore } from './public-key.ts';

/** An RRset with the RRSIGs that came with it, undecoded. */
export interface SignedRRset extends RRset {
  readonly signatures: readonly Uint8Array[];
}

export interface ZoneKey {
  readonly tag: number;
  readonly data: DnskeyData;
  readonly rdata: Uint8Array;
}

/** Everything verification rests on besides the data: keys already imported, what is accepted, the time, the budget. */
export interface VerifyContext {
  readonly keys: KeyStore;
  readonly policy: AlgorithmPolicy;
  /** Epoch seconds. */
  readonly now: number;
  /** Seconds by which the clock may be wrong either way; default 0. */
  readonly skew?: number;
  readonly work: Work;
  /** Whether to verify on the thread pool: a fifth more work, done by another core. Default false. */
  readonly concurrent?: boolean;
}

export type SignatureResult =
  | {
      readonly kind: 'valid';
      readonly signature: SignatureInfo;
      readonly key: ZoneKey;
      /** Seconds the RRset may be kept: TTL, original TTL and what is left of the signature (rfc4035#section-5.3.3). */
      readonly ttl: number;
      /** Labels of the RRSIG: fewer than the owner has means that a wildcard was expanded. */
      readonly labels: number;
    }
  | { readonly kind: 'invalid'; readonly reason: Reason };

/** DNSKEY flags (rfc4034#section-2.1.1, rfc5011#section-7). */
export const ZONE_KEY_FLAG = 0x0100;
export const SEP_FLAG = 0x0001;
export const REVOKE_FLAG = 0x0080;

/** Whether `a` is later than `b` in serial number arithmetic (rfc4034#section-3.1.5, rfc1982). */
export function serialAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/**
 * A 32-bit signature time as epoch seconds, the one nearest to `now`: the field wraps in 2106 (rfc4034#section-3.1.5).
 */
export function nearestTime(value: number, now: number): number {
  return now + ((value - now) | 0);
}

function timeText(value: number, now: number): string {
  return new Date(nearestTime(value, now) * 1000).toISOString().replace(/\.000Z$/, 'Z');
}

/**
 * DNSSEC's ECDSA signature, r and s side by side (rfc6605#section-4), as the DER that OpenSSL wants. Node converts too
 * (`dsaEncoding`), but takes a third longer for a verification that way than with a key given by itself.
 */
function ecdsaDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const der = new Uint8Array(signature.length + 8);
  let at = 2;
  for (let begin = 0; begin < signature.length; begin += half) {
    const end = begin + half;
    let from = begin;
    while (from < end - 1 && signature[from] === 0) from++;
    // An integer whose top bit is set would be negative.
    const zero = signature[from]! & 0x80 ? 1 : 0;
    der[at] = 0x02;
    der[at + 1] = end - from + zero;
    der.set(signature.subarray(from, end), at + 2 + zero);
    at += 2 + zero + end - from;
  }
  der[0] = 0x30;
  der[1] = at - 2; // At most 102 octets: one octet of length.
  return der.subarray(0, at);
}

/** What OpenSSL takes for a signature of the algorithm; undefined where there is none such. */
function materialOf(
  algorithm: number,
  signature: Uint8Array,
): { readonly hash: string | null; readonly signature: Uint8Array } | undefined {
  switch (algorithm) {
    case Algorithm.RSASHA1:
    case Algorithm.RSASHA1_NSEC3_SHA1:
      return { hash: 'sha1', signature };
    case Algorithm.RSASHA256:
      return { hash: 'sha256', signature };
    case Algorithm.RSASHA512:
      return { hash: 'sha512', signature };
    case Algorithm.ECDSAP256SHA256:
      return signature.length === 64 ? { hash: 'sha256', signature: ecdsaDer(signature) } : undefined;
    case Algorithm.ECDSAP384SHA384:
      return signature.length === 96 ? { hash: 'sha384', signature: ecdsaDer(signature) } : undefined;
    case Algorithm.ED25519:
    case Algorithm.ED448:
      return { hash: null, signature };
    default:
      return undefined;
  }
}

/** Whether the signature holds, found out by Node's thread pool: the event loop is free meanwhile. False for what OpenSSL cannot parse. */
function verifyInPool(
  hash: string | null,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    cryptoVerify(hash, data, key, signature, (error, valid) => resolve(error === null && valid));
  });
}

/** Verifies one signature with one key; everything but the cryptography has been checked. */
async function verifyWithKey(
  rrset: RRset,
  rdata: Uint8Array,
  rrsig: RrsigData,
  key: ZoneKey,
  context: VerifyContext,
): Promise<boolean> {
  const { algorithm, publicKey } = key.data;
  const imported = context.keys.get(algorithm, publicKey);
  if (!imported) {
    // To find that out costs as much as a signature that is wrong.
    context.work.chargeFailedVerification();
    return false;
  }
  const data = signedData(rdata, rrsig.signer, rrset);
  const weight = verificationWeight(algorithm, publicKey, data.length);
  context.work.chargeVerification(weight);
  const material = materialOf(rrsig.algorithm, rrsig.signature);
  let valid = false;
  try {
    if (material && context.concurrent)
      valid = await verifyInPool(material.hash, data, imported, material.signature);
    else if (material) valid = cryptoVerify(material.hash, data, imported, material.signature);
  } catch {
    // A signature that OpenSSL cannot even parse.
  }
  if (!valid) context.work.chargeFailedVerification(weight);
  return valid;
}

/** Keys that a signature names and that may sign zone data (rfc4034#section-2.1.1, rfc5011#section-2.1). */
function candidates(keys: readonly ZoneKey[], rrsig: RrsigData): ZoneKey[] {
  return keysOfTag(keys, rrsig.keyTag).filter(
    ({ tag, data }) =>
      tag === rrsig.keyTag &&
      data.algorithm === rrsig.algorithm &&
      (data.flags & ZONE_KEY_FLAG) !== 0 &&
      (data.flags & REVOKE_FLAG) === 0 &&
      data.protocol === 3,
  );
}

const FEW_KEYS = 8;
const byTag = new WeakMap<readonly ZoneKey[], ReadonlyMap<number, readonly ZoneKey[]>>();

/** The keys with the tag, and where there are few, others: a zone of a thousand keys is not gone through for each of a thousand signatures. */
export function keysOfTag(keys: readonly ZoneKey[], tag: number): readonly ZoneKey[] {
  if (keys.length <= FEW_KEYS) return keys;
  let sorted = byTag.get(keys);
  if (!sorted) {
    sorted = Map.groupBy(keys, (key) => key.tag);
    byTag.set(keys, sorted);
  }
  return sorted.get(tag) ?? [];
}

/** How far a failed signature came: the furthest one tells most about what is wrong. */
interface Failure {
  readonly rank: number;
  readonly reason: Reason;
}

/**
 * Verifies `rrset` by `keys`, the trusted keys of the zone `signer`. The signature must name that zone, cover this type, and be within its dates.
 */
export async function verifyRRset(
  rrset: SignedRRset,
  signer: Name,
  keys: readonly ZoneKey[],
  context: VerifyContext,
): Promise<SignatureResult> {
  const { budgets } = context.work;
  const skew = context.skew ?? 0;
  const ownerLabels = rrset.name.isWildcard ? rrset.name.labelCount - 1 : rrset.name.labelCount;
  let failure = undefined as Failure | undefined;
  // The text is made where it is needed: most signatures hold.
  const fail = (rank: number, ede: number, text: (what: string) => string) => {
    if (rank <= (failure?.rank ?? 0)) return;
    failure = { rank, reason: { ede, text: text(whatOf(rrset)), zone: signer } };
  };

  let tried = 0;
  for (const rdata of rrset.signatures) {
    let rrsig: RrsigData;
    try {
      rrsig = decodeRrsig(rdata);
    } catch {
      fail(1, Ede.RRSIGS_MISSING, (what) => `malformed signature over ${what}`);
      continue;
    }
    if (rrsig.typeCovered !== rrset.type) continue;
    if (!rrsig.signer.equals(signer)) {
      fail(
        1,
        Ede.DNSSEC_BOGUS,
        (what) => `signature over ${what} names ${rrsig.signer} as signer, not ${signer}`,
      );
      continue;
    }
    if (!isSupportedAlgorithm(rrsig.algorithm, context.policy)) {
      fail(
        1,
        Ede.UNSUPPORTED_DNSKEY_ALGORITHM,
        (what) => `signature over ${what} by ${algorithmToText(rrsig.algorithm)}`,
      );
      continue;
    }
    if (rrsig.labels > ownerLabels) {
      fail(2, Ede.DNSSEC_BOGUS, (what) => `signature over ${what} has more labels than its owner`);
      continue;
    }
    if (serialAfter(rrsig.inception, rrsig.expiration)) {
      fail(
        2,
        Ede.SIGNATURE_EXPIRED_BEFORE_VALID,
        (what) => `signature over ${what} expires before it begins`,
      );
      continue;
    }
    if (serialAfter(context.now - skew, rrsig.expiration)) {
      const when = timeText(rrsig.expiration, context.now);
      fail(
        4,
        Ede.SIGNATURE_EXPIRED,
        (what) => `signature over ${what} expired ${when} (key ${rrsig.keyTag})`,
      );
      continue;
    }
    if (serialAfter(rrsig.inception, context.now + skew)) {
      const when = timeText(rrsig.inception, context.now);
      fail(
        4,
        Ede.SIGNATURE_NOT_YET_VALID,
        (what) => `signature over ${what} is not valid before ${when} (key ${rrsig.keyTag})`,
      );
      continue;
    }
    const named = candidates(keys, rrsig);
    if (named.length === 0) {
      fail(
        3,
        Ede.DNSKEY_MISSING,
        (what) => `${what} is signed by key ${rrsig.keyTag}, which ${signer} does not publish`,
      );
      continue;
    }
    if (++tried > budgets.signaturesPerRRset) break;
    for (const key of named.slice(0, budgets.keysPerTag)) {
      if (!(await verifyWithKey(rrset, rdata, rrsig, key, context))) continue;
      return {
        kind: 'valid',
        key,
        labels: rrsig.labels,
        ttl: Math.max(
          0,
          Math.min(rrset.ttl, rrsig.originalTtl, nearestTime(rrsig.expiration, context.now) - context.now),
        ),
        signature: {
          keyTag: rrsig.keyTag,
          algorithm: rrsig.algorithm,
          signer: rrsig.signer,
          inception: nearestTime(rrsig.inception, context.now),
          expiration: nearestTime(rrsig.expiration, context.now),
        },
      };
    }
    fail(5, Ede.DNSSEC_BOGUS, (what) => `signature over ${what} by key ${rrsig.keyTag} does not verify`);
  }
  return {
    kind: 'invalid',
    reason: failure?.reason ?? {
      ede: Ede.RRSIGS_MISSING,
      text: `no signature over ${whatOf(rrset)}`,
      zone: signer,
    },
  };
}

function whatOf({ type, name }: RRset): string {
  return `${rrTypeToText(type)} of ${name}`;
}
