/**
 * Domain names as DNS has them: a sequence of labels, each 1 to 63 arbitrary octets (rfc1035#section-3.1).
 *
 * A name is kept in uncompressed wire form, case preserved. A label may contain a dot, a NUL or any other octet: nothing in
 * Mailanchor splits a name as text. Comparison is ASCII-case-insensitive (rfc4343#section-3) and goes through `key`, a string that
 * equal names share, so names index a Map at no cost.
 */
import { DnsFormatError } from './errors.ts';

/** Octets of the longest name in wire form, the root label included (rfc1035#section-3.1). */
export const MAX_NAME_OCTETS = 255;
/** Octets of the longest label (rfc1035#section-3.1). */
export const MAX_LABEL_OCTETS = 63;

const LOWER = new Uint8Array(256);
for (let i = 0; i < 256; i++) LOWER[i] = i >= 0x41 && i <= 0x5a ? i + 0x20 : i;

/** Octets of the longest name whose characters are passed as arguments: faster than a buffer's decoder for short ones. */
const SHORT_KEY_OCTETS = 32;
const keyBuffer = Buffer.alloc(MAX_NAME_OCTETS);

function lowerCaseKey(wire: Uint8Array): string {
  const octets = wire.length;
  // Length octets are at most 63, below 'A': lower-casing every octet leaves them alone.
  if (octets <= SHORT_KEY_OCTETS) {
    const characters = new Array<number>(octets);
    for (let i = 0; i < octets; i++) characters[i] = LOWER[wire[i]!]!;
    return String.fromCharCode.apply(null, characters);
  }
  for (let i = 0; i < octets; i++) keyBuffer[i] = LOWER[wire[i]!]!;
  return keyBuffer.toString('latin1', 0, octets);
}

/** Where each label of the two names that are being compared begins. */
const labelsOfA = new Uint8Array(128);
const labelsOfB = new Uint8Array(128);

function findLabels(wire: Uint8Array, starts: Uint8Array): number {
  let count = 0;
  for (let at = 0; wire[at]! > 0; at += wire[at]! + 1) starts[count++] = at;
  return count;
}

export class Name {
  /** The root name, `.`. */
  static readonly root: Name = new Name(Uint8Array.of(0), '\0');

  /** Uncompressed wire form, root label included, case as received. Treat as read-only. */
  readonly wire: Uint8Array;
  #key: string | undefined;
  #labelCount = -1;
  /** Made once: every cache is searched from a name upwards. */
  #parent: Name | undefined;

  private constructor(wire: Uint8Array, key?: string) {
    this.wire = wire;
    this.#key = key;
  }

  /**
   * A name from wire octets already known to be well formed: one uncompressed name, nothing after it. The octets are
   * not copied and not checked; parsers use it after they have walked the labels.
   */
  static unchecked(wire: Uint8Array, key?: string): Name {
    return wire.length === 1 ? Name.root : new Name(wire, key);
  }

  /** A name from one complete uncompressed wire form. Throws `DnsFormatError` on anything else. */
  static fromWire(wire: Uint8Array): Name {
    if (wire.length > MAX_NAME_OCTETS)
      throw new DnsFormatError('name-too-long', 'name longer than 255 octets');
    let at = 0;
    for (;;) {
      const length = wire[at];
      if (length === undefined) throw new DnsFormatError('truncated', 'name without its root label');
      if (length > MAX_LABEL_OCTETS) throw new DnsFormatError('bad-label', 'label longer than 63 octets');
      at += length + 1;
      if (length === 0) break;
    }
    if (at !== wire.length) throw new DnsFormatError('trailing-data', 'octets after the end of a name');
    return Name.unchecked(wire.slice());
  }

  /** A name from raw labels, leftmost first, without the root label. */
  static fromLabels(labels: readonly Uint8Array[]): Name {
    let octets = 1;
    for (const label of labels) {
      if (label.length === 0) throw new DnsFormatError('bad-label', 'empty label');
      if (label.length > MAX_LABEL_OCTETS)
        throw new DnsFormatError('bad-label', 'label longer than 63 octets');
      octets += label.length + 1;
    }
    if (octets > MAX_NAME_OCTETS) throw new DnsFormatError('name-too-long', 'name longer than 255 octets');
    const wire = new Uint8Array(octets);
    let at = 0;
    for (const label of labels) {
      wire[at] = label.length;
      wire.set(label, at + 1);
      at += label.length + 1;
    }
    return Name.unchecked(wire);
  }

  /**
   * A name from presentation format (rfc1035#section-5.1): labels separated by dots, `\.` and `\DDD` escapes, a trailing dot
   * optional. A name without trailing dot is taken relative to `origin` (default: the root). `@` alone is the origin.
   * Octets above 127 are refused: internationalised names are given as A-labels.
   */
  static fromText(text: string, origin: Name = Name.root): Name {
    if (text === '.') return Name.root;
    if (text === '@') return origin;
    if (text.length === 0) throw new DnsFormatError('bad-name', 'empty name');
    const labels: Uint8Array[] = [];
    let label: number[] = [];
    let absolute = false;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x2e) {
        if (label.length === 0) throw new DnsFormatError('bad-name', `empty label in "${text}"`);
        labels.push(Uint8Array.from(label));
        label = [];
        if (i === text.length - 1) absolute = true;
        continue;
      }
      if (c === 0x5c) {
        const escaped = /^(?:([0-9]{3})|([^0-9]))/s.exec(text.slice(i + 1, i + 4));
        if (!escaped) throw new DnsFormatError('bad-name', `bad escape in "${text}"`);
        const octet = escaped[1] === undefined ? text.charCodeAt(i + 1) : Number(escaped[1]);
        if (octet > 255) throw new DnsFormatError('bad-name', `bad escape in "${text}"`);
        label.push(octet);
        i += escaped[0].length;
        continue;
      }
      if (c > 0x7e || c <= 0x20)
        throw new DnsFormatError('bad-name', `character not allowed in a name: "${text}"`);
      label.push(c);
    }
    if (label.length > 0) labels.push(Uint8Array.from(label));
    const name = Name.fromLabels(labels);
    return absolute || origin.isRoot ? name : name.concat(origin);
  }

  /** Lower-case wire form as a string of octets (latin1): equal for equal names, and a name's ancestors are its suffixes. */
  get key(): string {
    this.#key ??= lowerCaseKey(this.wire);
    return this.#key;
  }

  get isRoot(): boolean {
    return this.wire.length === 1;
  }

  /** Whether the leftmost label is exactly `*` (rfc4592#section-2.1.1). */
  get isWildcard(): boolean {
    return this.wire.length > 2 && this.wire[0] === 1 && this.wire[1] === 0x2a;
  }

  /** Labels without the root label: 0 for the root. */
  get labelCount(): number {
    if (this.#labelCount < 0) {
      let count = 0;
      for (let at = 0; this.wire[at]! > 0; at += this.wire[at]! + 1) count++;
      this.#labelCount = count;
    }
    return this.#labelCount;
  }

  /** The raw labels, leftmost first, without the root label. Views of `wire`. */
  get labels(): Uint8Array[] {
    const labels: Uint8Array[] = [];
    for (let at = 0; this.wire[at]! > 0; at += this.wire[at]! + 1) {
      labels.push(this.wire.subarray(at + 1, at + 1 + this.wire[at]!));
    }
    return labels;
  }

  equals(other: Name): boolean {
    return this === other || (this.wire.length === other.wire.length && this.key === other.key);
  }

  /** Whether this name is `ancestor` or below it. */
  isAtOrBelow(ancestor: Name): boolean {
    if (ancestor.wire.length > this.wire.length) return false;
    if (!this.key.endsWith(ancestor.key)) return false;
    // A suffix of octets is a suffix of labels only where a label begins.
    const start = this.wire.length - ancestor.wire.length;
    let at = 0;
    while (at < start) at += this.wire[at]! + 1;
    return at === start;
  }

  /** Whether this name is below `ancestor` and not equal to it. */
  isBelow(ancestor: Name): boolean {
    return this.wire.length > ancestor.wire.length && this.isAtOrBelow(ancestor);
  }

  /** The name without its leftmost label; the root's parent is the root. */
  get parent(): Name {
    if (this.isRoot) return this;
    this.#parent ??= this.stripLeft(1);
    return this.#parent;
  }

  /** The name without its `count` leftmost labels (the root where there are no more). */
  stripLeft(count: number): Name {
    let at = 0;
    for (let n = 0; n < count && this.wire[at]! > 0; n++) at += this.wire[at]! + 1;
    return Name.unchecked(this.wire.subarray(at), this.#key?.slice(at));
  }

  /** The ancestor (or the name itself) that has `count` labels; `count` is at most `labelCount`. */
  ancestor(count: number): Name {
    let name: Name = this;
    for (let labels = this.labelCount; labels > count; labels--) name = name.parent;
    return name;
  }

  /** The longest name that both are at or below. */
  commonAncestor(other: Name): Name {
    let a = this.ancestor(Math.min(this.labelCount, other.labelCount));
    let b = other.ancestor(a.labelCount);
    while (!a.equals(b)) {
      a = a.parent;
      b = b.parent;
    }
    return a;
  }

  /** `label.this`; a string label is taken octet for octet (latin1), dots included. */
  prepend(label: Uint8Array | string): Name {
    const octets = typeof label === 'string' ? Uint8Array.from(Buffer.from(label, 'latin1')) : label;
    return Name.fromLabels([octets, ...this.labels]);
  }

  /** This name's labels followed by those of `suffix`. */
  concat(suffix: Name): Name {
    const wire = new Uint8Array(this.wire.length - 1 + suffix.wire.length);
    if (wire.length > MAX_NAME_OCTETS)
      throw new DnsFormatError('name-too-long', 'name longer than 255 octets');
    wire.set(this.wire.subarray(0, -1));
    wire.set(suffix.wire, this.wire.length - 1);
    return Name.unchecked(wire);
  }

  /** This name with `suffix` replaced by `target`, as a DNAME does (rfc6672#section-2.2). The name must be below `suffix`. */
  replaceSuffix(suffix: Name, target: Name): Name {
    return Name.unchecked(
      Uint8Array.of(...this.wire.subarray(0, this.wire.length - suffix.wire.length), 0),
    ).concat(target);
  }

  /** The name in lower case, as canonical form has it (rfc4034#section-6.2). */
  toLowerCase(): Name {
    const wire = new Uint8Array(this.wire.length);
    for (let i = 0; i < wire.length; i++) wire[i] = LOWER[this.wire[i]!]!;
    return Name.unchecked(wire, this.#key);
  }

  /** Canonical order (rfc4034#section-6.1): negative, zero or positive, as for Array.sort. */
  compare(other: Name): number {
    if (this === other) return 0;
    const a = this.wire;
    const b = other.wire;
    const labelsA = findLabels(a, labelsOfA);
    const labelsB = findLabels(b, labelsOfB);
    const shared = Math.min(labelsA, labelsB);
    for (let i = 1; i <= shared; i++) {
      const x = labelsOfA[labelsA - i]!;
      const y = labelsOfB[labelsB - i]!;
      const octets = Math.min(a[x]!, b[y]!);
      for (let j = 1; j <= octets; j++) {
        const difference = LOWER[a[x + j]!]! - LOWER[b[y + j]!]!;
        if (difference !== 0) return difference;
      }
      if (a[x] !== b[y]) return a[x]! - b[y]!;
    }
    return labelsA - labelsB;
  }

  /** Presentation format, absolute, with trailing dot; special octets escaped (rfc4343#section-2.1). */
  toString(): string {
    if (this.isRoot) return '.';
    let text = '';
    for (const label of this.labels) {
      for (const octet of label) {
        if (octet <= 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, '0')}`;
        else if ('.\\"();@$'.includes(String.fromCharCode(octet))) text += `\\${String.fromCharCode(octet)}`;
        else text += String.fromCharCode(octet);
      }
      text += '.';
    }
    return text;
  }

  toJSON(): string {
    return this.toString();
  }
}
