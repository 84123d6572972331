/**
 * The configuration block of a recorded scenario: the part of Unbound's `unbound.conf` language that scenarios use, turned into
 * what `createResolver` takes. Options that say nothing about the outcome here (access control, logging) are carried, not read.
 */
import { Name } from '@mailanchor/dns';

/** A `stub-zone:` (authoritative servers of a zone) or a `forward-zone:` (recursive servers for it). */
export interface ZoneClause {
  readonly kind: 'stub' | 'forward';
  readonly name: Name;
  readonly addresses: readonly string[];
}

export interface ScenarioConfig {
  /** Options of `server:`, in order of appearance, repeated ones all kept. */
  readonly server: ReadonlyMap<string, readonly string[]>;
  readonly zones: readonly ZoneClause[];
}

/** Reads the lines before `CONFIG_END`. Throws `Error` on a line that is no option and no clause. */
export function parseConfig(lines: readonly string[]): ScenarioConfig {
  const server = new Map<string, string[]>();
  const zones: { kind: 'stub' | 'forward'; name: Name; addresses: string[] }[] = [];
  let clause: 'server' | 'stub' | 'forward' | undefined;
  for (const raw of lines) {
    const line = raw.trim();
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue;
    const found = /^([a-z0-9-]+):\s*(?:"([^"]*)"|([^#]*?))\s*(?:#.*)?$/.exec(line);
    if (!found) throw new Error(`not a configuration line: ${line}`);
    const key = found[1]!;
    const value = found[2] ?? found[3] ?? '';
    if (value === '' && found[2] === undefined) {
      if (key === 'server') clause = 'server';
      else if (key === 'stub-zone' || key === 'forward-zone') {
        clause = key === 'stub-zone' ? 'stub' : 'forward';
        zones.push({ kind: clause, name: Name.root, addresses: [] });
      } else throw new Error(`clause not known: ${line}`);
      continue;
    }
    if (clause === undefined) throw new Error(`option outside a clause: ${line}`);
    if (clause === 'server') {
      const values = server.get(key);
      if (values) values.push(value);
      else server.set(key, [value]);
      continue;
    }
    const zone = zones.at(-1)!;
    if (key === 'name') zone.name = Name.fromText(value);
    else if (key === 'stub-addr' || key === 'forward-addr') zone.addresses.push(value.split('@')[0]!);
  }
  return { server, zones };
}

/** Milliseconds since the epoch of an RRSIG time, `YYYYMMDDHHmmSS` (rfc4034#section-3.2). */
export function signatureTimeToMs(text: string): number {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (!parts) throw new Error(`not a time YYYYMMDDHHmmSS: ${text}`);
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
}
