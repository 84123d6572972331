/** SRV (RFC 2782): host and port of a service. */
import type { Name } from '../name.ts';
import type { RdataFormat } from './rdata-format.ts';
import { RdataReader } from './rdata-reader.ts';
import { RdataWriter } from './rdata-writer.ts';

export interface SrvData {
  /** 0 to 65535, lower first. */
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

export function decodeSrv(rdata: Uint8Array): SrvData {
  const reader = new RdataReader(rdata);
  const data = { priority: reader.u16(), weight: reader.u16(), port: reader.u16(), target: reader.name() };
  reader.end();
  return data;
}

export function encodeSrv(data: SrvData): Uint8Array {
  return new RdataWriter().u16(data.priority).u16(data.weight).u16(data.port).name(data.target).finish();
}

export const srvFormat: RdataFormat = {
  toText(rdata) {
    const { priority, weight, port, target } = decodeSrv(rdata);
    return `${priority} ${weight} ${port} ${target}`;
  },
  fromText: (tokens) =>
    encodeSrv({
      priority: tokens.u16('a priority'),
      weight: tokens.u16('a weight'),
      port: tokens.u16('a port'),
      target: tokens.name('a target'),
    }),
};
