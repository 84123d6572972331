/** Where the root is (rfc8109): names and addresses of its servers, as IANA publishes them, or from a file. */
import { decodeA, decodeAaaa, decodeSingleName, Name, parseZoneFile, RRType } from '@mailanchor/dns';
import { DnssecError } from '../errors.ts';

export interface RootHint {
  readonly name: Name;
  /** IPv4 and IPv6 addresses. */
  readonly addresses: readonly string[];
}

const BUILT_IN: readonly (readonly [string, string, string])[] = [
  ['a', '198.41.0.4', '2001:503:ba3e::2:30'],
  ['b', '170.247.170.2', '2801:1b8:10::b'],
  ['c', '192.33.4.12', '2001:500:2::c'],
  ['d', '199.7.91.13', '2001:500:2d::d'],
  ['e', '192.203.230.10', '2001:500:a8::e'],
  ['f', '192.5.5.241', '2001:500:2f::f'],
  ['g', '192.112.36.4', '2001:500:12::d0d'],
  ['h', '198.97.190.53', '2001:500:1::53'],
  ['i', '192.36.148.17', '2001:7fe::53'],
  ['j', '192.58.128.30', '2001:503:c27::2:30'],
  ['k', '193.0.14.129', '2001:7fd::1'],
  ['l', '199.7.83.42', '2001:500:9f::42'],
  ['m', '202.12.27.33', '2001:dc3::35'],
];

/** The built-in hints: the thirteen root servers. */
export function builtInRootHints(): RootHint[] {
  return BUILT_IN.map(([letter, ...addresses]) => ({
    name: Name.fromText(`${letter}.root-servers.net.`),
    addresses,
  }));
}

/**
 * Reads hints in master-file format: NS records of the root and addresses of those servers. Throws `DnssecError` or
 * `DnsFormatError`, whose message names the source, where a line is wrong or no server has an address.
 */
export function parseRootHints(text: string, source = 'root hints'): RootHint[] {
  const records = parseZoneFile(text, { source, origin: Name.root, defaultTtl: 3_600_000 });
  const addresses = new Map<string, string[]>();
  for (const { name, type, rdata } of records) {
    if (type !== RRType.A && type !== RRType.AAAA) continue;
    const list = addresses.get(name.key) ?? [];
    list.push(type === RRType.A ? decodeA(rdata) : decodeAaaa(rdata));
    addresses.set(name.key, list);
  }
  const hints: RootHint[] = [];
  for (const { name, type, rdata } of records) {
    if (type !== RRType.NS || !name.isRoot) continue;
    const server = decodeSingleName(rdata);
    const found = addresses.get(server.key);
    if (found) hints.push({ name: server, addresses: found });
  }
  if (hints.length === 0) {
    throw new DnssecError(
      'root-hints',
      `${source}: no NS record of the root whose server has an A or AAAA record`,
    );
  }
  return hints;
}
