/** The shapes of the answer, and what the usages share in making it. */
import type { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import type { SignatureChecks } from './certificate-path.ts';
import { printable } from './distinguished-name.ts';
import { certificateNames, presentedNames } from './names.ts';
import type { DaneNote, Flaw, MismatchReason } from './path-rules.ts';
import type { IndexedRecord, UnusableRecord } from './tlsa.ts';

export interface DaneMatch {
  readonly kind: 'match';
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  /** Place of what matched in the verified path, 0 the leaf. Below a bare key: the certificate that the key signed. */
  readonly depth: number;
  /** Index of the record in the list that was given. */
  readonly record: number;
  /** What an operator should know although it matched; absent where there is nothing. */
  readonly notes?: readonly DaneNote[];
}

export interface DaneMismatch {
  readonly kind: 'mismatch';
  readonly reason: MismatchReason;
  /** Place in the path of what matched a record, null if nothing did. */
  readonly depth: number | null;
  /** One sentence for people, without the full stop. */
  readonly text: string;
}

/** No record was usable: said before any certificate is looked at (rfc7672#section-2.2). */
export interface DaneUnusable {
  readonly kind: 'unusable';
  readonly records: readonly UnusableRecord[];
}

/** Plain frozen data, JSON as it stands. */
export type DaneVerdict = DaneMatch | DaneMismatch | DaneUnusable;

export interface Failure extends Flaw {
  readonly depth: number | null;
}

/** A match, and the path that it rests on, leaf first. */
export interface Found {
  readonly match: DaneMatch;
  readonly path: readonly Certificate[];
}

/** What every usage beyond DANE-EE works on. */
export interface MatchInput {
  /** Usable, after digest agility, in order of preference. */
  readonly records: readonly IndexedRecord[];
  readonly leaf: Presented;
  readonly presented: readonly Presented[];
  readonly leafNames: LeafNames;
  readonly at: number;
  readonly signatures: SignatureChecks;
}

export function matched(entry: IndexedRecord, depth: number, notes: readonly DaneNote[] = []): DaneMatch {
  const { usage, selector, matching } = entry.record;
  const match: DaneMatch = { kind: 'match', usage, selector, matching, depth, record: entry.index };
  return Object.freeze(notes.length > 0 ? { ...match, notes } : match);
}

/** A note where an anchor is accepted in spite of its dates. */
export function anchorNotes(late: Flaw | undefined): DaneNote[] {
  if (!late) return [];
  return [{ code: 'anchor-expired', text: `${late.text}; it is trusted since the TLSA record names it` }];
}

/** Does the leaf name one of these? Asked for each path, and answered once: a leaf may have thousands of names. */
export class LeafNames {
  readonly #leaf: Certificate;
  readonly #references: readonly string[];
  #flaw: Flaw | null | undefined;

  constructor(leaf: Certificate, references: readonly string[]) {
    this.#leaf = leaf;
    this.#references = references;
  }

  get flaw(): Flaw | undefined {
    if (this.#flaw === undefined) {
      const named = certificateNames(this.#leaf, this.#references);
      this.#flaw = named ? null : nameFlaw(this.#leaf, this.#references);
    }
    return this.#flaw ?? undefined;
  }
}

function nameFlaw(leaf: Certificate, references: readonly string[]): Flaw {
  const shown = (names: readonly string[]): string => {
    const some = names.slice(0, 4).map(printable).join(', ');
    return names.length > 4 ? `${some} and ${names.length - 4} more` : some || 'nothing';
  };
  const text = `the certificate names ${shown(presentedNames(leaf))}, not ${shown(references)}`;
  return { reason: 'name-mismatch', text };
}
