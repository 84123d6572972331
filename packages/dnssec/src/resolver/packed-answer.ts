/** A validated answer as a cache keeps it: its records in one piece, the rest as it is. */
import type { Name, ResourceRecord } from '@mailanchor/dns';
import type { Reason, ZoneLink } from '../proof.ts';
import type { Validated } from '../validated.ts';
import { packRecords, unpackRecords } from './packed.ts';

type Answer = Exclude<Validated, { kind: 'failure' }>;

/** Where `records` are within `answer`: the first of them, which they nearly always are, or somewhere else. */
const ELSEWHERE = -1;

export class PackedAnswer {
  readonly #packed: Uint8Array;
  readonly #kind: Answer['kind'];
  readonly #status: Answer['status'];
  readonly #via: Answer['via'];
  readonly #ttl: number;
  readonly #chain: readonly ZoneLink[];
  /** Of the packed records: the answer, then the authority, then `records` where they are not the beginning of the answer. */
  readonly #answers: number;
  readonly #authorities: number;
  readonly #records: number;
  readonly #more: { readonly negativeTrustAnchor?: Name; readonly reason?: Reason } | undefined;

  constructor(value: Answer) {
    const { answer, authority, records, negativeTrustAnchor, reason } = value;
    const first = startsWith(answer, records);
    const target = value.target ? [pseudo(value.target)] : [];
    // The owner, and where an alias leads, are names like the records': the last records hold them.
    const rest = [...(first ? [] : records), pseudo(value.owner), ...target];
    this.#packed = packRecords([...answer, ...authority, ...rest]);
    this.#kind = value.kind;
    this.#status = value.status;
    this.#via = value.via;
    this.#ttl = value.ttl;
    this.#chain = value.chain;
    this.#answers = answer.length;
    this.#authorities = authority.length;
    this.#records = first ? records.length : ELSEWHERE;
    this.#more =
      negativeTrustAnchor || reason
        ? { ...(negativeTrustAnchor && { negativeTrustAnchor }), ...(reason && { reason }) }
        : undefined;
  }

  /** Octets of the records. */
  get octets(): number {
    return this.#packed.length;
  }

  /** The answer as it was, `age` seconds later. */
  unpack(age: number): Answer {
    const all = unpackRecords(this.#packed, age);
    const target = this.#via ? all.pop()!.name : undefined;
    const owner = all.pop()!.name;
    const answer = all.slice(0, this.#answers);
    const behind = this.#answers + this.#authorities;
    return {
      kind: this.#kind,
      status: this.#status,
      owner,
      records: this.#records === ELSEWHERE ? all.slice(behind) : answer.slice(0, this.#records),
      answer,
      authority: all.slice(this.#answers, behind),
      ttl: Math.max(0, this.#ttl - age),
      ...(age > 0 && { lifetime: this.#ttl }),
      ...(this.#via && target && { via: this.#via, target }),
      chain: this.#chain,
      ...this.#more,
    };
  }
}

function startsWith(answer: readonly ResourceRecord[], records: readonly ResourceRecord[]): boolean {
  return records.length <= answer.length && records.every((record, i) => record === answer[i]);
}

const NOTHING = new Uint8Array(0);

function pseudo(name: Name): ResourceRecord {
  return { name, type: 0, class: 0, ttl: 0, rdata: NOTHING };
}
