/** What the servers have at an owner before it is changed. */
import { tlsaFromText } from '@mailanchor/dane';
import type { TlsaData } from '@mailanchor/dns';
import { newestSerial } from './server-view.ts';
import { sameTlsaSet } from './tlsa-set.ts';
import type { Seeing } from './visibility.ts';

export type PublishedNow =
  | { readonly kind: 'known'; readonly records: readonly TlsaData[] }
  /** One line, without a full stop. */
  | { readonly kind: 'unclear'; readonly text: string };

/** By the servers that have the newest serial: what a lagging one answers is what the zone was. */
export function publishedNow({ servers }: Seeing): PublishedNow {
  const newest = newestSerial(servers);
  const current = servers.filter(({ serial }) => serial !== null && serial === newest);
  const [first, ...others] = current;
  if (!first) return { kind: 'unclear', text: 'no server of the zone answers' };
  const records = first.records?.map(tlsaFromText);
  if (!records) return { kind: 'unclear', text: `${first.name} ${first.text}` };
  const differing = others.find(
    (other) => !other.records || !sameTlsaSet(other.records.map(tlsaFromText), records),
  );
  return differing
    ? {
        kind: 'unclear',
        text: `${first.name} ${first.text}, ${differing.name} ${differing.text}, both with serial ${newest}`,
      }
    : { kind: 'known', records };
}
