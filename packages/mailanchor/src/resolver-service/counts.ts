/** What happened so far, in plain numbers: counting must cost the warm path nothing. `metrics.ts` tells it to Prometheus. */

export const PROTOCOLS = ['udp', 'tcp', 'tls'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** How an answer stands, as counted: its proof state, or what took its place. */
export const STATUSES = ['secure', 'insecure', 'bogus', 'indeterminate', 'unchecked', 'none'] as const;
export type CountedStatus = (typeof STATUSES)[number];

const RCODES = 32;
/** Zones counted by name; all others together are one. */
const ZONES = 100;
export const OTHER_ZONES = 'other';

export class Counts {
  readonly #responses = new Float64Array(PROTOCOLS.length * RCODES);
  readonly #statuses = new Float64Array(STATUSES.length);
  readonly #bogusZones = new Map<string, number>();
  /** Queries thrown away without an answer. */
  dropped = 0;
  /** From addresses that may not ask. */
  denied = 0;
  /** Turned away since too many questions were under way. */
  overload = 0;
  truncated = 0;

  response(protocol: number, rcode: number, status: number): void {
    const slot = protocol * RCODES + (rcode < RCODES ? rcode : RCODES - 1);
    this.#responses[slot] = this.#responses[slot]! + 1;
    this.#statuses[status] = this.#statuses[status]! + 1;
  }

  bogus(zone: string): void {
    const known = this.#bogusZones.get(zone);
    const key = known !== undefined || this.#bogusZones.size < ZONES ? zone : OTHER_ZONES;
    this.#bogusZones.set(key, (this.#bogusZones.get(key) ?? 0) + 1);
  }

  /** Answers that were, with data or without, what was asked for. */
  get answered(): number {
    return this.#statuses[0]! + this.#statuses[1]!;
  }

  *responses(): Iterable<{ protocol: Protocol; rcode: number; count: number }> {
    for (const [index, protocol] of PROTOCOLS.entries()) {
      for (let rcode = 0; rcode < RCODES; rcode++) {
        const count = this.#responses[index * RCODES + rcode]!;
        if (count > 0) yield { protocol, rcode, count };
      }
    }
  }

  *statuses(): Iterable<{ status: CountedStatus; count: number }> {
    for (const [index, status] of STATUSES.entries()) yield { status, count: this.#statuses[index]! };
  }

  get bogusZones(): ReadonlyMap<string, number> {
    return this.#bogusZones;
  }
}
