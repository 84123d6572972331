/** Findings on a zone's keys, what its parent says of them, and how it proves absence. */
import {
  DnsError,
  type DnskeyData,
  type DsData,
  decodeDnskey,
  decodeDs,
  decodeNsec3param,
  RRType,
} from '@mailanchor/dns';
import {
  algorithmToText,
  DigestType,
  dsDigest,
  isSmallKey,
  isWeakAlgorithm,
  keyBits,
  keyTag,
  MIN_RSA_BITS,
} from '@mailanchor/dnssec';
import { finding } from './finding-table.ts';
import { toHex } from './hex.ts';
import { nameText } from './name-text.ts';
import type { Finding } from './verdict.ts';
import { zoneText } from './zone-inspection/words.ts';
import { hasSpoken, type ZoneInspection } from './zone-inspection/zone-inspection.ts';

export interface PublishedKey extends DnskeyData {
  readonly tag: number;
  readonly rdata: Uint8Array;
  readonly bits: number;
}

const REVOKED = 0x0080;
const ZONE_KEY = 0x0100;
const ENTRY_POINT = 0x0001;

/** Keys of the zone that any of its servers publishes. */
export function publishedKeys({ zone, answers }: ZoneInspection): PublishedKey[] {
  const keys = new Map<string, PublishedKey>();
  for (const answer of answers) {
    if (answer.type !== RRType.DNSKEY || !hasSpoken(answer) || !answer.name.equals(zone)) continue;
    for (const { rdata, type } of answer.records) {
      const data = type === RRType.DNSKEY ? read(decodeDnskey, rdata) : undefined;
      if (!data || (data.flags & ZONE_KEY) === 0) continue;
      keys.set(toHex(rdata), {
        ...data,
        rdata,
        tag: keyTag(rdata),
        bits: keyBits(data.algorithm, data.publicKey),
      });
    }
  }
  return [...keys.values()];
}

export function delegationSigners({ ds = [] }: ZoneInspection): DsData[] {
  return ds.flatMap((rdata) => read(decodeDs, rdata) ?? []);
}

/** NSEC3 iterations of the zone, from its parameters and its proofs; undefined where it uses NSEC, or nobody said. */
export function nsec3Iterations({ answers }: ZoneInspection): number | undefined {
  let most: number | undefined;
  for (const answer of answers) {
    if (!hasSpoken(answer)) continue;
    if (answer.nsec3Iterations > 0) most = Math.max(most ?? 0, answer.nsec3Iterations);
    if (answer.type !== RRType.NSEC3PARAM) continue;
    for (const { rdata, type } of answer.records) {
      const data = type === RRType.NSEC3PARAM ? read(decodeNsec3param, rdata) : undefined;
      if (data) most = Math.max(most ?? 0, data.iterations);
    }
  }
  return most;
}

function read<T>(decode: (rdata: Uint8Array) => T, rdata: Uint8Array): T | undefined {
  try {
    return decode(rdata);
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}

/** `saidUnsigned`: a zone whose missing DS another finding has printed already. */
export function zoneKeyFindings(inspection: ZoneInspection, saidUnsigned: string | undefined): Finding[] {
  const keys = publishedKeys(inspection);
  const ds = delegationSigners(inspection);
  return [
    ...iterationsFinding(inspection),
    ...algorithmFindings(inspection, keys, ds),
    ...rolloverFindings(inspection, keys, ds, saidUnsigned),
  ];
}

/** rfc9276#section-3.2: the bound that validators have agreed on. */
const INSECURE_ABOVE = 50;

function iterationsFinding(inspection: ZoneInspection): Finding[] {
  const iterations = nsec3Iterations(inspection);
  if (!iterations) return [];
  const { zone } = inspection;
  const text = `${zoneText(zone)} hashes names with ${iterations} further NSEC3 iterations; there should be none (RFC 9276 section 3.1).`;
  const fix = `BIND: nsec3param iterations 0 optout no salt-length 0; in the dnssec-policy, or: rndc signing -nsec3param 1 0 0 - ${nameText(zone)}\nKnot: nsec3-iterations: 0 and nsec3-salt-length: 0 in the policy`;
  const more =
    iterations > INSECURE_ABOVE
      ? {
          severity: 'warning' as const,
          effect: `Above ${INSECURE_ABOVE} validators treat the zone as unsigned: DANE protects no mail there.`,
        }
      : {};
  return [finding('nsec3-iterations', nameText(zone), text, { fix, ...more })];
}

function algorithmFindings(
  inspection: ZoneInspection,
  keys: readonly PublishedKey[],
  ds: readonly DsData[],
): Finding[] {
  const { zone } = inspection;
  const subject = nameText(zone);
  const findings: Finding[] = [];
  const weak = keys.filter(({ algorithm }) => isWeakAlgorithm(algorithm));
  const roll = `Roll the zone's keys to ECDSA P-256 with SHA-256 (algorithm 13). BIND: dnssec-policy default; Knot: algorithm: ecdsap256sha256`;
  if (weak.length > 0) {
    const all = weak.length === keys.length;
    const algorithms = [...new Set(weak.map(({ algorithm }) => algorithmToText(algorithm)))].join(', ');
    const text = `${zoneText(zone)} is signed with ${algorithms}${all ? '' : ' beside a better algorithm'}: ${tags(weak)}.`;
    const effect = all
      ? 'More and more validators treat the zone as unsigned: DANE protects no mail there.'
      : 'Nothing as long as the better algorithm signs everything too.';
    findings.push(finding('algorithm-weak', subject, text, { fix: roll, effect }));
  }
  const small = keys.filter(({ algorithm, bits }) => isSmallKey(algorithm, bits));
  if (small.length > 0) {
    const text = `${zoneText(zone)} is signed with RSA keys shorter than ${MIN_RSA_BITS} bits: ${small.map(({ tag, bits }) => `${tag} with ${bits}`).join(', ')}.`;
    findings.push(finding('key-small', subject, text, { fix: roll }));
  }
  if (ds.length > 0 && ds.every(({ digestType }) => digestType === DigestType.SHA1)) {
    const named = keys.filter((key) => ds.some((record) => record.keyTag === key.tag));
    const text = `The parent vouches for ${zoneText(zone)} with SHA-1 digests only.`;
    const fix = `Hand the registrar the SHA-256 digest:\n${dsLines(inspection, named).join('\n')}`;
    findings.push(finding('ds-sha1', subject, text, { fix }));
  }
  return findings;
}

const UNFINISHED = {
  severity: 'warning',
  effect: 'None while another DS matches; the change of keys was not ended.',
} as const;
/** A DS that nobody can use makes the zone unsigned, not broken (rfc4035#section-5.2). */
const UNKNOWN_ALGORITHM = {
  severity: 'warning',
  effect: 'Senders know none of the algorithms and treat the zone as unsigned: DANE protects no mail there.',
} as const;

/** A key change left half-way between the zone and its parent (RFC 6781 section 4.1.2). */
function rolloverFindings(
  inspection: ZoneInspection,
  keys: readonly PublishedKey[],
  ds: readonly DsData[],
  saidUnsigned: string | undefined,
): Finding[] {
  const { zone, parentStatus } = inspection;
  // Without keys, or without knowing what the parent says, nothing can be compared.
  if (keys.length === 0 || inspection.ds === undefined || zone.isRoot) return [];
  const subject = nameText(zone);
  const findings: Finding[] = [];
  const live = keys.filter(({ flags }) => (flags & REVOKED) === 0);
  const names = (record: DsData, key: PublishedKey): boolean => {
    if (record.keyTag !== key.tag || record.algorithm !== key.algorithm) return false;
    const digest = dsDigest(zone, key.rdata, record.digestType);
    // Of a digest that nobody computes the tag has to do.
    return digest === undefined || toHex(digest) === toHex(record.digest);
  };
  const orphans = ds.filter((record) => !live.some((key) => names(record, key)));
  const working = ds.length > orphans.length;
  const entryPoints = live.filter(({ flags }) => (flags & ENTRY_POINT) !== 0);
  if (orphans.length > 0) {
    const named = orphans.map(
      ({ keyTag: tag }) => `${tag}${live.some((key) => key.tag === tag) ? ' (with another digest)' : ''}`,
    );
    const text = `The parent of ${zoneText(zone)} has DS records of keys that the zone does not publish: ${named.join(', ')}; it publishes ${tags(live)}.`;
    const fix = working
      ? `Have the registrar remove:\n${orphans.map((record) => `${zone} IN DS ${dsText(record)}`).join('\n')}`
      : `Hand this to the registrar in place of what is there:\n${dsLines(inspection, entryPoints.length > 0 ? entryPoints : live).join('\n')}`;
    const more = working ? UNFINISHED : inspection.status === 'insecure' ? UNKNOWN_ALGORITHM : {};
    findings.push(finding('ds-no-key', subject, text, { fix, ...more }));
  }
  const unnamed = entryPoints.filter((key) => !ds.some((record) => names(record, key)));
  if (ds.length === 0 && parentStatus === 'secure' && subject !== saidUnsigned) {
    const wanted = entryPoints.length > 0 ? entryPoints : live;
    const text = `${zoneText(zone)} signs with DNSSEC, but its parent has no DS record for it: nobody can validate it.`;
    const fix = `Hand this to the registrar (or the operator of the zone above):\n${dsLines(inspection, wanted).join('\n')}`;
    findings.push(finding('dnskey-no-ds', subject, text, { fix }));
  } else if (ds.length > 0 && working && unnamed.length > 0) {
    const text = `${zoneText(zone)} publishes key-signing keys without a DS record in the parent: ${tags(unnamed)}.`;
    const effect = 'None as long as the key that the DS names still signs; it must not be removed before.';
    const fix = `If it is the next key, hand this to the registrar; if it is a former one, remove it from the zone:\n${dsLines(inspection, unnamed).join('\n')}`;
    findings.push(finding('dnskey-no-ds', subject, text, { fix, effect }));
  }
  return findings;
}

function tags(keys: readonly PublishedKey[]): string {
  return `${keys.length === 1 ? 'key' : 'keys'} ${keys.map(({ tag }) => tag).join(', ')}`;
}

function dsLines({ zone }: ZoneInspection, keys: readonly PublishedKey[]): string[] {
  return keys.flatMap(({ tag, algorithm, rdata }) => {
    const digest = dsDigest(zone, rdata, DigestType.SHA256);
    return digest ? [`${zone} 3600 IN DS ${tag} ${algorithm} ${DigestType.SHA256} ${toHex(digest)}`] : [];
  });
}

function dsText({ keyTag: tag, algorithm, digestType, digest }: DsData): string {
  return `${tag} ${algorithm} ${digestType} ${toHex(digest)}`;
}
