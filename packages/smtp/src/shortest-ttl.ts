/** How long something holds that rests on several lookups: no longer than the shortest of them. */
import type { Resolution, Resolver } from '@mailanchor/dnssec';

export interface ShortestTtl {
  /** Asks the same, and remembers. */
  readonly resolver: Resolver;
  /** Seconds; infinite where nothing was asked, 0 where a lookup failed. */
  ttl(): number;
}

export function shortestTtl(resolver: Resolver): ShortestTtl {
  let shortest = Number.POSITIVE_INFINITY;
  const seen = (resolution: Resolution): Resolution => {
    shortest = Math.min(shortest, resolution.kind === 'failure' ? 0 : resolution.ttl);
    return resolution;
  };
  return {
    resolver: {
      resolve: async (name, type, options) => {
        try {
          return seen(await resolver.resolve(name, type, options));
        } catch (error) {
          shortest = 0;
          throw error;
        }
      },
      close: () => {},
    },
    ttl: () => shortest,
  };
}
