/** Questions under way: so many in all, so many of one client. What was asked and answered does not count. */

export interface OutstandingLimits {
  readonly total: number;
  readonly perClient: number;
}

export class Outstanding {
  readonly #limits: OutstandingLimits;
  readonly #byClient = new Map<string, number>();
  #total = 0;

  constructor(limits: OutstandingLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a place; false where there is none. */
  enter(client: string): boolean {
    const own = this.#byClient.get(client) ?? 0;
    if (this.#total >= this.#limits.total || own >= this.#limits.perClient) return false;
    this.#total++;
    this.#byClient.set(client, own + 1);
    return true;
  }

  leave(client: string): void {
    const own = this.#byClient.get(client) ?? 0;
    if (own === 0) return;
    this.#total--;
    if (own === 1) this.#byClient.delete(client);
    else this.#byClient.set(client, own - 1);
  }
}
