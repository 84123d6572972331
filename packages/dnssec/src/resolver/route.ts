/** Which source answers for which names: forward zones by the longest match, the default for all else. */
import { type Name, RRType } from '@mailanchor/dns';
import type { FetchRequest, RawAnswer, ReferralDs, Source } from '../source.ts';

export interface Route {
  readonly zone: Name;
  readonly source: Source;
}

export class Router implements Source {
  readonly #fallback: Source;
  readonly #routes: ReadonlyMap<string, Source>;
  readonly #zones: readonly Route[];

  constructor(fallback: Source, routes: readonly Route[]) {
    this.#fallback = fallback;
    this.#zones = routes;
    this.#routes = new Map(routes.map(({ zone, source }) => [zone.key, source]));
  }

  #for(name: Name): Source {
    if (this.#routes.size === 0) return this.#fallback;
    for (let candidate = name; ; candidate = candidate.parent) {
      const source = this.#routes.get(candidate.key);
      if (source) return source;
      if (candidate.isRoot) return this.#fallback;
    }
  }

  async fetch(name: Name, type: number, request: FetchRequest): Promise<RawAnswer> {
    // The DS of a forwarded zone is its parent's.
    const source = this.#for(type === RRType.DS && !name.isRoot ? name.parent : name);
    const raw = await source.fetch(name, type, request);
    if (raw.kind === 'failure') return raw;
    // Whoever is asked for one name does not get to speak of those that others are asked for.
    const except = this.#zones.filter((route) => route.source !== source).map(({ zone }) => zone);
    return { ...raw, except };
  }

  referralDs(zone: Name): ReferralDs | undefined {
    return this.#for(zone.parent).referralDs(zone);
  }

  forget(): void {
    this.#fallback.forget();
    for (const source of this.#routes.values()) source.forget();
  }

  async close(): Promise<void> {
    await this.#fallback.close();
    for (const source of this.#routes.values()) await source.close();
  }
}
