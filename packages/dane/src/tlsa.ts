/** TLSA records: their numbers (rfc7218#section-2), which are usable, and which digests count. */
import { Certificate, checkSpkiShape } from './certificate.ts';
import { importPublicKey } from './public-key.ts';

/** One TLSA record; the shape of `TlsaData` of `@mailanchor/dns`. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  /** the certificate association data */
  readonly data: Uint8Array;
}

export const Usage = { PKIX_TA: 0, PKIX_EE: 1, DANE_TA: 2, DANE_EE: 3 } as const;
export const Selector = { CERT: 0, SPKI: 1 } as const;
export const Matching = { FULL: 0, SHA2_256: 1, SHA2_512: 2 } as const;

/** Acronyms of rfc7218#section-2, by number. */
export const USAGE_ACRONYMS = ['PKIX-TA', 'PKIX-EE', 'DANE-TA', 'DANE-EE'] as const;
export const SELECTOR_ACRONYMS = ['Cert', 'SPKI'] as const;
export const MATCHING_ACRONYMS = ['Full', 'SHA2-256', 'SHA2-512'] as const;

/** Octets of each digest, by matching type. */
const DIGEST_OCTETS: Readonly<Record<number, number>> = { [Matching.SHA2_256]: 32, [Matching.SHA2_512]: 64 };

/** Matching types of digests, strongest first: rfc7671#section-9 wants the order configurable. */
export const DEFAULT_DIGEST_ORDER: readonly number[] = [Matching.SHA2_512, Matching.SHA2_256];

/** `smtp`: rfc7672#section-3.1.3, usages 0 and 1 are unusable. `general`: all four. */
export type DaneMode = 'smtp' | 'general';

/** A record with its place in the list that was given. */
export interface IndexedRecord {
  readonly index: number;
  readonly record: TlsaRecord;
}

/** `record` is the index in the list that was given. */
export interface UnusableRecord {
  readonly record: number;
  readonly why: string;
}

export interface RecordUsability {
  readonly usable: readonly IndexedRecord[];
  readonly unusable: readonly UnusableRecord[];
}

/**
 * Sort out the records that no certificate could ever match (rfc6698#section-4.1, rfc7671#section-9): unknown numbers, a
 * digest of the wrong length, nothing at all, Full data that does not decode, and in mode `smtp` usages 0 and 1.
 */
export function usableRecords(
  records: readonly TlsaRecord[],
  options: { readonly mode: DaneMode },
): RecordUsability {
  const usable: IndexedRecord[] = [];
  const unusable: UnusableRecord[] = [];
  for (const [index, record] of records.entries()) {
    const why = whyUnusable(record, options.mode);
    if (why === undefined) usable.push({ index, record });
    else unusable.push({ record: index, why });
  }
  return { usable, unusable };
}

/** The reason why a record is unusable, a sentence without the full stop; undefined if it is usable. */
export function whyUnusable(record: TlsaRecord, mode: DaneMode): string | undefined {
  const { usage, selector, matching, data } = record;
  if (!(usage in USAGE_ACRONYMS)) return `unknown usage ${usage}`;
  if (!(selector in SELECTOR_ACRONYMS)) return `unknown selector ${selector}`;
  if (!(matching in MATCHING_ACRONYMS)) return `unknown matching type ${matching}`;
  if (mode === 'smtp' && (usage === Usage.PKIX_TA || usage === Usage.PKIX_EE)) {
    return `usage ${usage} (${USAGE_ACRONYMS[usage]}) does not apply to SMTP`;
  }
  if (data.length === 0) return 'no association data';
  if (matching !== Matching.FULL) {
    const octets = DIGEST_OCTETS[matching]!;
    if (data.length === octets) return undefined;
    return `a ${MATCHING_ACRONYMS[matching]} digest has ${octets} octets, this one ${data.length}`;
  }
  return selector === Selector.CERT ? whyNotACertificate(data) : whyNotAKey(data);
}

function whyNotACertificate(data: Uint8Array): string | undefined {
  const certificate = Certificate.tryParse(data);
  if (!certificate) return 'the data is not a certificate';
  return certificate.publicKey ? undefined : "the certificate's key cannot be decoded";
}

function whyNotAKey(data: Uint8Array): string | undefined {
  try {
    checkSpkiShape(data);
  } catch {
    return 'the data is not a public key';
  }
  return importPublicKey(data) ? undefined : 'the public key cannot be decoded';
}

/**
 * Digest agility (rfc7671#section-9), over usable records: of each usage and selector, Full(0) and the strongest digest
 * present. `order` names matching types, strongest first; one that it does not name is the weakest.
 */
export function strongestDigests(
  records: readonly IndexedRecord[],
  order: readonly number[] = DEFAULT_DIGEST_ORDER,
): IndexedRecord[] {
  const strength = (matching: number): number => {
    const place = order.indexOf(matching);
    return place < 0 ? order.length : place;
  };
  const best = new Map<number, number>();
  const group = (record: TlsaRecord): number => record.usage * 256 + record.selector;
  for (const { record } of records) {
    if (record.matching === Matching.FULL) continue;
    const known = best.get(group(record));
    const own = strength(record.matching);
    if (known === undefined || own < known) best.set(group(record), own);
  }
  return records.filter(
    ({ record }) =>
      record.matching === Matching.FULL || strength(record.matching) === best.get(group(record)),
  );
}
