/**
 * The validated answers of a cache as octets, so that a service that starts anew starts warm. Each keeps its status and the moment it
 * expires; what was bogus or could not be found out is left behind. Keys and chains are found anew when they are needed.
 *
 * Whoever can write a snapshot can put words into the resolver's mouth: it belongs into a folder of the service's own. The checksum finds
 * damage, not malice. A snapshot made under other trust anchors or other rules is refused as a whole: what it calls secure rests on those.
 *
 *     'MAILANCHOR CACHE' | version, 2 octets | SHA-256 of all that follows | fingerprint of the settings, 32 octets |
 *     seconds when it was made | zones as JSON | number of answers | answers
 */
import { createHash } from 'node:crypto';
import { Name, type ResourceRecord } from '@mailanchor/dns';
import { DnssecError } from '../errors.ts';
import type { Reason, ZoneLink } from '../proof.ts';
import type { Validated } from '../validated.ts';
import { OctetReader, OctetWriter } from './octet-stream.ts';

/** An answer as the cache has it: its TTLs are what is left of them. */
export interface CachedAnswer {
  /** The type that it is kept under. */
  readonly type: number;
  readonly value: Exclude<Validated, { kind: 'failure' }>;
}

export interface SnapshotOptions {
  /** What makes the answers what they are: trust anchors, rules, sources. 32 octets. */
  readonly fingerprint: Uint8Array;
  /** Epoch seconds. */
  readonly now: number;
}

const MAGIC = Buffer.from('MAILANCHOR CACHE', 'latin1');
const VERSION = 1;
const DIGEST_OCTETS = 32;
/** Seconds by which a clock may have been set back since: more, and nobody knows what has expired. */
const CLOCK_TOLERANCE = 300;

const KINDS = ['answer', 'alias', 'nodata', 'nxdomain'] as const;
const STATUSES = ['secure', 'insecure'] as const;
const VIA = [undefined, 'CNAME', 'DNAME'] as const;

/** The answers given until `maxOctets` are full: those that matter most come first. */
export function encodeSnapshot(
  answers: Iterable<CachedAnswer>,
  options: SnapshotOptions & { readonly maxOctets: number },
): Uint8Array {
  const zones = new ZoneTable();
  const body = new OctetWriter();
  let count = 0;
  for (const answer of answers) {
    if (body.length + zones.octets > options.maxOctets) break;
    writeAnswer(body, answer, zones);
    count++;
  }
  const content = new OctetWriter();
  content.octets(options.fingerprint);
  content.f64(options.now);
  content.text(zones.json());
  content.u32(count);
  content.octets(body.finish());
  const octets = content.finish();
  const version = Uint8Array.of(VERSION >> 8, VERSION & 0xff);
  return Buffer.concat([MAGIC, version, digestOf(octets), octets]);
}

/**
 * The answers of a snapshot that have not expired, TTLs counted down. Throws `DnssecError`: 'snapshot-foreign' (no snapshot, of another
 * version or made under other settings), 'snapshot-damaged', 'snapshot-clock' (from the future).
 */
export function decodeSnapshot(octets: Uint8Array, { fingerprint, now }: SnapshotOptions): CachedAnswer[] {
  const head = MAGIC.length + 2 + DIGEST_OCTETS;
  if (octets.length < head || Buffer.compare(octets.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new DnssecError('snapshot-foreign', 'this is no snapshot of a cache');
  }
  const version = (octets[MAGIC.length]! << 8) | octets[MAGIC.length + 1]!;
  if (version !== VERSION) {
    throw new DnssecError('snapshot-foreign', `the snapshot is of version ${version}, wanted is ${VERSION}`);
  }
  const content = octets.subarray(head);
  if (Buffer.compare(digestOf(content), octets.subarray(MAGIC.length + 2, head)) !== 0) {
    throw new DnssecError('snapshot-damaged', 'the snapshot is damaged: its checksum does not match');
  }
  try {
    return readAnswers(new OctetReader(content), fingerprint, now);
  } catch (cause) {
    if (cause instanceof DnssecError) throw cause;
    throw new DnssecError('snapshot-damaged', 'the snapshot is damaged', { cause });
  }
}

function readAnswers(reader: OctetReader, fingerprint: Uint8Array, now: number): CachedAnswer[] {
  if (Buffer.compare(reader.octets(DIGEST_OCTETS), fingerprint) !== 0) {
    throw new DnssecError('snapshot-foreign', 'the snapshot was made under other trust anchors or settings');
  }
  const madeAt = reader.f64();
  if (!(madeAt <= now + CLOCK_TOLERANCE)) {
    const text = `the snapshot was made at ${isoSeconds(madeAt)}, the clock says ${isoSeconds(now)}`;
    throw new DnssecError('snapshot-clock', text);
  }
  const age = Math.max(0, now - madeAt);
  const links = readZones(reader.text());
  const answers: CachedAnswer[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const answer = readAnswer(reader, links, age);
    if (answer.value.ttl > 0) answers.push(answer);
  }
  if (reader.left > 0) throw new RangeError(`${reader.left} octets too many`);
  return answers;
}

function writeAnswer(writer: OctetWriter, { type, value }: CachedAnswer, zones: ZoneTable): void {
  writer.u16(type);
  writer.u8(KINDS.indexOf(value.kind));
  writer.u8(STATUSES.indexOf(value.status));
  writer.name(value.owner);
  writer.u32(value.ttl);
  writer.u8(VIA.indexOf(value.via));
  if (value.target) writer.name(value.target);
  writer.u8(value.negativeTrustAnchor ? 1 : 0);
  if (value.negativeTrustAnchor) writer.name(value.negativeTrustAnchor);
  writer.text(value.reason ? JSON.stringify(plainReason(value.reason)) : '');
  writer.u8(value.chain.length);
  for (const link of value.chain) writer.u32(zones.index(link));
  writer.records(value.records);
  writer.records(value.answer);
  writer.records(value.authority);
}

function readAnswer(reader: OctetReader, links: readonly ZoneLink[], age: number): CachedAnswer {
  const type = reader.u16();
  const kind = among(KINDS, reader.u8());
  const status = among(STATUSES, reader.u8());
  const owner = reader.name();
  const ttl = Math.max(0, reader.u32() - age);
  const via = among(VIA, reader.u8());
  const target = via && reader.name();
  const negativeTrustAnchor = reader.u8() === 1 ? reader.name() : undefined;
  const reason = reader.text();
  const chain = Array.from({ length: reader.u8() }, () => among(links, reader.u32()));
  const older = (records: ResourceRecord[]) =>
    records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - age) }));
  return {
    type,
    value: {
      kind,
      status,
      owner,
      ttl,
      chain,
      ...(via && target && { via, target }),
      ...(negativeTrustAnchor && { negativeTrustAnchor }),
      ...(reason !== '' && { reason: readReason(JSON.parse(reason)) }),
      records: older(reader.records()),
      answer: older(reader.records()),
      authority: older(reader.records()),
    },
  };
}

function among<T>(list: readonly T[], index: number): T {
  if (index >= list.length) throw new RangeError(`${index} of ${list.length}`);
  return list[index]!;
}

/** Zones of chains, each once: thousands of answers rest on the same few. */
class ZoneTable {
  readonly #byLink = new Map<ZoneLink, number>();
  readonly #byText = new Map<string, number>();
  octets = 0;

  index(link: ZoneLink): number {
    const known = this.#byLink.get(link);
    if (known !== undefined) return known;
    const text = JSON.stringify(plainLink(link));
    let index = this.#byText.get(text);
    if (index === undefined) {
      index = this.#byText.size;
      this.#byText.set(text, index);
      this.octets += text.length + 1;
    }
    this.#byLink.set(link, index);
    return index;
  }

  json(): string {
    return `[${[...this.#byText.keys()].join(',')}]`;
  }
}

type Plain<T> = { readonly [K in keyof T]: T[K] extends Name ? string : T[K] };

function plainReason({ ede, text, zone }: Reason): object {
  return { ede, text, ...(zone && { zone: zone.toString() }) };
}

function readReason({ ede, text, zone }: { ede: number; text: string; zone?: string }): Reason {
  return { ede, text, ...(zone !== undefined && { zone: Name.fromText(zone) }) };
}

function plainLink({ zone, signature, ds, proof: _, ...link }: ZoneLink): object {
  const records = ds.map(({ keyTag, algorithm, digestType }) => ({ keyTag, algorithm, digestType }));
  const signer = signature && { ...signature, signer: signature.signer.toString() };
  return { ...link, ds: records, zone: zone.toString(), ...(signer && { signature: signer }) };
}

/** What this program wrote itself and the checksum vouches for: its shape is taken as given, its names are not. */
function readZones(json: string): ZoneLink[] {
  const plain = JSON.parse(json) as (Plain<Omit<ZoneLink, 'signature'>> & {
    signature?: Plain<NonNullable<ZoneLink['signature']>>;
  })[];
  return plain.map(({ signature, ...link }) => ({
    ...link,
    zone: Name.fromText(link.zone),
    ...(signature && { signature: { ...signature, signer: Name.fromText(signature.signer) } }),
  }));
}

function digestOf(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}

function isoSeconds(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}
