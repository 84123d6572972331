/** What a record type brings for its text: both directions between RDATA and its presentation format. */
import type { TokenReader } from '../presentation/token-reader.ts';

export interface RdataFormat {
  /** Throws `DnsFormatError` on RDATA that does not fit the type. */
  readonly toText: (rdata: Uint8Array) => string;
  /** Reads the fields; the caller checks that no token is left. Throws `DnsFormatError`. */
  readonly fromText: (tokens: TokenReader) => Uint8Array;
}
