/** The keys that the servers of a zone publish, each once. */
import {
  DnsError,
  type DnskeyData,
  type DsData,
  decodeDnskey,
  decodeRrsig,
  type Name,
} from '@mailanchor/dns';
import { keyBits, keyTag, matchesDs } from '@mailanchor/dnssec';
import type { ZoneView } from './zone-view.ts';

export interface SeenKey extends DnskeyData {
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly bits: number;
  readonly entryPoint: boolean;
  readonly revoked: boolean;
  /** Whether a signature over the keys is by it; whether that holds is not known. */
  readonly signsKeys: boolean;
}

const ZONE_KEY = 0x0100;
const REVOKED = 0x0080;
const ENTRY_POINT = 0x0001;

export function seenKeys({ copies }: Pick<ZoneView, 'copies'>): SeenKey[] {
  const seen = new Map<string, SeenKey>();
  for (const { keys } of copies) {
    if (!keys) continue;
    const signers = new Set(keys.signatures.flatMap((rdata) => read(decodeRrsig, rdata)?.keyTag ?? []));
    for (const rdata of keys.rdatas) {
      const data = read(decodeDnskey, rdata);
      if (!data || (data.flags & ZONE_KEY) === 0) continue;
      const tag = keyTag(rdata);
      seen.set(Buffer.from(rdata).toString('hex'), {
        ...data,
        rdata,
        tag,
        bits: keyBits(data.algorithm, data.publicKey),
        entryPoint: (data.flags & ENTRY_POINT) !== 0,
        revoked: (data.flags & REVOKED) !== 0,
        signsKeys: signers.has(tag),
      });
    }
  }
  return [...seen.values()];
}

/** The keys that DS records are made of: those that sign the keys of the zone, as far as there are any. */
export function entryPoints(keys: readonly SeenKey[]): SeenKey[] {
  const live = keys.filter(({ revoked }) => !revoked);
  const points = live.filter(({ entryPoint }) => entryPoint);
  const candidates = points.length > 0 ? points : live;
  const signing = candidates.filter(({ signsKeys }) => signsKeys);
  return signing.length > 0 ? signing : candidates;
}

/** Whether a DS record is of a key that is still in use. */
export function isNamed(zone: Name, key: SeenKey, ds: readonly DsData[]): boolean {
  return !key.revoked && ds.some((record) => matchesDs(zone, record, key.rdata));
}

export function read<T>(decode: (rdata: Uint8Array) => T, rdata: Uint8Array): T | undefined {
  try {
    return decode(rdata);
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}
