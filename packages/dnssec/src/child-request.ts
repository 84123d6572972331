/**
 * What a zone asks of its parent by its CDS and CDNSKEY records (rfc7344, rfc8078), and whether the parent may do it.
 *
 *   none      neither is published: nothing is to be changed (rfc7344#section-4.1)
 *   delete    all DS records are to go (rfc8078#section-4)
 *   replace   these DS records are wanted, in place of whatever is there (rfc8078#section-2.1)
 *   invalid   nobody can tell what is wanted: the parent leaves everything as it is
 *
 * Location is the caller's: the records are those of the zone's apex. Signer and continuity are judged against what the parent has.
 */
import {
  type DnskeyData,
  type DsData,
  decodeDnskey,
  decodeDs,
  equalOctets,
  type Name,
} from '@mailanchor/dns';
import { isSupportedAlgorithm, isSupportedDigest } from './algorithm.ts';
import { DEFAULT_BUDGETS, Work } from './budget.ts';
import { dsDigest } from './ds.ts';
import { keyTag } from './key-tag.ts';
import { KeyStore } from './public-key.ts';
import { REVOKE_FLAG, type SignedRRset, verifyRRset, ZONE_KEY_FLAG, type ZoneKey } from './signature.ts';

export type ChildRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'delete' }
  | {
      readonly kind: 'replace';
      /** From CDS; computed with SHA-256 where there is CDNSKEY alone. */
      readonly ds: readonly DsData[];
    }
  | { readonly kind: 'invalid'; readonly problem: RequestProblem };

export type RequestProblem =
  | 'malformed'
  /** Algorithm 0 beside other records, or not in the form that is mandated. */
  | 'bad-delete'
  /** CDS and CDNSKEY do not name the same keys (rfc7344#section-4). */
  | 'cds-cdnskey-differ';

const SHA256 = 2;
/** Records beyond which no zone has keys. */
const MAX_RECORDS = 32;
/** The one octet of the records that ask for deletion. */
const ZERO = Uint8Array.of(0);

/** RDATA of the two RRsets; empty where there is none. */
export function childRequest(
  zone: Name,
  cds: readonly Uint8Array[],
  cdnskey: readonly Uint8Array[],
): ChildRequest {
  if (cds.length === 0 && cdnskey.length === 0) return { kind: 'none' };
  const wanted = readAll(cds, decodeDs);
  const keys = readAll(cdnskey, decodeDnskey);
  if (!wanted || !keys) return invalid('malformed');
  const deletes = [...wanted, ...keys].filter(({ algorithm }) => algorithm === 0);
  if (deletes.length > 0) {
    const whole = wanted.length <= 1 && keys.length <= 1 && deletes.length === wanted.length + keys.length;
    return whole && wanted.every(isDeleteDs) && keys.every(isDeleteKey)
      ? { kind: 'delete' }
      : invalid('bad-delete');
  }
  const computed = cdnskey.flatMap((rdata) => dsOf(zone, rdata, SHA256) ?? []);
  if (wanted.length === 0) return { kind: 'replace', ds: computed };
  if (keys.length > 0 && !sameKeys(zone, wanted, cdnskey)) return invalid('cds-cdnskey-differ');
  return { kind: 'replace', ds: wanted };
}

function invalid(problem: RequestProblem): ChildRequest {
  return { kind: 'invalid', problem };
}

/** Undefined where one cannot be read, or there are more than make sense. */
function readAll<T>(rdatas: readonly Uint8Array[], decode: (rdata: Uint8Array) => T): T[] | undefined {
  if (rdatas.length > MAX_RECORDS) return undefined;
  try {
    return rdatas.map(decode);
  } catch {
    return undefined;
  }
}

/** `CDS 0 0 0 0`: the last 0 is one octet. */
function isDeleteDs({ keyTag: tag, digestType, digest }: DsData): boolean {
  return tag === 0 && digestType === 0 && equalOctets(digest, ZERO);
}

/** `CDNSKEY 0 3 0 0`. */
function isDeleteKey({ flags, protocol, publicKey }: DnskeyData): boolean {
  return flags === 0 && protocol === 3 && equalOctets(publicKey, ZERO);
}

/** Whether each record names one of the keys, and each key is named. A digest that nobody computes is believed by its tag. */
function sameKeys(zone: Name, ds: readonly DsData[], keys: readonly Uint8Array[]): boolean {
  return (
    ds.every((record) => keys.some((key) => matchesDs(zone, record, key))) &&
    keys.every((key) => ds.some((record) => matchesDs(zone, record, key)))
  );
}

/** The DS record of a key (rfc4034#section-5.1.4). Undefined for a digest type that is not known, or RDATA that is no key. */
export function dsOf(zone: Name, dnskey: Uint8Array, digestType: number): DsData | undefined {
  const digest = dnskey.length >= 4 ? dsDigest(zone, dnskey, digestType) : undefined;
  return digest && { keyTag: keyTag(dnskey), algorithm: dnskey[3]!, digestType, digest };
}

/** Whether the DS record is of this key: by digest; by tag and algorithm where the digest type is not known. */
export function matchesDs(zone: Name, ds: DsData, dnskey: Uint8Array): boolean {
  if (dnskey[3] !== ds.algorithm || keyTag(dnskey) !== ds.keyTag) return false;
  const digest = dsDigest(zone, dnskey, ds.digestType);
  return digest === undefined || equalOctets(digest, ds.digest);
}

/**
 * Whether two DS RRsets say the same, as far as the parent's own choice of digest types goes (rfc7344#section-6.2.1): a key of the zone counts
 * as the same under any digest, a key that the zone does not publish by tag and algorithm.
 */
export function sameDelegation(
  zone: Name,
  one: readonly DsData[],
  other: readonly DsData[],
  dnskeys: readonly Uint8Array[],
): boolean {
  const keyOf = (ds: DsData): string => {
    const index = dnskeys.findIndex((key) => matchesDs(zone, ds, key));
    return index < 0 ? `${ds.keyTag} ${ds.algorithm}` : `key ${index}`;
  };
  const first = new Set(one.map(keyOf));
  const second = new Set(other.map(keyOf));
  return first.size === second.size && [...first].every((key) => second.has(key));
}

/** SHA-1 is good enough for nobody who validates (RFC 9905). */
const POLICY = { sha1: false };

/** Keys of the zone that may vouch for others: zone keys that are not revoked, in a form that validators know. */
export function usableKeys(dnskeys: readonly Uint8Array[]): ZoneKey[] {
  return dnskeys.flatMap((rdata) => {
    try {
      const data = decodeDnskey(rdata);
      const usable =
        (data.flags & ZONE_KEY_FLAG) !== 0 && (data.flags & REVOKE_FLAG) === 0 && data.protocol === 3;
      return usable && isSupportedAlgorithm(data.algorithm, POLICY)
        ? [{ tag: keyTag(rdata), data, rdata }]
        : [];
    } catch {
      return [];
    }
  });
}

/** Keys that a DS RRset names with a digest that validators know. */
export function keysNamedBy(zone: Name, ds: readonly DsData[], dnskeys: readonly Uint8Array[]): ZoneKey[] {
  const strong = ds.filter(({ digestType }) => isSupportedDigest(digestType, POLICY));
  return usableKeys(dnskeys).filter(({ rdata }) => strong.some((record) => matchesDs(zone, record, rdata)));
}

/**
 * Whether one of `keys` has signed the RRset, at the time `now` (epoch seconds). Judges the rule of the signer (rfc7344#section-4.1) for CDS
 * and CDNSKEY, and that of continuity for DNSKEY: after the change a key of the new DS RRset has to vouch for the keys.
 */
export async function isSignedBy(
  zone: Name,
  rrset: SignedRRset,
  keys: readonly ZoneKey[],
  now: number,
): Promise<boolean> {
  if (keys.length === 0) return false;
  const work = new Work(DEFAULT_BUDGETS, Number.POSITIVE_INFINITY);
  try {
    const result = await verifyRRset(rrset, zone, keys, {
      keys: new KeyStore(64),
      policy: POLICY,
      now,
      work,
    });
    return result.kind === 'valid';
  } catch {
    // More signatures than anybody goes through.
    return false;
  }
}
