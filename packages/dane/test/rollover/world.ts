/**
 * A world in which rollovers go on: servers that lag, also where nobody looks, caches that hold whatever was served within its TTL, mail
 * servers whose old processes live on. All that has been is kept, so that afterwards every sender that could have been is asked.
 */
import {
  type AddressSight,
  coverageOf,
  type RecordChange,
  type ServerSight,
  suffices,
} from '../../src/rollover/index.ts';
import { joinRecords, recordTexts, sameRecords, withoutRecords } from '../../src/rollover/record-set.ts';
import type { TlsaRecord } from '../../src/tlsa.ts';
import { AT } from '../make-certificate.ts';
import { HOST, OWNER, type Pair } from './pairs.ts';

export const ADDRESSES = ['192.0.2.1', '192.0.2.2'] as const;
export const SERVERS = ['ns1', 'ns2', 'ns3'] as const;

/** Seconds, from `from` to `until`; open: it is so still. */
interface Span<T> {
  readonly value: T;
  readonly from: number;
  until: number;
}

interface Served {
  readonly records: readonly TlsaRecord[];
  readonly ttl: number;
}

export type PublishResult = 'done' | 'refused' | 'lost-applied' | 'lost';

export class RolloverWorld {
  now = 0;
  ttl: number;
  readonly #baseTtl: number;
  readonly down = new Set<string>();
  /** What the primary has. */
  #zone: Served;
  /** Of each server: where we look, and an instance elsewhere that lags by a TTL at most. */
  readonly #near: Span<Served>[][] = [];
  readonly #far: Span<Served>[][] = [];
  /** Of each address: what those who connect now are shown, and what processes from before go on to show for a while. */
  readonly #presented: Span<Pair>[][][] = [];

  constructor(ttl: number, pairs: readonly Pair[], records: readonly TlsaRecord[]) {
    this.ttl = ttl;
    this.#baseTtl = ttl;
    this.#zone = { records, ttl };
    const open = <T>(value: T): Span<T>[] => [
      { value, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
    ];
    for (const _ of SERVERS) {
      this.#near.push(open(this.#zone));
      this.#far.push(open(this.#zone));
    }
    for (const _ of ADDRESSES) this.#presented.push(pairs.map(open));
  }

  get records(): readonly TlsaRecord[] {
    return this.#zone.records;
  }

  get milliseconds(): number {
    return (AT + this.now) * 1000;
  }

  /** What the primary does with a change. `lags`: seconds for each server, and parts of a TTL for what is behind it. */
  change(change: RecordChange, lags: readonly number[]): boolean {
    if (!sameRecords(this.#zone.records, change.expected)) return false;
    this.set(joinRecords(withoutRecords(this.#zone.records, change.remove), change.add), this.ttl, lags);
    return true;
  }

  set(records: readonly TlsaRecord[], ttl: number, lags: readonly number[]): void {
    this.#zone = { records, ttl };
    this.ttl = ttl;
    for (const [i] of SERVERS.entries()) {
      const lag = lags[i % lags.length] ?? 0;
      const from = follow(this.#near[i]!, this.#zone, this.now + lag);
      const more = Math.floor(((lags[(i + 1) % lags.length] ?? 0) % 101) * (this.#baseTtl / 101));
      follow(this.#far[i]!, this.#zone, from + more);
    }
  }

  /** Whether a change has not reached every server yet. */
  get underway(): boolean {
    return [...this.#near, ...this.#far].some((spans) => spans.at(-1)!.from > this.now);
  }

  sights(): ServerSight[] {
    return SERVERS.map((server, i): ServerSight => {
      if (this.down.has(server)) return { server, kind: 'failed', text: 'no answer' };
      const { records, ttl } = at(this.#near[i]!, this.now);
      return { server, kind: 'records', records, ttl };
    });
  }

  addressSights(): AddressSight[] {
    return ADDRESSES.map((address, i) => {
      if (this.down.has(address)) return { address, port: 25, chains: [], problem: 'connection refused' };
      const chains = this.#presented[i]!.map((slot) => at(slot, this.now).chain);
      return { address, port: 25, chains };
    });
  }

  /** `delays`: seconds until each address has it. Processes from before go on for half a TTL at most. */
  deploy(slot: number, pair: Pair, delays: readonly number[]): void {
    for (const [i] of ADDRESSES.entries()) {
      const delay = delays[i % delays.length] ?? 0;
      follow(this.#presented[i]![slot]!, pair, this.now + delay);
    }
  }

  /** Whom it would have failed, if anybody: each set that could be believed against each chain that could be met. */
  failures(): string[] {
    const linger = Math.floor(this.#baseTtl / 2);
    const sets = [...this.#near, ...this.#far].flat();
    const chains = this.#presented.flat(2);
    const found = new Set<string>();
    for (const { value: served, from, until } of sets) {
      for (const { value: pair, from: since, until: end } of chains) {
        const first = Math.max(from, since);
        const last = Math.min(until + served.ttl, end + linger, this.now);
        if (first >= last || until <= from || end <= since) continue;
        const subject = { kind: 'chain', chain: pair.chain } as const;
        const options = { names: [HOST], at: AT };
        if (suffices(served.records, subject, options)) continue;
        const { kind } = coverageOf(served.records, subject, options);
        const texts = recordTexts(served.records).map((text) => text.slice(0, 14));
        found.add(`${kind} from ${first} to ${last}: ${pair.id} under [${texts.join(', ')}]`);
      }
    }
    return [...found];
  }

  get owner(): string {
    return OWNER;
  }
}

function at<T>(spans: readonly Span<T>[], now: number): T {
  return spans.findLast(({ from }) => from <= now)!.value;
}

/** A later version never comes before an earlier one; what it overtakes is never seen. */
function follow<T>(spans: Span<T>[], value: T, wanted: number): number {
  const last = spans.at(-1)!;
  const from = Math.max(wanted, last.from);
  last.until = from;
  spans.push({ value, from, until: Number.POSITIVE_INFINITY });
  return from;
}
