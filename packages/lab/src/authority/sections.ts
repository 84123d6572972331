/** The sections of a response under construction: RRsets, each once, with their signatures where DNSSEC is asked for. */
import type { Name, ResourceRecord, RRset } from '@mailanchor/dns';
import { recordsOf } from '../zone/zone.ts';
import type { ServedZone } from './served-zone.ts';

export type Section = 'answers' | 'authorities' | 'additionals';

export class Sections {
  readonly answers: ResourceRecord[] = [];
  readonly authorities: ResourceRecord[] = [];
  readonly additionals: ResourceRecord[] = [];
  readonly #dnssec: boolean;
  readonly #added = new Set<string>();

  /** `dnssec`: the DO bit of the query. */
  constructor(dnssec: boolean) {
    this.#dnssec = dnssec;
  }

  /** An RRset of the zone's own data; `owner` where a wildcard stands for it (rfc4035#section-3.1.3.3). */
  addSigned(section: Section, zone: ServedZone, rrset: RRset, owner: Name = rrset.name): void {
    if (!this.#first(section, rrset, owner)) return;
    const signatures = this.#dnssec ? (zone.signing?.signaturesOf(rrset) ?? []) : [];
    for (const record of [...recordsOf(rrset), ...signatures]) this[section].push({ ...record, name: owner });
  }

  /** Glue, the NS RRset of a delegation, a synthesised CNAME: never signed. */
  addUnsigned(section: Section, rrset: RRset): void {
    if (this.#first(section, rrset, rrset.name)) this[section].push(...recordsOf(rrset));
  }

  #first(section: Section, rrset: RRset, owner: Name): boolean {
    const key = `${section} ${rrset.type} ${owner.key}`;
    if (this.#added.has(key)) return false;
    this.#added.add(key);
    return true;
  }
}
