/** What the configuration block of a scenario means for a resolver, whichever way that one is told. */
import { type Name, RRType } from '@mailanchor/dns';
import { signatureTimeToMs } from './config.ts';
import type { Scenario } from './parse.ts';

export interface ScenarioSettings {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Addresses of root servers; empty where the scenario has none. */
  readonly rootServers: readonly string[];
  /** Addresses of resolvers that are asked for everything; empty where it iterates. */
  readonly forwarders: readonly string[];
  /** Zones that are asked elsewhere. */
  readonly forwardZones: readonly { readonly zone: Name; readonly addresses: readonly string[] }[];
  /** Records in presentation format. */
  readonly trustAnchors: readonly string[];
  readonly insecureZones: readonly string[];
  readonly nsec3Iterations: number;
  readonly qnameMinimisation: 'off' | 'relaxed';
}

/** Unbound's cap on NSEC3 iterations at the time of recording. */
const RECORDED_NSEC3_ITERATIONS = 150;

export function settingsOf(scenario: Scenario): ScenarioSettings {
  const { server, zones } = scenario.config;
  const root = zones.find((zone) => zone.name.isRoot);
  const iterations = server.get('val-nsec3-keysize-iterations')?.at(-1)?.trim().split(/\s+/).at(-1);
  return {
    startMs: startOf(scenario),
    rootServers: root?.kind === 'stub' ? root.addresses : [],
    forwarders: root?.kind === 'forward' ? root.addresses : [],
    forwardZones: zones
      .filter((zone) => zone !== root)
      .map(({ name, addresses }) => ({ zone: name, addresses })),
    trustAnchors: server.get('trust-anchor') ?? [],
    insecureZones: server.get('domain-insecure') ?? [],
    nsec3Iterations: iterations === undefined ? RECORDED_NSEC3_ITERATIONS : Number(iterations),
    qnameMinimisation: server.get('qname-minimisation')?.at(-1) === 'no' ? 'off' : 'relaxed',
  };
}

/** Root hints in master-file format; a server that never answers where the scenario has none. */
export function rootHintsOf({ rootServers }: ScenarioSettings): string {
  if (rootServers.length === 0) return '. NS none.invalid.\nnone.invalid. A 192.0.2.255\n';
  return rootServers
    .map((address, i) => {
      const type = address.includes(':') ? 'AAAA' : 'A';
      return `. NS hint${i}.invalid.\nhint${i}.invalid. ${type} ${address}\n`;
    })
    .join('');
}

/** The scenario's clock: `val-override-date`; for -1 (dates do not matter) a time at which its signatures are valid. */
function startOf(scenario: Scenario): number {
  const text = scenario.config.server.get('val-override-date')?.at(-1);
  if (text === undefined) throw new Error('no val-override-date');
  if (text !== '-1') return signatureTimeToMs(text);
  const records = scenario.ranges.flatMap((range) => range.entries.flatMap((entry) => entry.answer));
  const inceptions = records
    .filter((record) => record.type === RRType.RRSIG)
    .map((record) => new DataView(record.rdata.buffer, record.rdata.byteOffset).getUint32(12));
  return Math.max(...inceptions) * 1000 + 60_000;
}
