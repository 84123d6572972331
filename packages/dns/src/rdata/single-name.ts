/** Types whose data is one name: NS, CNAME, PTR (rfc1035#section-3.3), DNAME (rfc6672#section-2.1). */
import type { Name } from '../name.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';

export function decodeSingleName(rdata: Uint8Array): Name {
  const reader = new RdataReader(rdata);
  const name = reader.name();
  reader.end();
  return name;
}

export function encodeSingleName(name: Name): Uint8Array {
  return name.wire.slice();
}

export const singleNameFormat: RdataFormat = {
  toText: (rdata) => decodeSingleName(rdata).toString(),
  fromText: (tokens) => encodeSingleName(tokens.name('a domain name')),
};
