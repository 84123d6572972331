/** Who may ask: a list of networks, loopback by default. */
import { BlockList, isIP } from 'node:net';
import { bad, type Given } from '../options/given.ts';

export interface Network {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Bits that count. */
  readonly prefix: number;
}

export const LOOPBACK: readonly Network[] = [
  { address: '127.0.0.0', family: 'ipv4', prefix: 8 },
  { address: '::1', family: 'ipv6', prefix: 128 },
];

/** `192.0.2.0/24`, `2001:db8::/32`, or an address alone. Throws `UsageError`. */
export function parseNetwork(given: Given): Network {
  const [address = '', bits, ...rest] = given.value.trim().split('/');
  const version = isIP(address);
  const width = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? width : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (version === 0 || address.includes('%') || rest.length > 0 || !(prefix <= width)) {
    throw bad(given, 'a network such as 192.0.2.0/24 or 2001:db8::/32');
  }
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

/** Clients remembered with their answer; a flood of others makes it forget, no more. */
const REMEMBERED = 4096;

export class AccessList {
  readonly #list = new BlockList();
  readonly #known = new Map<string, boolean>();

  constructor(networks: readonly Network[]) {
    for (const { address, family, prefix } of networks) this.#list.addSubnet(address, prefix, family);
  }

  allows(address: string): boolean {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    // A socket for both families shows IPv4 clients as `::ffff:192.0.2.1`; a link-local one has its interface behind a %.
    const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, '').replace(/%.*$/, '');
    const allowed = this.#list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(address, allowed);
    return allowed;
  }
}
