/** Names inside RDATA, for the types whose canonical form has them in lower case. */
import { headLength, nameCount, type RdataLayout, rdataLayout } from './rdata-layout.ts';

export interface EmbeddedName {
  /** Of its first octet within RDATA. */
  readonly offset: number;
  /** Octets, root label included. */
  readonly length: number;
}

const NONE: readonly EmbeddedName[] = [];

/**
 * Where names lie in uncompressed RDATA, for exactly the types whose names are lower-cased in canonical form
 * (rfc4034#section-6.2 as amended by rfc6840#section-5.1: not NSEC, not HINFO). None for data that does not fit its type.
 */
export function embeddedNames(type: number, rdata: Uint8Array): readonly EmbeddedName[] {
  const layout = rdataLayout(type);
  return layout?.canonicalLowerCase ? (namesOf(layout, rdata) ?? NONE) : NONE;
}

/** The names that the layout says; undefined where the data does not fit it. */
export function namesOf(layout: RdataLayout, rdata: Uint8Array): readonly EmbeddedName[] | undefined {
  const head = headLength(layout, rdata, 0, rdata.length);
  if (head < 0) return undefined;
  const names: EmbeddedName[] = [];
  let at = head;
  for (let n = nameCount(layout, rdata, 0); n > 0; n--) {
    const start = at;
    for (;;) {
      const length = rdata[at];
      if (length === undefined || length > 63) return undefined;
      at += length + 1;
      if (length === 0) break;
    }
    if (at - start > 255) return undefined;
    names.push({ offset: start, length: at - start });
  }
  const tail = rdata.length - at;
  return tail < 0 || (layout.tail >= 0 && tail !== layout.tail) ? undefined : names;
}
