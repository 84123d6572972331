/**
 * Dynamic updates (rfc2136): a zone, what must be so before anything is done, and what is done. All of it happens or nothing.
 *
 * The message has the shape of any other, its sections under other names: questions are the zone, answers the prerequisites, authorities
 * the updates (rfc2136#section-2). Prerequisites do not compare TTLs (rfc2136#section-2.4).
 */
import { Opcode } from './iana/opcode.ts';
import { RRClass } from './iana/rr-class.ts';
import { RRType } from './iana/rr-type.ts';
import type { Message } from './message.ts';
import type { Name } from './name.ts';
import type { ResourceRecord } from './record.ts';

export interface UpdateParts {
  /** Apex of the zone. */
  readonly zone: Name;
  readonly prerequisites: readonly ResourceRecord[];
  /** Carried out in this order (rfc2136#section-3.4.2). */
  readonly updates: readonly ResourceRecord[];
  /** Default 0: whoever sends it chooses. */
  readonly id?: number;
}

export function makeUpdate({ zone, prerequisites, updates, id = 0 }: UpdateParts): Message {
  return {
    id,
    qr: false,
    opcode: Opcode.UPDATE,
    aa: false,
    tc: false,
    rd: false,
    ra: false,
    ad: false,
    cd: false,
    rcode: 0,
    questions: [{ name: zone, type: RRType.SOA, class: RRClass.IN }],
    answers: prerequisites,
    authorities: updates,
    additionals: [],
  };
}

const NOTHING = new Uint8Array(0);

/** Prerequisite: the RRset is exactly these data, in any order (rfc2136#section-2.4.2). Fails with NXRRSET. `rdatas` is not empty. */
export function rrsetIs(name: Name, type: number, rdatas: readonly Uint8Array[]): ResourceRecord[] {
  return rdatas.map((rdata) => ({ name, type, class: RRClass.IN, ttl: 0, rdata }));
}

/** Prerequisite: there is an RRset of this type, whatever is in it (rfc2136#section-2.4.1). Fails with NXRRSET. */
export function rrsetExists(name: Name, type: number): ResourceRecord {
  return { name, type, class: RRClass.ANY, ttl: 0, rdata: NOTHING };
}

/** Prerequisite: there is no RRset of this type (rfc2136#section-2.4.3). Fails with YXRRSET. */
export function rrsetIsAbsent(name: Name, type: number): ResourceRecord {
  return { name, type, class: RRClass.NONE, ttl: 0, rdata: NOTHING };
}

/** Update: adds a record (rfc2136#section-2.5.1). One that is there gets this TTL; a CNAME at the name makes servers ignore it. */
export function addRecord(name: Name, type: number, ttl: number, rdata: Uint8Array): ResourceRecord {
  return { name, type, class: RRClass.IN, ttl, rdata };
}

/** Update: removes an RRset (rfc2136#section-2.5.2). */
export function removeRRset(name: Name, type: number): ResourceRecord {
  return { name, type, class: RRClass.ANY, ttl: 0, rdata: NOTHING };
}

/** Update: removes one record, whatever its TTL (rfc2136#section-2.5.4). */
export function removeRecord(name: Name, type: number, rdata: Uint8Array): ResourceRecord {
  return { name, type, class: RRClass.NONE, ttl: 0, rdata };
}
