/**
 * A signed zone: the records, the DNSKEY RRset, the denial records, and signatures made when they are first asked for
 * (rfc4035#section-2) and again when half of their time is over, so that a lab can run for weeks.
 */
import {
  encodeRrsig,
  type Name,
  type ResourceRecord,
  RRClass,
  type RRset,
  RRType,
  recordToText,
} from '@mailanchor/dns';
import { type Clock, signedData } from '@mailanchor/dnssec';
import type { SigningKey } from '../keys/signing-key.ts';
import { NsecChain } from './nsec-chain.ts';
import { Nsec3Chain, type Nsec3Parameters, nsec3paramRRset } from './nsec3-chain.ts';
import { faultOf, type SigningFault } from './signing-fault.ts';
import { recordsOf, Zone } from './zone.ts';

export type DenialMethod = { readonly kind: 'nsec' } | ({ readonly kind: 'nsec3' } & Nsec3Parameters);

export interface SigningOptions {
  readonly keys: readonly SigningKey[];
  /** Default NSEC. */
  readonly denial?: DenialMethod;
  readonly clock: Clock;
  /** Seconds for which a signature holds from now on; default 14 days. */
  readonly validity?: number;
  readonly faults?: readonly SigningFault[];
}

const DAY = 86_400;
/** Seconds before now at which a signature begins: clocks differ. */
const INCEPTION_MARGIN = 3600;
const DNSKEY_TTL = 3600;
const BY_ENTRY_POINTS: ReadonlySet<number> = new Set([RRType.DNSKEY, RRType.CDS, RRType.CDNSKEY]);

interface Signatures {
  readonly records: readonly ResourceRecord[];
  /** Epoch seconds from which they are made anew. */
  readonly renewAt: number;
}

export class SignedZone {
  /** With the DNSKEY and, where used, NSEC3PARAM records; without denial records and signatures. */
  readonly zone: Zone;
  readonly keys: readonly SigningKey[];
  readonly chain: NsecChain | Nsec3Chain;
  readonly #clock: Clock;
  readonly #validity: number;
  #faults: readonly SigningFault[];
  readonly #signatures = new Map<string, Signatures>();

  constructor(origin: Name, records: readonly ResourceRecord[], options: SigningOptions) {
    const { keys, denial = { kind: 'nsec' } } = options;
    this.keys = keys;
    this.#clock = options.clock;
    this.#validity = options.validity ?? 14 * DAY;
    this.#faults = options.faults ?? [];
    const rdatas = keys.map(({ rdata }) => rdata);
    const dnskey: RRset = { name: origin, type: RRType.DNSKEY, class: RRClass.IN, ttl: DNSKEY_TTL, rdatas };
    const added = [dnskey, ...(denial.kind === 'nsec3' ? [nsec3paramRRset(origin, denial)] : [])];
    this.zone = new Zone(origin, [...records, ...added.flatMap(recordsOf)]);
    this.chain = denial.kind === 'nsec' ? new NsecChain(this.zone) : new Nsec3Chain(this.zone, denial);
  }

  /** Replaces the faults; signatures are made anew. */
  setFaults(faults: readonly SigningFault[]): void {
    this.#faults = faults;
    this.#signatures.clear();
  }

  /** The RRSIG records of an RRset of this zone, denial records included, with its owner as their owner. */
  signaturesOf(rrset: RRset): readonly ResourceRecord[] {
    const now = Math.floor(this.#clock() / 1000);
    const key = `${rrset.type} ${rrset.name.key}`;
    const known = this.#signatures.get(key);
    if (known && now < known.renewAt) return known.records;
    const records = this.#sign(rrset, now);
    this.#signatures.set(key, { records, renewAt: now + this.#validity / 2 });
    return records;
  }

  /** The whole zone in master-file format: records, denial records and signatures. */
  toText(): string {
    const signed = this.zone.authoritativeNodes().flatMap(({ name, rrsets }) => {
      const cut = this.zone.isCut(name);
      return [...rrsets.values()].filter(({ type }) => !cut || type === RRType.DS);
    });
    const signatures = [...signed, ...this.chain.rrsets].flatMap((rrset) => this.signaturesOf(rrset));
    const denial = this.chain.rrsets.flatMap(recordsOf);
    // The SOA comes first: readers of master files ask for it.
    const soa = recordsOf(this.zone.soa);
    const rest = this.zone.records.filter(({ type }) => type !== RRType.SOA);
    return `${[...soa, ...rest, ...denial, ...signatures].map(recordToText).join('\n')}\n`;
  }

  /**
   * Each algorithm signs everything: the keys, and what is said of them to the parent (rfc7344#section-4.1), by its key-signing keys, the rest by
   * its zone-signing keys where it has any.
   */
  #signersOf(type: number): SigningKey[] {
    const algorithms = new Set(this.keys.map(({ algorithm }) => algorithm));
    return [...algorithms].flatMap((algorithm) => {
      const keys = this.keys.filter((key) => key.algorithm === algorithm);
      const zsks = keys.filter(({ role }) => role === 'zsk');
      const seps = keys.filter(({ role }) => role !== 'zsk');
      const wanted = BY_ENTRY_POINTS.has(type) ? seps : zsks;
      return wanted.length > 0 ? wanted : keys;
    });
  }

  #sign(rrset: RRset, now: number): ResourceRecord[] {
    const fault = faultOf(this.#faults, rrset);
    if (fault === 'missing') return [];
    const { name, type, ttl } = rrset;
    const signer = this.zone.origin;
    const [from, to] = this.#period(fault);
    return this.#signersOf(type).map((key) => {
      const head = {
        typeCovered: type,
        algorithm: key.algorithm,
        labels: name.isWildcard ? name.labelCount - 1 : name.labelCount,
        originalTtl: ttl,
        expiration: now + to,
        inception: now + from,
        keyTag: key.tag,
        signer,
      };
      const unsigned = encodeRrsig({ ...head, signature: new Uint8Array(0) });
      const signature = Uint8Array.from(key.sign(signedData(unsigned, signer, rrset)));
      if (fault === 'corrupt') signature[signature.length - 1]! ^= 1;
      return { name, type: RRType.RRSIG, class: RRClass.IN, ttl, rdata: encodeRrsig({ ...head, signature }) };
    });
  }

  /** Seconds from now: inception and expiration. */
  #period(fault: string | undefined): [number, number] {
    if (fault === 'expired') return [-40 * DAY, -10 * DAY];
    if (fault === 'ending') return [-12 * DAY, 2 * DAY];
    if (fault === 'not-yet-valid') return [10 * DAY, 40 * DAY];
    return [-INCEPTION_MARGIN, this.#validity];
  }
}
