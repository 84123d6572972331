/** A zone: records, keys, its chain of NSEC or NSEC3 records. Signatures are made when they are asked for. */
import {
  base32HexEncode,
  encodeNsec,
  encodeNsec3,
  groupRRsets,
  Name,
  parseZoneFile,
  type ResourceRecord,
  RRType,
  rrTypeFromText,
  TypeBitmap,
} from '@mailanchor/dns';
import { hashName, type Records, type SignOptions, signRecords, toRecords } from './sign.ts';
import { type SigningKey, signingKey } from './signing-key.ts';

export interface Nsec3Parameters {
  readonly iterations?: number;
  /** Hexadecimal. */
  readonly salt?: string;
  /** Unsigned delegations are left out of the chain and every record says so. */
  readonly optOut?: boolean;
}

export interface ZoneOptions {
  readonly name: string;
  /** Master-file lines; SOA and NS are added where they are not in it. */
  readonly text?: string;
  /** Default: one key of algorithm 15 that signs everything. Empty: the zone is not signed. */
  readonly keys?: readonly SigningKey[];
  /** Default: NSEC. */
  readonly nsec3?: Nsec3Parameters;
  /** For every signature of the zone. */
  readonly sign?: SignOptions;
}

/** Seconds: TTL of the zone's records, and of its denials. */
export const TTL = 3600;
export const NEGATIVE_TTL = 900;

interface Link {
  readonly owner: Name;
  readonly records: Records;
}

export class Zone {
  readonly name: Name;
  readonly options: ZoneOptions;
  readonly keys: readonly SigningKey[];
  readonly #rrsets = new Map<string, Records>();
  readonly #signed = new WeakMap<Records, ResourceRecord[]>();
  /** Names with records, and those above them up to the apex (empty non-terminals). */
  readonly #names = new Map<string, Name>();
  #chain: readonly Link[] | undefined;

  constructor(options: ZoneOptions) {
    this.options = options;
    this.name = Name.fromText(options.name);
    this.keys = options.keys ?? [signingKey(options.name, 15)];
    this.add(options.text ?? '');
    if (!this.get(this.name, RRType.SOA)) this.add(`@ SOA ns1 hostmaster 1 7200 3600 86400 ${NEGATIVE_TTL}`);
    if (this.keys.length > 0)
      this.put({ name: this.name, type: RRType.DNSKEY, ttl: TTL, rdatas: this.keys.map((key) => key.rdata) });
  }

  get signed(): boolean {
    return this.keys.length > 0;
  }

  /** Adds master-file lines. */
  add(text: string): void {
    const records = parseZoneFile(text, { origin: this.name, defaultTtl: TTL });
    for (const rrset of groupRRsets(records)) {
      const known = this.get(rrset.name, rrset.type);
      this.put(known ? { ...known, rdatas: [...known.rdatas, ...rrset.rdatas] } : rrset);
    }
  }

  /** Puts an RRset in the place of the one that is there. */
  put(records: Records): void {
    const { name, type, ttl, rdatas } = records;
    this.#rrsets.set(`${type}/${name.key}`, { name, type, ttl, rdatas });
    for (let above = name; above.isAtOrBelow(this.name); above = above.parent) {
      this.#names.set(above.key, above);
      if (above.isRoot) break;
    }
    this.#chain = undefined;
  }

  remove(name: Name, type: number): void {
    this.#rrsets.delete(`${type}/${name.key}`);
    this.#chain = undefined;
  }

  get(name: Name, type: number): Records | undefined {
    return this.#rrsets.get(`${type}/${name.key}`);
  }

  at(name: Name): Records[] {
    return [...this.#rrsets.values()].filter((records) => records.name.equals(name));
  }

  /** Whether the name exists, if only because of what lies below it. */
  exists(name: Name): boolean {
    return this.#names.has(name.key);
  }

  /** The zone cut at or above `name`, below the apex. */
  cut(name: Name): Name | undefined {
    for (let labels = this.name.labelCount + 1; labels <= name.labelCount; labels++) {
      const candidate = name.ancestor(labels);
      if (this.get(candidate, RRType.NS)) return candidate;
    }
    return undefined;
  }

  /** The RRset with its RRSIGs, where there is one and the zone signs it. */
  rrset(name: Name, type: number): ResourceRecord[] {
    const records = this.get(name, type);
    if (!records) return [];
    const cut = this.cut(name);
    const below = cut !== undefined && type !== RRType.DS;
    return this.signed && !below ? this.sign(records) : toRecords(records);
  }

  /** Signs anything, in the zone's name. The same records without options get the same signature each time. */
  sign(records: Records, options: SignOptions = {}): ResourceRecord[] {
    const usual = Object.keys(options).length === 0;
    const known = usual ? this.#signed.get(records) : undefined;
    if (known) return known;
    const made = toRecords(records);
    for (const key of this.#signers(records.type))
      made.push(signRecords(records, this.name, key, { ...this.options.sign, ...options }).at(-1)!);
    if (usual) this.#signed.set(records, made);
    return made;
  }

  /** Of the keys, those with SEP sign the keys, the others the rest; where there is one kind only it signs all. */
  #signers(type: number): readonly SigningKey[] {
    const sep = this.keys.filter((key) => key.rdata[1]! & 1);
    const others = this.keys.filter((key) => !(key.rdata[1]! & 1));
    const wanted = type === RRType.DNSKEY ? sep : others;
    return wanted.length > 0 ? wanted : this.keys;
  }

  #types(name: Name, nsec3: boolean): TypeBitmap {
    const cut = this.cut(name);
    const types = this.at(name).map((records) => records.type);
    if (cut) {
      const kept: number[] = types.filter((type) => type === RRType.NS || type === RRType.DS);
      if (kept.includes(RRType.DS)) kept.push(RRType.RRSIG);
      return TypeBitmap.of(nsec3 ? kept : [...new Set([...kept, RRType.RRSIG, RRType.NSEC])]);
    }
    if (types.length > 0) types.push(RRType.RRSIG);
    if (name.equals(this.name) && nsec3) types.push(RRType.NSEC3PARAM);
    return TypeBitmap.of(nsec3 ? types : [...types, RRType.NSEC]);
  }

  /** The records of the NSEC or NSEC3 chain, in its order. */
  get chain(): readonly Link[] {
    this.#chain ??= this.options.nsec3 ? this.#nsec3Chain(this.options.nsec3) : this.#nsecChain();
    return this.#chain;
  }

  #nsecChain(): Link[] {
    const names = [...this.#names.values()]
      .filter((name) => {
        const cut = this.cut(name);
        return this.at(name).length > 0 && (!cut || cut.equals(name));
      })
      .sort((a, b) => a.compare(b));
    return names.map((owner, i) => {
      const next = names[(i + 1) % names.length]!;
      const rdata = encodeNsec({ next, types: this.#types(owner, false) });
      return { owner, records: { name: owner, type: RRType.NSEC, ttl: NEGATIVE_TTL, rdatas: [rdata] } };
    });
  }

  #nsec3Chain({ optOut = false, iterations = 0, salt = '' }: Nsec3Parameters): Link[] {
    const saltOctets = Buffer.from(salt, 'hex');
    const secured = (name: Name) => {
      const cut = this.cut(name);
      if (cut && !cut.equals(name)) return false;
      return !optOut || !cut || this.get(name, RRType.DS) !== undefined;
    };
    const hasOwn = (name: Name) => this.at(name).length > 0 && secured(name);
    const owners = [...this.#names.values()].filter(
      (name) =>
        hasOwn(name) ||
        (this.at(name).length === 0 &&
          [...this.#names.values()].some((other) => other.isBelow(name) && hasOwn(other))),
    );
    const links = owners
      .map((owner) => ({ owner, hash: hashName(owner, saltOctets, iterations) }))
      .sort((a, b) => Buffer.compare(a.hash, b.hash));
    return links.map(({ owner, hash }, i) => {
      const rdata = encodeNsec3({
        hashAlgorithm: 1,
        flags: optOut ? 1 : 0,
        iterations,
        salt: saltOctets,
        nextHashed: links[(i + 1) % links.length]!.hash,
        types: this.#types(owner, true),
      });
      const name = this.name.prepend(base32HexEncode(hash));
      return { owner, records: { name, type: RRType.NSEC3, ttl: NEGATIVE_TTL, rdatas: [rdata] } };
    });
  }

  /** The signed record of the chain that has the name. */
  matching(name: Name): ResourceRecord[] {
    const link = this.chain.find(({ owner }) => owner.equals(name));
    return link ? this.sign(link.records) : [];
  }

  /** The signed record of the chain in whose span the name falls. */
  covering(name: Name): ResourceRecord[] {
    const { nsec3 } = this.options;
    let found: Link | undefined;
    if (nsec3) {
      const hash = base32HexEncode(
        hashName(name, Buffer.from(nsec3.salt ?? '', 'hex'), nsec3.iterations ?? 0),
      );
      const label = (link: Link) => Buffer.from(link.records.name.labels[0]!).toString('latin1');
      found = this.chain.findLast((link) => label(link) < hash) ?? this.chain.at(-1);
    } else {
      found = this.chain.findLast(({ owner }) => owner.compare(name) < 0);
    }
    return found && !found.owner.equals(name) ? this.sign(found.records) : [];
  }

  /** Records of a name given as text, `@` being the apex. */
  of(name: string, type: string): ResourceRecord[] {
    return this.rrset(Name.fromText(name, this.name), rrTypeFromText(type)!);
  }

  /** The key that signs data. */
  get key(): SigningKey {
    return this.#signers(RRType.A)[0]!;
  }
}
