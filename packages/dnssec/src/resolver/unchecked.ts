/**
 * Answers without proof, for those who validate themselves: what a query with the CD bit asks for (rfc4035#section-3.2.2,
 * rfc4035#section-4.9.2). Nothing here has a status, and nothing of it ever gets into the cache of validated answers: its type cannot be
 * mistaken for a `Resolution`.
 *
 * Unproven is not unguarded: a server is still believed of its own zone only, aliases are still counted, and packets still cost.
 */
import { decodeSoa, Ede, type Name, Rcode, type ResourceRecord, RRType } from '@mailanchor/dns';
import { BoundedMap } from '../bounded-map.ts';
import { BudgetExceeded, type Work } from '../budget.ts';
import type { Reason } from '../proof.ts';
import { recordsOf } from '../rrsets.ts';
import { readSegments, type Segment } from '../segment.ts';
import type { Source } from '../source.ts';

/** What the servers say. Nobody has checked it. */
export interface UncheckedAnswer {
  readonly kind: 'unchecked';
  readonly name: Name;
  readonly type: number;
  /** The servers' code; SERVFAIL where none answers. */
  readonly rcode: number;
  /** Aliases, records and their RRSIGs. */
  readonly answer: readonly ResourceRecord[];
  /** SOA, NSEC and NSEC3 with their RRSIGs: what a validator further down needs. */
  readonly authority: readonly ResourceRecord[];
  /** Seconds. */
  readonly ttl: number;
  /** Why there is no answer, where there is none. */
  readonly reason?: Reason;
}

export interface UncheckedOptions {
  readonly source: Source;
  /** Epoch seconds. */
  readonly now: () => number;
}

interface Kept {
  readonly answer: UncheckedAnswer;
  /** Epoch seconds. */
  readonly storedAt: number;
}

/** Answers kept, and octets of records that one may have to be kept: a few MiB in all. */
const KEPT_ANSWERS = 2000;
const KEPT_OCTETS = 4096;

export class UncheckedLookup {
  readonly #options: UncheckedOptions;
  readonly #kept = new BoundedMap<Kept>(KEPT_ANSWERS);
  hits = 0;
  misses = 0;

  constructor(options: UncheckedOptions) {
    this.#options = options;
  }

  clear(): void {
    this.#kept.clear();
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Never rejects. `fresh`: the servers are asked whatever is kept. */
  async lookUp(name: Name, type: number, work: Work, fresh: boolean): Promise<UncheckedAnswer> {
    const key = `${type}/${name.key}`;
    const kept = fresh ? undefined : this.#aged(this.#kept.get(key));
    if (kept) {
      this.hits++;
      return { ...kept, name };
    }
    this.misses++;
    const answer = await this.#ask(name, type, work);
    if (answer.ttl > 0 && octetsOf(answer) <= KEPT_OCTETS) {
      this.#kept.set(key, { answer, storedAt: this.#options.now() });
    }
    return answer;
  }

  #aged(kept: Kept | undefined): UncheckedAnswer | undefined {
    if (!kept) return undefined;
    const age = Math.max(0, this.#options.now() - kept.storedAt);
    const { answer } = kept;
    if (age >= answer.ttl) return undefined;
    if (age === 0) return answer;
    const older = (records: readonly ResourceRecord[]) =>
      records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - age) }));
    return {
      ...answer,
      ttl: answer.ttl - age,
      answer: older(answer.answer),
      authority: older(answer.authority),
    };
  }

  async #ask(name: Name, type: number, work: Work): Promise<UncheckedAnswer> {
    const { budgets } = work;
    const answer: ResourceRecord[] = [];
    const authority: ResourceRecord[] = [];
    const visited = new Set<string>();
    const failed = (rcode: number, reason: Reason): UncheckedAnswer => ({
      kind: 'unchecked',
      name,
      type,
      rcode,
      answer: [],
      authority: [],
      ttl: budgets.failureTtl,
      reason,
    });
    const done = (rcode: number): UncheckedAnswer => {
      const limit = rcode === Rcode.NXDOMAIN || !answered ? budgets.maxNegativeTtl : budgets.maxTtl;
      const ttl = Math.min(limit, ...answer.map((record) => record.ttl), ...authority.map(ttlOf));
      return { kind: 'unchecked', name, type, rcode, answer, authority, ttl };
    };
    let answered = false;
    let current = name;

    try {
      for (let aliases = 0; aliases <= budgets.aliases; ) {
        const raw = await this.#options.source.fetch(current, type, {
          work,
          avoid: new Set(),
          purpose: 'question',
        });
        if (raw.kind === 'failure') return failed(raw.rcode, raw.reason);
        const { message, bailiwick } = raw;
        if (type === RRType.RRSIG) {
          // Signatures are asked for by themselves by nobody but the curious: as they come.
          const own = message.answers.filter((record) => record.name.equals(current));
          answer.push(...own.filter((record) => record.type === type));
          answered = answer.length > 0;
          return done(message.rcode);
        }
        let target: Name | undefined;
        for (const segment of readSegments(message, current, type, bailiwick, raw.except)) {
          // What a server says of others' names is theirs to say: they are asked.
          if (segment.outside) break;
          if (segment.kind === 'contradiction') {
            return failed(Rcode.SERVFAIL, { ede: Ede.INVALID_DATA, text: segment.text });
          }
          if (segment.kind === 'overlong') {
            const { records, signatures } = recordsOf(segment.rrset, segment.rrset.ttl);
            answer.push(...records, ...signatures);
            return done(Rcode.YXDOMAIN);
          }
          target = undefined;
          authority.push(...proofsOf(segment, bailiwick, authority));
          if (segment.kind !== 'answer' && segment.kind !== 'alias') {
            return done(segment.kind === 'nxdomain' ? Rcode.NXDOMAIN : Rcode.NOERROR);
          }
          answer.push(...recordsOfSegment(segment));
          if (segment.kind === 'answer' || type === RRType.CNAME) {
            answered = true;
            return done(Rcode.NOERROR);
          }
          if (visited.has(segment.target.key)) {
            return failed(Rcode.SERVFAIL, {
              ede: Ede.OTHER,
              text: `the aliases of ${name} lead in a circle`,
            });
          }
          visited.add(segment.owner.key);
          aliases++;
          target = segment.target;
        }
        if (!target) {
          const text = `${raw.server} answers something else than was asked`;
          return failed(Rcode.SERVFAIL, { ede: Ede.INVALID_DATA, text });
        }
        current = target;
      }
      throw new BudgetExceeded('aliases', `more than ${budgets.aliases} aliases from ${name}`);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      const ede = error.what === 'timeMs' ? Ede.NO_REACHABLE_AUTHORITY : Ede.OTHER;
      return { ...failed(Rcode.SERVFAIL, { ede, text: error.message }), ttl: 0 };
    }
  }
}

function recordsOfSegment(segment: Extract<Segment, { kind: 'answer' | 'alias' }>): ResourceRecord[] {
  const rrsets = segment.kind === 'answer' ? segment.rrsets : [segment.rrset];
  const records = rrsets.flatMap((rrset) => {
    const made = recordsOf(rrset, rrset.ttl);
    return [...made.records, ...made.signatures];
  });
  if (segment.kind === 'alias' && segment.via === 'DNAME') {
    const { owner, target, rrset } = segment;
    records.push({ name: owner, type: RRType.CNAME, class: 1, ttl: rrset.ttl, rdata: target.wire });
  }
  return records;
}

/** The proofs that came with a segment, those of the server's own zones, each once. */
function proofsOf(
  { proofs, kind }: Segment,
  bailiwick: Name,
  known: readonly ResourceRecord[],
): ResourceRecord[] {
  const denied = kind === 'nodata' || kind === 'nxdomain';
  return proofs.flatMap((rrset) => {
    if (!rrset.name.isAtOrBelow(bailiwick) || (rrset.type === RRType.SOA && !denied)) return [];
    if (known.some(({ type, name }) => type === rrset.type && name.equals(rrset.name))) return [];
    const { records, signatures } = recordsOf(rrset, rrset.ttl);
    return [...records, ...signatures];
  });
}

/** Seconds: of an SOA, what it lets a denial be kept (rfc2308#section-5). */
function ttlOf({ type, rdata, ttl }: ResourceRecord): number {
  if (type !== RRType.SOA) return ttl;
  try {
    return Math.min(ttl, decodeSoa(rdata).minimum);
  } catch {
    return 0;
  }
}

function octetsOf({ answer, authority }: UncheckedAnswer): number {
  let octets = 0;
  for (const { rdata, name } of [...answer, ...authority]) octets += rdata.length + name.wire.length + 10;
  return octets;
}
