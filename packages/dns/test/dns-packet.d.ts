/** The part of the npm package `dns-packet` that the oracle uses; it ships no types. */
declare module 'dns-packet' {
  export interface PacketRecord {
    readonly name: string;
    readonly type: string;
    readonly class?: string;
    readonly ttl?: number;
    readonly data?: unknown;
  }
  export interface Packet {
    readonly id?: number;
    readonly type?: 'query' | 'response';
    readonly flags?: number;
    readonly rcode?: string;
    readonly questions?: readonly { readonly name: string; readonly type: string }[];
    readonly answers?: readonly PacketRecord[];
    readonly authorities?: readonly PacketRecord[];
    readonly additionals?: readonly PacketRecord[];
  }
  export function encode(packet: Packet): Buffer;
  export function decode(octets: Buffer): Packet;
  const all: { encode: typeof encode; decode: typeof decode };
  export default all;
}
