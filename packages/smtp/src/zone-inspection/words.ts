/** How zones and servers are named in findings, and answers sorted for them. */
import type { Name } from '@mailanchor/dns';
import { nameText } from '../name-text.ts';
import type { AuthoritativeServer } from './zone-inspection.ts';

export function serverText({ name, address }: Pick<AuthoritativeServer, 'name' | 'address'>): string {
  return `${nameText(name)} [${address}]`;
}

/** Each once. */
export function serverList(servers: readonly AuthoritativeServer[]): string {
  return [...new Set(servers.map(serverText))].join(', ');
}

/** The form of a verb for one server or several. */
export function verb(servers: readonly AuthoritativeServer[], one: string, several: string): string {
  return new Set(servers.map(serverText)).size === 1 ? one : several;
}

export function zoneText(zone: Name): string {
  return zone.isRoot ? 'the root' : nameText(zone);
}

interface Asked {
  readonly name: Name;
  readonly type: number;
}

/** The answers to each question, in the order in which the questions came. */
export function byQuestion<T extends Asked>(answers: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const answer of answers) {
    const key = `${answer.type} ${answer.name.key}`;
    const group = groups.get(key);
    if (group) group.push(answer);
    else groups.set(key, [answer]);
  }
  return [...groups.values()];
}
