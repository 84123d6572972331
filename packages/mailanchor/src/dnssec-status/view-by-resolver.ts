/** A zone seen through the resolver, with as few questions as it takes: for lists of a hundred thousand. */
import {
  DnsError,
  type DsData,
  decodeDs,
  decodeRrsig,
  type Name,
  type ResourceRecord,
  RRType,
} from '@mailanchor/dns';
import type { Resolution, UncheckedAnswer, ValidatingResolver } from '@mailanchor/dnssec';
import type { SignedRecords, ZoneCopy, ZoneView } from './zone-view.ts';

export interface ViewOptions {
  readonly resolver: ValidatingResolver;
  /** Milliseconds for the whole zone. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Rejects only where `signal` aborts. */
export async function viewByResolver(zone: Name, options: ViewOptions): Promise<ZoneView> {
  const limits = limitsOf(options);
  const { resolver } = options;
  // One after the other: the parent's servers are asked once for both.
  const soa = await resolver.resolve(zone, RRType.SOA, limits());
  const standing = await standingOf(zone, soa, options, limits);
  if (!standing.isZone) return { ...standing, copies: [] };
  return { ...standing, copies: [await copyByResolver(zone, soa, standing, resolver, limits)] };
}

export type Limits = () => { readonly timeoutMs: number; readonly signal: AbortSignal };

export function limitsOf({ timeoutMs, signal }: Pick<ViewOptions, 'timeoutMs' | 'signal'>): Limits {
  const end = performance.now() + timeoutMs;
  return () => ({ timeoutMs: Math.max(1, end - performance.now()), signal });
}

/** Everything of a view but what the zone's servers say of it. `soa`: the zone's, as the resolver has it. */
export async function standingOf(
  zone: Name,
  soa: Resolution,
  { resolver }: Pick<ViewOptions, 'resolver'>,
  limits: Limits,
): Promise<Omit<ZoneView, 'copies'>> {
  const isZone = soa.kind === 'failure' || (soa.kind === 'answer' && soa.aliases.length === 0);
  const { status, reason } = soa;
  const note = soa.chain.find((link) => link.status === 'insecure')?.note;
  const ds = isZone ? await resolver.resolve(zone, RRType.DS, limits()) : undefined;
  return {
    zone,
    isZone,
    status,
    ...(reason && { reason }),
    ...(note !== undefined && { note }),
    negativeTrustAnchor: soa.negativeTrustAnchor !== undefined,
    parent: ds ? parentOf(zone, ds) : undefined,
    parentStatus: ds?.status ?? 'indeterminate',
    ...(ds?.reason && { parentReason: ds.reason }),
    ds: ds && dsOf(ds),
  };
}

/** The zone that the parent's answer came from, as far as the chain tells. */
function parentOf(zone: Name, { chain }: Resolution): Name | undefined {
  return chain.findLast((link) => !link.zone.equals(zone))?.zone;
}

function dsOf(ds: Resolution): DsData[] | undefined {
  if (ds.kind === 'failure') return undefined;
  return ds.records.flatMap(({ type, rdata }) => {
    try {
      return type === RRType.DS ? [decodeDs(rdata)] : [];
    } catch (error) {
      if (error instanceof DnsError) return [];
      throw error;
    }
  });
}

async function copyByResolver(
  zone: Name,
  soa: Resolution,
  { ds = [] }: Pick<ZoneView, 'ds'>,
  resolver: ValidatingResolver,
  limits: Limits,
): Promise<ZoneCopy> {
  if (soa.kind === 'failure' && soa.status === 'indeterminate') return { problem: soa.reason.text };
  const ask = (type: number) => resolver.resolveUnchecked(zone, type, limits());
  // The resolver has met the keys of a zone that it trusts; nobody has those of others.
  const keys =
    soa.status === 'secure'
      ? recordsIn(zone, RRType.DNSKEY, await resolver.resolve(zone, RRType.DNSKEY, limits()))
      : uncheckedRecords(zone, RRType.DNSKEY, await ask(RRType.DNSKEY));
  const own =
    soa.kind === 'answer'
      ? recordsIn(zone, RRType.SOA, soa)
      : uncheckedRecords(zone, RRType.SOA, await ask(RRType.SOA));
  const copy: ZoneCopy = { ...(own && { soa: own }), ...(keys && { keys }) };
  if (!keys || (keys.rdatas.length === 0 && ds.length === 0)) return copy;
  const [cds, cdnskey] = await Promise.all([ask(RRType.CDS), ask(RRType.CDNSKEY)]);
  const wanted = uncheckedRecords(zone, RRType.CDS, cds);
  const wantedKeys = uncheckedRecords(zone, RRType.CDNSKEY, cdnskey);
  return { ...copy, ...(wanted && { cds: wanted }), ...(wantedKeys && { cdnskey: wantedKeys }) };
}

function uncheckedRecords(zone: Name, type: number, answer: UncheckedAnswer): SignedRecords | undefined {
  return answer.reason ? undefined : signedRecords(zone, type, answer.answer);
}

function recordsIn(zone: Name, type: number, resolution: Resolution): SignedRecords | undefined {
  return resolution.kind === 'failure' ? undefined : signedRecords(zone, type, resolution.answer);
}

/** The RRset of the type at the apex out of a section. */
export function signedRecords(zone: Name, type: number, section: readonly ResourceRecord[]): SignedRecords {
  const rdatas: Uint8Array[] = [];
  const signatures: Uint8Array[] = [];
  let ttl = 0;
  for (const record of section) {
    if (!record.name.equals(zone)) continue;
    if (record.type === type) {
      ttl = record.ttl;
      rdatas.push(record.rdata);
    } else if (record.type === RRType.RRSIG && covers(record.rdata, type)) signatures.push(record.rdata);
  }
  return { ttl, rdatas, signatures };
}

function covers(rdata: Uint8Array, type: number): boolean {
  try {
    return decodeRrsig(rdata).typeCovered === type;
  } catch (error) {
    if (error instanceof DnsError) return false;
    throw error;
  }
}
