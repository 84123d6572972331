/** A key that client and server share, by a name that both have for it (rfc8945#section-6). */
import type { TsigAlgorithm } from '../iana/tsig.ts';
import type { Name } from '../name.ts';

export interface TsigKey {
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Uint8Array;
}
