/** Settings that only a start takes up. */
import type { PolicySettings } from './settings.ts';

/** The names of those that differ. */
export function restartNeeded(before: PolicySettings, after: PolicySettings): string[] {
  const values = ({ listen, tcpTable, control, metrics, state, lookup }: PolicySettings) => ({
    listen: listen.map(placeOf),
    'tcp-table': tcpTable.map(placeOf),
    control: control?.path,
    metrics,
    state: state?.path,
    at: lookup.at,
  });
  const [old, now] = [values(before), values(after)];
  return (Object.keys(old) as (keyof typeof old)[]).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]),
  );
}

function placeOf(where: PolicySettings['listen'][number]): unknown {
  return where.kind === 'tcp' ? where.place : where.path;
}
