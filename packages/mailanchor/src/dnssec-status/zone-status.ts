/** The result for one zone: plain data, JSON as it stands. Names are without trailing dot; records are lines of a master file. */
import type { ZoneState } from './state.ts';

export interface ZoneStatus {
  readonly zone: string;
  readonly state: ZoneState;
  /** One sentence: why. */
  readonly text: string;
  /** What to do next, where there is something. */
  readonly fix?: string;
  /** What the registrar is to be told, where there is something to tell. */
  readonly registrar?: RegistrarChange;
  /** What else is worth knowing. */
  readonly remarks: readonly Remark[];
  readonly parent: string | null;
  /** DS records of the parent; null where it does not say. */
  readonly ds: readonly string[] | null;
  readonly keys: readonly ZoneKeyInfo[];
  /** What the zone asks of its parent by itself. */
  readonly cds: readonly string[];
  readonly cdnskey: readonly string[];
  /** When the first of the signatures that were seen ends: ISO 8601. */
  readonly signedUntil?: string;
  /** Where every server was asked by itself. */
  readonly servers?: readonly { readonly server: string; readonly state: string }[];
  /** ISO 8601. */
  readonly checkedAt: string;
}

/** Registrars ask for one form or the other: DS, or the key itself. */
export interface RegistrarChange {
  /** The DS RRset that the parent should have in the end. */
  readonly ds: readonly string[];
  /** The keys that it is made of, as DNSKEY. */
  readonly dnskey: readonly string[];
  /** DS records that are there and are to go. */
  readonly remove: readonly string[];
}

export interface Remark {
  readonly code: RemarkCode;
  readonly text: string;
}

export type RemarkCode = 'ds-left-over' | 'key-without-ds' | 'cds-refused' | 'cds-bootstrap' | 'not-asked';

export interface ZoneKeyInfo {
  readonly tag: number;
  readonly algorithm: string;
  readonly bits: number;
  /** Whether it is one that DS records are made of. */
  readonly entryPoint: boolean;
  readonly revoked: boolean;
  /** Whether a DS record of the parent is of it. */
  readonly inDs: boolean;
}
