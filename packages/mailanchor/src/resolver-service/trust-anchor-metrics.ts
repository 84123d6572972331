/** What Prometheus is told of trust anchors that follow their rollovers. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { AnchorFollower } from './anchor-follower.ts';

const PREFIX = 'mailanchor_resolver_trust_anchor_';

/** Nothing but zeros where anchors are not followed. */
export function trustAnchorMetrics(registry: Registry, follower: () => AnchorFollower | undefined): void {
  const registers = [registry];
  new Gauge({
    name: `${PREFIX}keys`,
    help: 'Keys of trust anchors by zone and phase of RFC 5011',
    labelNames: ['zone', 'phase'],
    registers,
    collect() {
      this.reset();
      for (const { zone, phase, count } of follower()?.keys() ?? []) this.set({ zone, phase }, count);
    },
  });
  new Gauge({
    name: `${PREFIX}next_refresh_timestamp_seconds`,
    help: 'When the keys of the zone are asked for again',
    labelNames: ['zone'],
    registers,
    collect() {
      this.reset();
      for (const { zone, at } of follower()?.refreshes() ?? []) this.set({ zone }, at);
    },
  });
  new Gauge({
    name: `${PREFIX}lost`,
    help: 'Zones of which every key is revoked: nothing is proven there',
    registers,
    collect() {
      this.set(follower()?.lost().length ?? 0);
    },
  });
  new Counter({
    name: `${PREFIX}write_failures_total`,
    help: 'Times that the state of the trust anchors could not be written',
    registers,
    collect() {
      this.reset();
      this.inc(follower()?.writeFailures ?? 0);
    },
  });
}
