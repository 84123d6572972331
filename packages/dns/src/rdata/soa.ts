/** SOA (rfc1035#section-3.3.13): start of a zone of authority. */
import type { Name } from '../name.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface SoaData {
  /** The primary server. */
  readonly mname: Name;
  /** The responsible person's mailbox, its `@` as a dot. */
  readonly rname: Name;
  readonly serial: number;
  /** Seconds, as are the other three. */
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** TTL of negative answers (rfc2308#section-4). */
  readonly minimum: number;
}

export function decodeSoa(rdata: Uint8Array): SoaData {
  const reader = new RdataReader(rdata);
  const data = {
    mname: reader.name(),
    rname: reader.name(),
    serial: reader.u32(),
    refresh: reader.u32(),
    retry: reader.u32(),
    expire: reader.u32(),
    minimum: reader.u32(),
  };
  reader.end();
  return data;
}

export function encodeSoa(data: SoaData): Uint8Array {
  return new RdataWriter()
    .name(data.mname)
    .name(data.rname)
    .u32(data.serial)
    .u32(data.refresh)
    .u32(data.retry)
    .u32(data.expire)
    .u32(data.minimum)
    .finish();
}

export const soaFormat: RdataFormat = {
  toText(rdata) {
    const { mname, rname, serial, refresh, retry, expire, minimum } = decodeSoa(rdata);
    return `${mname} ${rname} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
  },
  fromText: (tokens) =>
    encodeSoa({
      mname: tokens.name('the primary server'),
      rname: tokens.name('the responsible mailbox'),
      serial: tokens.u32('a serial number'),
      refresh: tokens.ttl('the refresh time'),
      retry: tokens.ttl('the retry time'),
      expire: tokens.ttl('the expire time'),
      minimum: tokens.ttl('the minimum TTL'),
    }),
};
