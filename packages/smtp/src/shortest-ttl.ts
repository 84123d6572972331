/** How long something holds that rests on several lookups: no longer than the shortest of them. */
import type { Resolution, Resolver } from '@mailanchor/dnssec';

export interface ShortestTtl {
  /** Asks the same, and remembers. */
  readonly resolver: Resolver;
  /** Seconds; infinite where nothing was answered. A failure has no TTL. */
  ttl(): number;
  /** Whether any lookup failed. */
  failed(): boolean;
}

export function shortestTtl(resolver: Resolver): ShortestTtl {
  let shortest = Number.POSITIVE_INFINITY;
  let failed = false;
  const seen = (resolution: Resolution): Resolution => {
    if (resolution.kind === 'failure') failed = true;
    else shortest = Math.min(shortest, resolution.ttl);
    return resolution;
  };
  return {
    resolver: {
      resolve: async (name, type, options) => {
        try {
          return seen(await resolver.resolve(name, type, options));
        } catch (error) {
          failed = true;
          throw error;
        }
      },
      close: () => {},
    },
    ttl: () => shortest,
    failed: () => failed,
  };
}
