/** Zones that make up a tree of trust, on a network, with a resolver that knows the root's key. */
import { encodeA, Name, type ResourceRecord, RRType, rrTypeFromText, type Transport } from '@mailanchor/dns';
import { createResolver } from '../../src/index.ts';
import type { Resolution } from '../../src/proof.ts';
import type { ResolverOptions, ValidatingResolver } from '../../src/resolver/validating-resolver.ts';
import { FakeNetwork } from './network.ts';
import { dsRdata, NOW } from './sign.ts';
import { TTL, Zone, type ZoneOptions } from './zone.ts';

export interface WorldZone extends ZoneOptions {
  /** Default: one of its own. A zone with two has two servers. */
  readonly servers?: readonly string[];
  /** Digest types of the DS in the parent; empty for none. Default: SHA-256 where the zone is signed. */
  readonly ds?: readonly number[];
}

/** What the tests' queries are asked with: the resolver's options but for those that are the network's. */
export type WorldOptions = Omit<ResolverOptions, 'transport' | 'clock'>;

export class World {
  readonly network: FakeNetwork;
  readonly resolver: ValidatingResolver;
  readonly #zones: readonly Zone[];
  readonly #options: Omit<ResolverOptions, 'transport'>;

  /** A root is added where none is given. */
  constructor(zones: readonly WorldZone[], options: WorldOptions = {}, nowSeconds = NOW) {
    const all = zones.some(({ name }) => name === '.') ? zones : [{ name: '.' }, ...zones];
    this.network = new FakeNetwork(nowSeconds);
    this.#zones = all.map((zone) => new Zone(zone));
    for (const [i, zone] of this.#zones.entries()) {
      const { servers = [`192.0.2.${i + 1}`], ds = zone.signed ? [2] : [] } = all[i]!;
      this.#place(zone, servers, ds);
    }
    this.#options = {
      clock: this.network.clock,
      random: () => 0.5,
      families: { ipv4: true, ipv6: false },
      rootHints: [{ name: Name.fromText('ns1.'), addresses: all[0]!.servers ?? ['192.0.2.1'] }],
      trustAnchors: this.anchor('.'),
      ...options,
    };
    this.resolver = this.newResolver();
  }

  /** One that knows nothing yet. */
  newResolver(transport: Transport = this.network, options: WorldOptions = {}): ValidatingResolver {
    return createResolver({ transport, ...this.#options, ...options });
  }

  #place(zone: Zone, servers: readonly string[], ds: readonly number[]): void {
    const own = zone.get(zone.name, RRType.NS) === undefined;
    for (const [n, address] of servers.entries()) {
      this.network.serve(address, zone);
      if (own) zone.add(`@ NS ns${n + 1}\nns${n + 1} A ${address}`);
    }
    const parent = this.#parent(zone);
    if (!parent) return;
    const put = (name: Name, type: number, rdatas: readonly Uint8Array[]) =>
      parent.put({ name, type, ttl: TTL, rdatas });
    put(zone.name, RRType.NS, zone.get(zone.name, RRType.NS)!.rdatas);
    if (own) {
      for (const [n, address] of servers.entries())
        put(zone.name.prepend(`ns${n + 1}`), RRType.A, [encodeA(address)]);
    }
    const key = zone.keys.find(({ rdata }) => rdata[1]! & 1) ?? zone.keys[0];
    if (key && ds.length > 0)
      put(
        zone.name,
        RRType.DS,
        ds.map((digestType) => dsRdata(zone.name, key, digestType)),
      );
  }

  #parent(zone: Zone): Zone | undefined {
    return this.#zones
      .filter((other) => zone.name.isBelow(other.name))
      .sort((a, b) => b.name.labelCount - a.name.labelCount)[0];
  }

  zone(name: string): Zone {
    const wanted = Name.fromText(name);
    const zone = this.#zones.find((candidate) => candidate.name.equals(wanted));
    if (!zone) throw new Error(`no zone ${name}`);
    return zone;
  }

  /** A trust anchor for one of the zones. */
  anchor(name: string): ResourceRecord[] {
    const zone = this.zone(name);
    const key = zone.keys[0];
    return key
      ? [{ name: zone.name, type: RRType.DS, class: 1, ttl: TTL, rdata: dsRdata(zone.name, key) }]
      : [];
  }

  ask(name: string, type = 'A'): Promise<Resolution> {
    return this.resolver.resolve(Name.fromText(name), rrTypeFromText(type)!);
  }

  /** Time passes. */
  pass(seconds: number): void {
    this.network.now += seconds * 1000;
  }
}
