/** Many zones at a glance: how many are in each state, what the states mean, and the first few of each that wants something done. */
import { type Paint, sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { STATE_NAMES, ZONE_STATES, type ZoneState } from './state.ts';
import type { ZoneStatus } from './zone-status.ts';

/** Zones of one state that are named. */
const NAMED = 5;

export class Overview {
  readonly #counts = new Map<ZoneState, number>();
  readonly #named = new Map<ZoneState, string[]>();

  add({ zone, state }: ZoneStatus): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
    const named = this.#named.get(state) ?? [];
    if (named.length < NAMED) this.#named.set(state, [...named, zone]);
  }

  /** Zones of an earlier run: only how many of each state. */
  addBefore(counts: ReadonlyMap<ZoneState, number>): void {
    for (const [state, count] of counts) this.#counts.set(state, (this.#counts.get(state) ?? 0) + count);
  }

  /** Nothing for a single zone: it has said it all. */
  render(paint: Paint): string[] {
    const total = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    if (total < 2) return [];
    const rows = STATE_NAMES.flatMap((state) => {
      const count = this.#counts.get(state);
      if (count === undefined) return [];
      const { tone, means } = ZONE_STATES[state];
      const named = state === 'secure' ? [] : (this.#named.get(state) ?? []);
      const more = count - named.length;
      const list =
        named.length === 0 ? '' : `${named.map(printable).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
      const first = [`${sign(paint, tone)} ${paint.tone(tone, state)}`, `${count}`, means];
      return list === '' ? [first] : [first, ['', '', paint.dim(list)]];
    });
    return ['', paint.bold(`${total} zones`), ...table(rows, { indent: '  ' })];
  }
}
