/** A zone as a server has it: signed or not, with what is wrong with its proofs of absence. */
import type { Name, ResourceRecord } from '@mailanchor/dns';
import { SignedZone, type SigningOptions } from '../zone/signed-zone.ts';
import { Zone } from '../zone/zone.ts';

/** 'wrong': a record of the zone's chain that proves something else. 'missing': none at all. */
export interface DenialFault {
  readonly kind: 'wrong' | 'missing';
  /** Only questions at or below this name; default all. */
  readonly below?: Name;
}

export class ServedZone {
  readonly origin: Name;
  /** Can be set while the zone is served. */
  denialFault: DenialFault | undefined;
  readonly #options: SigningOptions | undefined;
  #zone!: Zone;
  #signing: SignedZone | undefined;

  /** Without `signing` the zone is unsigned. */
  constructor(origin: Name, records: readonly ResourceRecord[], signing?: SigningOptions) {
    this.origin = origin;
    this.#options = signing;
    this.publish(records);
  }

  get zone(): Zone {
    return this.#zone;
  }

  /** Undefined for an unsigned zone. */
  get signing(): SignedZone | undefined {
    return this.#signing;
  }

  /**
   * Replaces all records, SOA included; DNSKEY, denial records and signatures are made anew with the same keys. Throws
   * `LabError` 'bad-zone', and the old records stay.
   */
  publish(records: readonly ResourceRecord[]): void {
    const signing = this.#options && new SignedZone(this.origin, records, this.#options);
    this.#zone = signing?.zone ?? new Zone(this.origin, records);
    this.#signing = signing;
  }
}
