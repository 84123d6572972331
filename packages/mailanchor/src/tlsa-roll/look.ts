/** One look at a host from all sides: its files, its records at every server, its addresses. Nothing is changed by it. */
import type { HostView, Identity } from '@mailanchor/dane';
import {
  type HostPlan,
  type OpenSession,
  planRelay,
  ZoneInspector,
  type ZoneInspectorOptions,
} from '@mailanchor/smtp';
import { openLookup } from '../lookup.ts';
import type { LookupSettings } from '../options/lookup.ts';
import { type NextKey, readNextKey } from './next-key.ts';
import { keyLabel, type PairFiles, readPairFiles } from './pair-files.ts';
import { presentedView } from './presented-view.ts';
import { type Place, publishedView, whyNoPlace } from './published-view.ts';
import type { HostSettings, PairSettings } from './settings.ts';

export interface LookOptions {
  readonly lookup: LookupSettings;
  readonly settleMs: number;
  /** The host's own, below that of the state. */
  readonly folder: string;
  readonly strangers?: 'keep' | 'remove';
  readonly signal: AbortSignal;
  readonly families?: ZoneInspectorOptions['families'];
  readonly open?: OpenSession;
}

/** A pair with its name and its next key. */
export interface Material {
  readonly label: string;
  readonly settings: PairSettings;
  readonly files: PairFiles;
  readonly next: NextKey | undefined;
}

export interface HostLook {
  readonly view: HostView;
  readonly places: readonly Place[];
  readonly materials: readonly Material[];
}

/** Rejects where `signal` aborts, with `UsageError` for files of the settings, with `MailanchorError` for a next key that is damaged. */
export async function lookAt(host: HostSettings, options: LookOptions): Promise<HostLook> {
  const { folder, signal, open } = options;
  const { timeoutMs } = options.lookup;
  return withRecords(host, options, async ({ plans, places, clock }) => {
    const materials = await readMaterials(host, folder, clock());
    const base = (port: number): string =>
      places.find(({ sight }) => sight.ports.includes(port))?.sight.names[0] ?? host.host;
    const reachable = plans.map((plan) => ({
      ...plan,
      addresses: plan.addresses.filter((address) => !host.unreachable.includes(address)),
    }));
    const addresses = await presentedView(reachable, base, { timeoutMs, signal, ...(open && { open }) });
    const view: HostView = {
      host: host.name,
      at: clock(),
      policy: host.policy,
      matching: host.matching,
      deploy: host.deploy ? 'command' : 'external',
      issue: host.issue ? 'command' : 'external',
      identities: materials.map(identityOf),
      places: placesOrWhy(host, plans, places),
      addresses,
      settleMs: options.settleMs,
      strangers: options.strangers ?? host.strangers,
    };
    return { view, places, materials };
  });
}

export interface RecordsLook {
  /** The host at each of its ports. */
  readonly plans: readonly HostPlan[];
  readonly places: readonly Place[];
  readonly clock: () => number;
}

/** The records alone: nothing is connected to but name servers. Rejects as `lookAt`, and with what `use` rejects with. */
export async function withRecords<T>(
  host: HostSettings,
  { lookup: settings, signal, families }: Pick<LookOptions, 'lookup' | 'signal' | 'families'>,
  use: (look: RecordsLook) => T | Promise<T>,
): Promise<T> {
  const { timeoutMs } = settings;
  const { resolver, clock, close } = await openLookup(settings);
  const inspector = new ZoneInspector({ resolver, port: settings.dnsPort, ...(families && { families }) });
  try {
    const plans = await Promise.all(
      host.ports.map(async (port): Promise<HostPlan> => {
        const plan = await planRelay(host.host, { resolver, port, timeoutMs, signal });
        if (plan.kind !== 'hosts' || !plan.hosts[0]) throw new Error(`no plan for ${host.host}`);
        return plan.hosts[0];
      }),
    );
    const places = await publishedView(host, plans, { inspector, timeoutMs, signal });
    return await use({ plans, places, clock });
  } finally {
    await inspector.close();
    await close();
  }
}

/** A port whose records have no place is a place where nothing can be believed. */
export function placesOrWhy(
  host: HostSettings,
  plans: readonly HostPlan[],
  places: readonly Place[],
): HostView['places'] {
  const homeless = plans.filter(({ port }) => !places.some(({ sight }) => sight.ports.includes(port)));
  return [
    ...places.map(({ sight }) => sight),
    ...homeless.map((plan) => ({
      owner: `_${plan.port}._tcp.${host.host}`,
      ports: [plan.port],
      names: [host.host],
      servers: [],
      assumedTtl: host.ttl,
      problem: whyNoPlace(plan),
    })),
  ];
}

export async function readMaterials(host: HostSettings, folder: string, at: number): Promise<Material[]> {
  const materials: Material[] = [];
  for (const settings of host.pairs) {
    const files = await readPairFiles(settings, { at, datesCount: host.policy === 'current-issuer' });
    const label = settings.label ?? (files.kind === 'pair' ? keyLabel(files.privateKey) : undefined);
    materials.push({
      label: unusedLabel(label ?? 'default', materials),
      settings,
      files,
      next: label === undefined ? undefined : await readNextKey(folder, label),
    });
  }
  return materials;
}

function unusedLabel(label: string, others: readonly Material[]): string {
  return others.some((other) => other.label === label) ? `${label}-${others.length + 1}` : label;
}

function identityOf({ label, files, next }: Material): Identity {
  return {
    label,
    disk: files.kind === 'pair' ? { kind: 'pair', chain: files.chain } : { kind: 'unfit', text: files.text },
    next: next?.spki ?? null,
  };
}
