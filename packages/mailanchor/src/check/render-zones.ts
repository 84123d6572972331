/** The zones that a destination rests on, server by server: for those who want to know more. */
import type { ZoneReport } from '@mailanchor/smtp';
import type { Paint } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { statusText } from './render.ts';

export function renderZones(zones: readonly ZoneReport[], paint: Paint): string[] {
  return zones.flatMap((zone) => [...renderZone(zone, paint), '']);
}

function renderZone(
  { zone, status, servers, nsec3Iterations, signedUntil }: ZoneReport,
  paint: Paint,
): string[] {
  const facts = [
    ...(nsec3Iterations === undefined ? [] : [`NSEC3 with ${nsec3Iterations} iterations`]),
    ...(signedUntil === undefined ? [] : [`signed until ${signedUntil.slice(0, 10)}`]),
  ];
  const rows = servers.map(({ name, address, state, serial, listedBy }) => [
    printable(name),
    paint.dim(address),
    state === 'answers' ? paint.good(state) : paint.bad(printable(state)),
    paint.dim(serial === undefined ? '' : `serial ${serial}`),
    listedBy === 'both'
      ? ''
      : paint.warn(listedBy === 'zone' ? 'not in the delegation' : 'in the delegation only'),
  ]);
  return [
    `  ${paint.bold('Zone')}  ${printable(zone)}  ${statusText(status, paint)}${facts.length > 0 ? paint.dim(`  ${facts.join(', ')}`) : ''}`,
    ...table(rows, { indent: '      ' }),
  ];
}
