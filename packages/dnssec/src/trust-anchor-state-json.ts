/** The state of the trust anchors as JSON gives it back: checked before anything is trusted on its word. */
import { base64Decode, decodeDnskey, decodeDs, Name, RRType } from '@mailanchor/dns';
import { DnssecError } from './errors.ts';
import { keyTag } from './key-tag.ts';
import {
  type AnchorKeyPhase,
  type AnchorKeyState,
  type ConfiguredAnchor,
  MAX_KEYS,
  type TrustAnchorState,
  type TrustPointState,
} from './trust-anchor-state.ts';

const PHASES: ReadonlySet<unknown> = new Set(['add-pend', 'valid', 'missing', 'revoked', 'removed']);

/** Reads the state from what JSON gives. Throws `DnssecError` 'trust-anchor-state' where it is not one. */
export function readTrustAnchorState(value: unknown): TrustAnchorState {
  const wrong = (what: string) =>
    new DnssecError('trust-anchor-state', `the state of the trust anchors is damaged: ${what}`);
  if (!isObject(value)) throw wrong('no object');
  if (value['version'] !== 1) throw wrong(`version ${JSON.stringify(value['version'])}, wanted is 1`);
  const points = list(value['points'], wrong, 'points').map((point): TrustPointState => {
    if (!isObject(point)) throw wrong('a trust point that is no object');
    const zone = text(point['zone'], wrong, 'zone');
    const where = `zone ${zone}`;
    try {
      Name.fromText(zone);
    } catch {
      throw wrong(`"${zone}" is no zone`);
    }
    const configured = list(point['configured'], wrong, where).map((anchor): ConfiguredAnchor => {
      if (!isObject(anchor)) throw wrong(`${where}: an anchor that is no object`);
      const type = seconds(anchor['type'], wrong, `${where}: type`);
      const rdata = text(anchor['rdata'], wrong, `${where}: rdata`);
      if (type !== RRType.DS && type !== RRType.DNSKEY) throw wrong(`${where}: an anchor of type ${type}`);
      return { type, rdata: checked(rdata, type === RRType.DS ? decodeDs : decodeDnskey, wrong, where) };
    });
    const keys = list(point['keys'], wrong, where).map((key): AnchorKeyState => {
      if (!isObject(key) || !PHASES.has(key['phase'])) throw wrong(`${where}: a key of no known phase`);
      const dnskey = checked(text(key['dnskey'], wrong, `${where}: dnskey`), decodeDnskey, wrong, where);
      const until = key['until'] === undefined ? undefined : seconds(key['until'], wrong, `${where}: until`);
      return {
        dnskey,
        tag: keyTag(base64Decode(dnskey)),
        phase: key['phase'] as AnchorKeyPhase,
        since: seconds(key['since'], wrong, `${where}: since`),
        ...(until !== undefined && { until }),
      };
    });
    if (keys.length > 2 * MAX_KEYS) throw wrong(`${where}: ${keys.length} keys`);
    const optional = (field: 'originalTtl' | 'expireInterval') =>
      point[field] === undefined ? {} : { [field]: seconds(point[field], wrong, `${where}: ${field}`) };
    return {
      zone,
      configured,
      keys,
      nextRefresh: seconds(point['nextRefresh'], wrong, `${where}: nextRefresh`),
      ...optional('originalTtl'),
      ...optional('expireInterval'),
    };
  });
  return { version: 1, points };
}

type Wrong = (what: string) => DnssecError;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown, wrong: Wrong, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(`${what}: no list`);
  return value;
}

function text(value: unknown, wrong: Wrong, what: string): string {
  if (typeof value !== 'string') throw wrong(`${what}: no text`);
  return value;
}

function seconds(value: unknown, wrong: Wrong, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw wrong(`${what}: no number`);
  return value;
}

function checked(base64: string, decode: (rdata: Uint8Array) => unknown, wrong: Wrong, what: string): string {
  try {
    decode(base64Decode(base64));
  } catch {
    throw wrong(`${what}: "${base64.slice(0, 20)}" is no record`);
  }
  return base64;
}
