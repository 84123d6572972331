/**
 * The keys of a trust point over time (rfc5011): what was configured, what has been seen since, and what of it is trusted. Plain data,
 * pure functions; `TrustAnchorStore` asks the servers and keeps the time.
 *
 *  add-pend  seen in a validated DNSKEY RRset; trusted once it has been in every one for 30 days
 *  valid     trusted
 *  missing   trusted, though not in the last validated RRset: its owner ought to have revoked it first
 *  revoked   revoked by its own signature: never trusted again
 *  removed   revoked and gone for 30 days; remembered, so that it does not come back as a new one
 *
 * The Start state of the RFC is not being in the list.
 */
import { base64Decode, base64Encode, decodeDnskey, decodeDs, Name, RRType } from '@mailanchor/dns';
import { dsDigest } from './ds.ts';
import { keyTag } from './key-tag.ts';
import { REVOKE_FLAG, SEP_FLAG, ZONE_KEY_FLAG } from './signature.ts';

export type AnchorKeyPhase = 'add-pend' | 'valid' | 'missing' | 'revoked' | 'removed';

export interface AnchorKeyState {
  /** DNSKEY RDATA, the REVOKE bit clear, in base64. */
  readonly dnskey: string;
  /** Key tag of that; the revoked key's own is another. */
  readonly tag: number;
  readonly phase: AnchorKeyPhase;
  /** Epoch seconds at which the phase began. */
  readonly since: number;
  /** Epoch seconds: end of the hold-down of 'add-pend' and 'revoked'. */
  readonly until?: number;
}

/** A configured anchor, DS or DNSKEY. */
export interface ConfiguredAnchor {
  readonly type: number;
  /** RDATA in base64. */
  readonly rdata: string;
}

export interface TrustPointState {
  readonly zone: string;
  /** What the user, or the program, vouches for. */
  readonly configured: readonly ConfiguredAnchor[];
  readonly keys: readonly AnchorKeyState[];
  /** Epoch seconds of the next question for the keys; 0: at once. */
  readonly nextRefresh: number;
  /** Of the last validated RRset, seconds: its original TTL, and what was left of its signature. */
  readonly originalTtl?: number;
  readonly expireInterval?: number;
}

export interface TrustAnchorState {
  readonly version: 1;
  readonly points: readonly TrustPointState[];
}

const HOUR = 3600;
const DAY = 86_400;
/** rfc5011#section-2.4.1, rfc5011#section-2.4.2: hold-down before a key is trusted, and before a revoked one is forgotten. */
export const HOLD_DOWN = 30 * DAY;
/** Keys of one trust point: five must be possible (rfc5011#section-2.4.3), more than this are nobody's honest rollover. */
export const MAX_KEYS = 32;

/** What a DNSKEY RRset showed. */
export interface Sighting {
  /** RDATA of the keys in it. */
  readonly keys: readonly Uint8Array[];
  /** Those of them that have the REVOKE bit and whose own signature over the RRset holds. */
  readonly selfRevoked: readonly Uint8Array[];
  /** The signature of a trusted key over the RRset, seconds; undefined where none holds. */
  readonly validated?: { readonly originalTtl: number; readonly expireInterval: number };
}

export function newTrustPoint(zone: Name, configured: readonly ConfiguredAnchor[]): TrustPointState {
  return { zone: zone.toString(), configured, keys: [], nextRefresh: 0 };
}

/** The trust point after what was seen at `now`, epoch seconds (rfc5011#section-4). */
export function advance(point: TrustPointState, seen: Sighting, now: number): TrustPointState {
  const zone = Name.fromText(point.zone);
  const keys = new Map(point.keys.map((key) => [key.dnskey, key]));
  const change = (dnskey: string, phase: AnchorKeyPhase, until?: number) => {
    const before = keys.get(dnskey);
    const since = before?.phase === phase ? before.since : now;
    const tag = keyTag(base64Decode(dnskey));
    keys.set(dnskey, { dnskey, tag, phase, since, ...(until !== undefined && { until }) });
  };

  // Its own signature is enough to revoke a key (rfc5011#section-2.1), if it is one that is or would be trusted.
  const revoked = new Set<string>();
  for (const rdata of seen.selfRevoked) {
    const dnskey = base64Encode(withoutRevoke(rdata));
    const phase = keys.get(dnskey)?.phase;
    if (phase === undefined && !isConfigured(point, zone, withoutRevoke(rdata))) continue;
    revoked.add(dnskey);
    if (phase === 'add-pend') keys.delete(dnskey);
    else if (phase !== 'removed') change(dnskey, 'revoked', now + HOLD_DOWN);
  }
  if (!seen.validated) return { ...point, keys: [...keys.values()], nextRefresh: now + retryTime(point) };

  const { originalTtl, expireInterval } = seen.validated;
  const present = new Set<string>();
  for (const rdata of seen.keys) {
    const { flags, protocol } = decodeDnskey(rdata);
    if ((flags & ZONE_KEY_FLAG) === 0 || (flags & SEP_FLAG) === 0 || protocol !== 3) continue;
    if ((flags & REVOKE_FLAG) !== 0) continue;
    const dnskey = base64Encode(rdata);
    present.add(dnskey);
    const known = keys.get(dnskey);
    if (!known) {
      if (isConfigured(point, zone, rdata)) change(dnskey, 'valid');
      else if (keys.size < MAX_KEYS) change(dnskey, 'add-pend', now + Math.max(HOLD_DOWN, originalTtl));
    } else if (known.phase === 'missing') {
      change(dnskey, 'valid');
    } else if (known.phase === 'add-pend') {
      if (now >= (known.until ?? 0) || isConfigured(point, zone, rdata)) change(dnskey, 'valid');
    }
  }
  for (const { dnskey, phase, until = now } of [...keys.values()]) {
    if (present.has(dnskey) || revoked.has(dnskey)) continue;
    if (phase === 'add-pend') keys.delete(dnskey);
    else if (phase === 'valid') change(dnskey, 'missing');
    else if (phase === 'revoked' && now >= until) change(dnskey, 'removed');
  }
  return {
    ...point,
    keys: [...keys.values()],
    nextRefresh: now + queryInterval(originalTtl, expireInterval),
    originalTtl,
    expireInterval,
  };
}

/** After a question without an answer: the point as it was, asked again later. */
export function postponed(point: TrustPointState, now: number): TrustPointState {
  return { ...point, nextRefresh: now + retryTime(point) };
}

/** Seconds until the keys are asked for again (rfc5011#section-2.3). */
export function queryInterval(originalTtl: number, expireInterval: number): number {
  return Math.max(HOUR, Math.min(15 * DAY, Math.floor(originalTtl / 2), Math.floor(expireInterval / 2)));
}

/** Seconds until a question that failed is repeated (rfc5011#section-2.3). */
export function retryTime({
  originalTtl = 0,
  expireInterval = 0,
}: Pick<TrustPointState, 'originalTtl' | 'expireInterval'>): number {
  return Math.max(HOUR, Math.min(DAY, Math.floor(originalTtl / 10), Math.floor(expireInterval / 10)));
}

/** What is trusted: keys that are valid or missing, and what was configured and has not been seen as a key yet. */
export function trustedOf(point: TrustPointState): { readonly type: number; readonly rdata: Uint8Array }[] {
  const zone = Name.fromText(point.zone);
  const trusted: { type: number; rdata: Uint8Array }[] = [];
  for (const { phase, dnskey } of point.keys) {
    if (phase === 'valid' || phase === 'missing')
      trusted.push({ type: RRType.DNSKEY, rdata: base64Decode(dnskey) });
  }
  for (const anchor of point.configured) {
    // Once the key is known, it goes its own way: a revoked one does not come back by the configuration.
    const known = point.keys.find(({ dnskey }) => names(anchor, zone, base64Decode(dnskey)));
    if (known && known.phase !== 'add-pend') continue;
    trusted.push({ type: anchor.type, rdata: base64Decode(anchor.rdata) });
  }
  return trusted;
}

/** Whether the configured anchor is this key, or the digest of it. */
function names(anchor: ConfiguredAnchor, zone: Name, dnskey: Uint8Array): boolean {
  const rdata = base64Decode(anchor.rdata);
  if (anchor.type === RRType.DNSKEY) return Buffer.compare(rdata, dnskey) === 0;
  const ds = decodeDs(rdata);
  const { algorithm } = decodeDnskey(dnskey);
  if (ds.keyTag !== keyTag(dnskey) || ds.algorithm !== algorithm) return false;
  const digest = dsDigest(zone, dnskey, ds.digestType);
  return digest !== undefined && Buffer.compare(digest, ds.digest) === 0;
}

function isConfigured(point: TrustPointState, zone: Name, dnskey: Uint8Array): boolean {
  return point.configured.some((anchor) => names(anchor, zone, dnskey));
}

/** The key before it was revoked: the bit is part of the RDATA and so of the tag (rfc5011#section-3). */
export function withoutRevoke(rdata: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(rdata);
  copy[1]! &= ~REVOKE_FLAG;
  return copy;
}

/**
 * The trust point as the state has it, under what is configured now. Where something that was configured no longer is, the user has taken
 * his word back, and what was learnt by it goes too: only revocations stay.
 */
export function reconfigured(
  known: TrustPointState,
  configured: readonly ConfiguredAnchor[],
): TrustPointState {
  const now = new Set(configured.map(({ type, rdata }) => `${type} ${rdata}`));
  const withdrawn = known.configured.some(({ type, rdata }) => !now.has(`${type} ${rdata}`));
  const same = !withdrawn && known.configured.length === configured.length;
  return {
    ...known,
    configured,
    keys: withdrawn
      ? known.keys.filter(({ phase }) => phase === 'revoked' || phase === 'removed')
      : known.keys,
    nextRefresh: same ? known.nextRefresh : 0,
  };
}
