/** A resolver that forwards to itself asks for ever. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Endpoint } from '@mailanchor/dns';
import { type Place, placeToText } from './settings.ts';

/** The first of `upstream` that is one of the places where we listen ourselves. `own`: addresses of this machine. */
export function findLoop(
  upstream: readonly Endpoint[],
  listening: readonly Place[],
  own: readonly string[] = ownAddresses(),
): string | undefined {
  for (const { address, port } of upstream) {
    const found = listening.some(
      (place) =>
        place.port === port &&
        (sameAddress(place.address, address) || (isWildcard(place.address) && isOwn(address, own))),
    );
    if (found) return placeToText({ address, port });
  }
  return undefined;
}

function isWildcard(address: string): boolean {
  return canonical(address) === '0.0.0.0' || canonical(address) === '::';
}

function isOwn(address: string, own: readonly string[]): boolean {
  return (
    isWildcard(address) || /^127\./.test(canonical(address)) || own.some((one) => sameAddress(one, address))
  );
}

function sameAddress(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

/** One spelling for each address. */
function canonical(address: string): string {
  if (isIP(address) !== 6) return address;
  const host = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host);
  if (!mapped) return host;
  const bits = (Number.parseInt(mapped[1]!, 16) * 0x10000 + Number.parseInt(mapped[2]!, 16)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
