/** What the listeners count, all of them together. */
import type { ListenerStats } from '@mailanchor/dns';

export interface ListenerTotals {
  /** Datagrams and messages that are no query. */
  readonly dropped: number;
  readonly open: number;
  readonly accepted: number;
  /** Streams closed by us, by the reason. */
  readonly closed: ListenerStats['closed'];
}

export function totalsOf(listeners: readonly { readonly stats: ListenerStats }[]): ListenerTotals {
  const closed = { refused: 0, evicted: 0, idle: 0, unread: 0, malformed: 0 };
  let dropped = 0;
  let open = 0;
  let accepted = 0;
  for (const { stats } of listeners) {
    dropped += stats.dropped;
    open += stats.connections.open;
    accepted += stats.connections.accepted;
    for (const reason of Object.keys(closed) as (keyof typeof closed)[])
      closed[reason] += stats.closed[reason];
  }
  return { dropped, open, accepted, closed };
}
