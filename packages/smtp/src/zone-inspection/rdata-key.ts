/** Record data to compare servers by: names in it count the same in any case. */

import type { ResourceRecord } from '@mailanchor/dns';
import { canonicalRdata } from '@mailanchor/dnssec';
import { toHex } from '../hex.ts';

export function hexRdata({ type, rdata }: ResourceRecord): string {
  return toHex(canonicalRdata(type, rdata));
}
