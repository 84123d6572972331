/** When the signatures end that the servers of a zone show at its apex. */
import { decodeRrsig, RRType, rrTypeToText } from '@mailanchor/dns';
import { nearestTime } from '@mailanchor/dnssec';
import { read } from './seen-keys.ts';
import type { SignedRecords, ZoneCopy, ZoneView } from './zone-view.ts';

/** An RRset at one server, by that of its signatures that lasts longest: any one good signature is enough (rfc6840#section-5.11). */
export interface SignedUntil {
  readonly server: string | undefined;
  readonly type: string;
  /** Epoch seconds. */
  readonly until: number;
}

/** `now`: epoch seconds. The first to end comes first. */
export function signedUntil({ zone, copies }: Pick<ZoneView, 'zone' | 'copies'>, now: number): SignedUntil[] {
  const last = ({ signatures }: SignedRecords): number | undefined => {
    const ends = signatures.flatMap((rdata) => {
      const signature = read(decodeRrsig, rdata);
      return signature?.signer.equals(zone) ? [nearestTime(signature.expiration, now)] : [];
    });
    return ends.length > 0 ? Math.max(...ends) : undefined;
  };
  return copies
    .flatMap((copy) =>
      setsOf(copy).flatMap(([type, records]) => {
        const until = records && last(records);
        return until === undefined ? [] : [{ server: copy.server, type: rrTypeToText(type), until }];
      }),
    )
    .sort((a, b) => a.until - b.until);
}

function setsOf({ soa, keys, cds, cdnskey }: ZoneCopy): [number, SignedRecords | undefined][] {
  return [
    [RRType.DNSKEY, keys],
    [RRType.SOA, soa],
    [RRType.CDS, cds],
    [RRType.CDNSKEY, cdnskey],
  ];
}
