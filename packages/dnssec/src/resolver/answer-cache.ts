/**
 * Validated segments, by name and type, for as long as their TTL and their signatures allow (rfc4035#section-4.5). Bounded by the octets
 * that the entries hold, counted roughly; the entry not used for longest goes first.
 */
import { decodeSingleName, type Name, RRType } from '@mailanchor/dns';
import type { Validated } from '../validated.ts';
import { PackedAnswer } from './packed-answer.ts';

interface Entry {
  /** Failures are few, and short-lived. */
  readonly value: PackedAnswer | Extract<Validated, { kind: 'failure' }>;
  /** Epoch seconds. */
  readonly storedAt: number;
  readonly expiresAt: number;
  readonly octets: number;
}

/** Under this type lies what holds for every type at the name: that it does not exist. */
const ANY_TYPE = 0;

/** What a Map entry with its objects costs besides the octets of its records, measured roughly. */
const ENTRY_OVERHEAD = 500;

export class AnswerCache {
  readonly #entries = new Map<string, Entry>();
  readonly #limit: number;
  readonly #now: () => number;
  #octets = 0;
  /** DNAMEs ever stored: where there are none, no ancestors are searched. */
  #dnames = 0;

  constructor(octets: number, now: () => number) {
    this.#limit = octets;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  clear(): void {
    this.#entries.clear();
    this.#octets = 0;
  }

  /** What the entries hold, roughly. */
  get octets(): number {
    return this.#octets;
  }

  /** Everything that has not expired, TTLs counted down, the most recently used first, with the type to give to `set`. */
  *entries(): Generator<{ readonly type: number; readonly value: Validated }> {
    const now = this.#now();
    for (const [key, { value, storedAt, expiresAt }] of [...this.#entries].reverse()) {
      if (expiresAt > now) yield { type: Number.parseInt(key, 10), value: unpacked(value, now - storedAt) };
    }
  }

  /** What is known of the name and type: the RRset, an alias, or a denial; TTLs counted down. */
  get(name: Name, type: number): Validated | undefined {
    const found = this.#find(`${type}/${name.key}`);
    // A DNAME asked for by its own name is an answer, not an alias.
    if (found?.kind === 'alias' && type === RRType.DNAME) {
      return {
        ...found,
        kind: 'answer',
        owner: name,
        answer: found.answer.filter((record) => record.name.equals(name)),
      };
    }
    return (
      found ?? this.#alias(name, type) ?? this.#find(`${ANY_TYPE}/${name.key}`) ?? this.#synthesise(name)
    );
  }

  /** A CNAME stands for every type but DS, which is asked of the parent, who may know better, and ANY, which asks for the CNAME itself. */
  #alias(name: Name, type: number): Validated | undefined {
    if (type === RRType.DS || type === RRType.ANY) return undefined;
    const found = this.#find(`${RRType.CNAME}/${name.key}`);
    // An answer or a denial kept there was the answer to a question for the CNAME: it says nothing of other types.
    return found?.kind === 'alias' ? found : undefined;
  }

  /** What proves that a name above does not exist, and so that nothing below it does (rfc8020#section-2); secure ones only. */
  nxdomainAbove(name: Name): (Validated & { readonly kind: 'nxdomain' }) | undefined {
    for (let above = name.parent; !above.isRoot; above = above.parent) {
      const found = this.#find(`${ANY_TYPE}/${above.key}`);
      if (found?.kind === 'nxdomain' && found.status === 'secure')
        return { ...found, kind: 'nxdomain', owner: name };
    }
    return undefined;
  }

  /** A DNAME above the name makes an alias of it, whatever its last labels (rfc6672#section-3.2). */
  #synthesise(name: Name): Validated | undefined {
    if (this.#dnames === 0) return undefined;
    for (let owner = name.parent; !owner.isRoot; owner = owner.parent) {
      const dname = this.#find(`${RRType.DNAME}/${owner.key}`);
      if (dname?.kind !== 'alias' || !dname.records[0]) continue;
      let target: Name;
      try {
        target = name.replaceSuffix(owner, decodeSingleName(dname.records[0].rdata));
      } catch {
        return undefined; // Longer than a name can be: the server may say so itself.
      }
      const cname = { name, type: RRType.CNAME, class: 1, ttl: dname.ttl, rdata: target.wire };
      const answer = [...dname.answer.filter(({ type }) => type !== RRType.CNAME), cname];
      return { ...dname, owner: name, target, answer };
    }
    return undefined;
  }

  set(name: Name, type: number, value: Validated): void {
    if (value.ttl <= 0) return;
    if (value.kind === 'alias' && value.via === 'DNAME' && value.records[0]) {
      this.#store(`${RRType.DNAME}/${value.records[0].name.key}`, value);
      this.#dnames++;
      return;
    }
    const slot = value.kind === 'alias' ? RRType.CNAME : value.kind === 'nxdomain' ? ANY_TYPE : type;
    this.#store(`${slot}/${name.key}`, value);
  }

  #store(key: string, value: Validated): void {
    const now = this.#now();
    this.#drop(key);
    const kept = value.kind === 'failure' ? value : new PackedAnswer(value);
    const octets =
      ENTRY_OVERHEAD + key.length + (kept instanceof PackedAnswer ? kept.octets : FAILURE_OCTETS);
    this.#entries.set(key, { value: kept, storedAt: now, expiresAt: now + value.ttl, octets });
    this.#octets += octets;
    while (this.#octets > this.#limit) this.#drop(this.#entries.keys().next().value!);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#octets -= entry.octets;
  }

  #find(key: string): Validated | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = this.#now();
    if (entry.expiresAt <= now) {
      this.#drop(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return unpacked(entry.value, now - entry.storedAt);
  }
}

/** A failure's text and objects. */
const FAILURE_OCTETS = 300;

function unpacked(value: Entry['value'], age: number): Validated {
  if (value instanceof PackedAnswer) return value.unpack(Math.max(0, age));
  return age > 0 ? { ...value, ttl: Math.max(0, value.ttl - age), lifetime: value.ttl } : value;
}
