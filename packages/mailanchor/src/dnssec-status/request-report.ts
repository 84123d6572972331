/** What a zone asks of its parent, by all of its servers, and whether a parent may follow (rfc7344#section-4.1). */
import { type DsData, type Name, RRClass, RRType } from '@mailanchor/dns';
import { type ChildRequest, childRequest, isSignedBy, keysNamedBy } from '@mailanchor/dnssec';
import type { SignedRecords, ZoneCopy, ZoneView } from './zone-view.ts';

/** Why a parent must not do what it is asked, or would do well to wait. */
export type RequestObjection =
  | 'malformed'
  | 'bad-delete'
  | 'cds-cdnskey-differ'
  /** Not signed by a key that the present DS names. */
  | 'wrong-signer'
  /** No key that signs the zone's keys would be named any more. */
  | 'breaks-delegation'
  /** Servers ask for different things, or not all of them ask. */
  | 'servers-disagree';

export interface RequestReport {
  readonly request: ChildRequest;
  readonly objections: readonly RequestObjection[];
}

/** `now`: epoch seconds. */
export async function reportRequest(view: ZoneView, now: number): Promise<RequestReport> {
  const { zone, ds = [] } = view;
  // A server that could not be asked for one of the two says nothing.
  const copies = view.copies.filter(({ cds, cdnskey }) => cds && cdnskey);
  const asking = copies.find((copy) => asksSomething(copy));
  if (!asking?.cds || !asking.cdnskey) return { request: { kind: 'none' }, objections: [] };
  const { cds, cdnskey, keys } = asking;
  const request = childRequest(zone, cds.rdatas, cdnskey.rdatas);
  const objections: RequestObjection[] = [];
  if (request.kind === 'invalid') objections.push(request.problem);
  if (copies.some((copy) => contentOf(copy) !== contentOf(asking))) objections.push('servers-disagree');
  const dnskeys = keys?.rdatas ?? [];
  // Without a DS the parent has to find other reasons to believe it (rfc8078#section-3).
  if (ds.length > 0) {
    const named = keysNamedBy(zone, ds, dnskeys);
    const sets: [number, SignedRecords][] = [
      [RRType.CDS, cds],
      [RRType.CDNSKEY, cdnskey],
    ];
    for (const [type, records] of sets) {
      if (records.rdatas.length === 0 || objections.includes('wrong-signer')) continue;
      if (!(await isSignedBy(zone, rrsetOf(zone, type, records), named, now)))
        objections.push('wrong-signer');
    }
  }
  if (request.kind === 'replace' && keys && !(await keepsTrust(zone, request.ds, keys, now)))
    objections.push('breaks-delegation');
  return { request, objections };
}

function asksSomething({ cds, cdnskey }: ZoneCopy): boolean {
  return (cds?.rdatas.length ?? 0) + (cdnskey?.rdatas.length ?? 0) > 0;
}

/** Continuity (rfc7344#section-4.1): one of the keys that would be named signs the zone's keys. */
function keepsTrust(zone: Name, ds: readonly DsData[], keys: SignedRecords, now: number): Promise<boolean> {
  const named = keysNamedBy(zone, ds, keys.rdatas);
  return isSignedBy(zone, rrsetOf(zone, RRType.DNSKEY, keys), named, now);
}

function rrsetOf(name: Name, type: number, { rdatas, signatures, ttl }: SignedRecords) {
  return { name, type, class: RRClass.IN, ttl, rdatas, signatures };
}

function contentOf({ cds, cdnskey }: ZoneCopy): string {
  return [cds, cdnskey]
    .map((records) =>
      (records?.rdatas ?? [])
        .map((rdata) => Buffer.from(rdata).toString('hex'))
        .sort()
        .join(' '),
    )
    .join('/');
}

/** The same in words. */
export const OBJECTIONS: Readonly<Record<RequestObjection, string>> = {
  malformed: 'they cannot be read',
  'bad-delete':
    'deletion is asked for in another form than CDS 0 0 0 00 and CDNSKEY 0 3 0 AA== (RFC 8078 section 4)',
  'cds-cdnskey-differ': 'CDS and CDNSKEY name different keys (RFC 7344 section 4)',
  'wrong-signer': 'they are not signed by a key that the present DS records name (RFC 7344 section 4.1)',
  'breaks-delegation': 'no key that signs the zone would be named any more (RFC 7344 section 4.1)',
  'servers-disagree': 'not all of its servers ask for the same',
};
