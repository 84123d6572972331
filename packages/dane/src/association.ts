/** What a TLSA record is compared with: the certificate or its key, in full or as digest (rfc6698#section-2.1). */
import { hash } from 'node:crypto';
import { Certificate } from './certificate.ts';
import { sameOctets } from './der.ts';
import { Matching, Selector, type TlsaRecord } from './tlsa.ts';

/** The association data of octets already selected. */
export function digest(selected: Uint8Array, matching: number): Uint8Array | undefined {
  switch (matching) {
    case Matching.FULL:
      return selected;
    case Matching.SHA2_256:
      return hash('sha256', selected, 'buffer');
    case Matching.SHA2_512:
      return hash('sha512', selected, 'buffer');
    default:
      return undefined;
  }
}

/**
 * A presented certificate as records see it. It may be one that does not parse: selector 0 is about the octets alone, so
 * it can still match; then `certificate` is undefined and selector 1 never matches.
 */
export class Presented {
  readonly der: Uint8Array;
  readonly #known = new Map<number, Uint8Array | undefined>();
  #certificate: Certificate | undefined;
  #parsed = false;

  constructor(der: Uint8Array | Certificate) {
    if (der instanceof Certificate) {
      this.der = der.der;
      this.#certificate = der;
      this.#parsed = true;
    } else {
      this.der = der;
    }
  }

  get certificate(): Certificate | undefined {
    if (!this.#parsed) {
      this.#certificate = Certificate.tryParse(this.der);
      this.#parsed = true;
    }
    return this.#certificate;
  }

  /** Each digest is computed once. */
  association(selector: number, matching: number): Uint8Array | undefined {
    const key = selector * 256 + matching;
    if (!this.#known.has(key)) {
      const selected = selector === Selector.CERT ? this.der : this.certificate?.spki;
      this.#known.set(key, selected && digest(selected, matching));
    }
    return this.#known.get(key);
  }

  matches(record: TlsaRecord): boolean {
    const own = this.association(record.selector, record.matching);
    return own !== undefined && sameOctets(own, record.data);
  }
}
