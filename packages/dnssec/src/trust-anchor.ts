/**
 * Trust anchors (rfc4035#section-4.4): DS or DNSKEY records that are trusted without proof. Several anchors, any zone; the longest match wins.
 */
import {
  type DsData,
  decodeDnskey,
  decodeDs,
  Name,
  parseZoneFile,
  type ResourceRecord,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import { digestOf } from './algorithm.ts';
import { DnssecError } from './errors.ts';
import { keyTag } from './key-tag.ts';
import type { Clock } from './resolver.ts';
import { looksLikeXml, parseRootAnchorsXml } from './root-anchors-xml.ts';
import { REVOKE_FLAG, ZONE_KEY_FLAG, type ZoneKey } from './signature.ts';

/** The root's key signing keys, KSK-2017 and KSK-2024, as IANA publishes them (rfc7958). */
const ROOT_ANCHOR_TEXT = `
. 86400 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. 86400 IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
`;

/**
 * Reads DS and DNSKEY records in master-file format, or `root-anchors.xml` (rfc7958), of which the keys are taken that are valid by `clock`
 * (milliseconds since the epoch). Throws `DnssecError` or `DnsFormatError` whose message names source and line; other
 * record types are refused: a file with a typo must not silently trust less than its owner thinks.
 */
export function parseTrustAnchors(
  text: string,
  source = 'trust anchor',
  clock: Clock = Date.now,
): ResourceRecord[] {
  if (looksLikeXml(text)) return parseRootAnchorsXml(text, source, clock());
  const records = parseZoneFile(text, { source, origin: Name.root, defaultTtl: 86_400 });
  for (const record of records) {
    if (record.type !== RRType.DS && record.type !== RRType.DNSKEY) {
      throw new DnssecError(
        'trust-anchor',
        `${source}: a trust anchor is a DS or DNSKEY record, not ${rrTypeToText(record.type)} (${record.name})`,
      );
    }
    if (record.type === RRType.DS) checkDigest(decodeDs(record.rdata), text, source);
    else {
      const { flags } = decodeDnskey(record.rdata);
      if ((flags & ZONE_KEY_FLAG) === 0 || (flags & REVOKE_FLAG) !== 0) {
        throw new DnssecError(
          'trust-anchor',
          `${source}: the DNSKEY of ${record.name} is revoked or no zone key`,
        );
      }
    }
  }
  if (records.length === 0) throw new DnssecError('trust-anchor', `${source}: no DS or DNSKEY record in it`);
  return records;
}

/** A digest that lost a character would match no key ever: the zone would look forged instead of the file wrong. */
function checkDigest({ keyTag, digestType, digest }: DsData, text: string, source: string): void {
  const octets = digestOf(digestType)?.octets;
  if (octets === undefined || digest.length === octets) return;
  const line =
    text.split('\n').findIndex((words) => new RegExp(`\\bDS\\s+${keyTag}\\b`, 'i').test(words)) + 1;
  throw new DnssecError(
    'trust-anchor',
    `${source}${line > 0 ? `:${line}` : ''}: a digest of type ${digestType} has ${octets} octets, that of DS ${keyTag} has ${digest.length}`,
  );
}

let rootAnchors: readonly ResourceRecord[] | undefined;

/** The built-in anchors of the root. */
export function rootTrustAnchors(): readonly ResourceRecord[] {
  rootAnchors ??= parseTrustAnchors(ROOT_ANCHOR_TEXT, 'built-in root anchors');
  return rootAnchors;
}

/** What is trusted for one zone. */
export interface TrustAnchor {
  readonly zone: Name;
  readonly ds: readonly DsData[];
  readonly keys: readonly ZoneKey[];
}

/** Anchors by zone. */
export class TrustAnchors {
  readonly #byZone = new Map<string, { zone: Name; ds: DsData[]; keys: ZoneKey[] }>();
  #root: TrustAnchor | undefined;

  constructor(records: readonly ResourceRecord[]) {
    this.replace(records);
  }

  /** From now on these and no others. */
  replace(records: readonly ResourceRecord[]): void {
    this.#byZone.clear();
    for (const { name, type, rdata } of records) {
      const anchor = this.#byZone.get(name.key) ?? { zone: name, ds: [], keys: [] };
      this.#byZone.set(name.key, anchor);
      if (type === RRType.DS) anchor.ds.push(decodeDs(rdata));
      else if (type === RRType.DNSKEY)
        anchor.keys.push({ tag: keyTag(rdata), data: decodeDnskey(rdata), rdata });
    }
    this.#root = this.#byZone.get(Name.root.key);
  }

  /** The anchor of the closest zone at or above `name`. */
  closest(name: Name): TrustAnchor | undefined {
    // Mostly there is one, of the root.
    if (this.#byZone.size === 1 && this.#root) return this.#root;
    for (let candidate = name; ; candidate = candidate.parent) {
      const anchor = this.#byZone.get(candidate.key);
      if (anchor || candidate.isRoot) return anchor;
    }
  }
}
