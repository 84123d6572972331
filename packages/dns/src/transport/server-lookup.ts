/** Where the server of `tls://HOST` or `https://HOST/` is. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TransportError } from '../errors.ts';

/**
 * The addresses of a DNS server known by name, from the system's own resolver and its hosts file, in its order; an address is its own.
 * Done once, before anything is asked. The answer is without proof, and needs none: it only says where to connect, the certificate says
 * who is there, and what is learned there is validated. Rejects with `TransportError` 'unreachable'.
 */
export async function lookUpServer(host: string): Promise<readonly string[]> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return [bare];
  try {
    const found = await lookup(bare, { all: true });
    return found.map(({ address }) => address);
  } catch (cause) {
    const text = `the DNS server "${host}" has no address that this system can find`;
    throw new TransportError('unreachable', text, { cause });
  }
}
