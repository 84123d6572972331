/** What a renewed certificate means for the hosts that it is for: deployed, prepared, or stopped. */
import { realpath } from 'node:fs/promises';
import { type Decision, nameMatches } from '@mailanchor/dane';
import { once } from './follow.ts';
import { type GateResult, type GateVerdict, judgeGate } from './gate.ts';
import type { HookFiles } from './hook-files.ts';
import { hostFolder, readState } from './kept-state.ts';
import { lockHost } from './lock.ts';
import { placesOrWhy, withRecords } from './look.ts';
import { type PairFiles, readPairFiles } from './pair-files.ts';
import type { Surroundings } from './pass.ts';
import type { HostSettings } from './settings.ts';

/** Milliseconds that a run which is at it just now is waited for. */
const LOCK_MS = 60_000;

export interface HookedHost {
  readonly host: HostSettings;
  /** Whether the files are those that the configuration names for the host. */
  readonly own: boolean;
}

/** The hosts that a certificate is for: by its files, else by its names. */
export async function hookedHosts(
  hosts: readonly HostSettings[],
  files: HookFiles,
  pair: PairFiles,
): Promise<HookedHost[]> {
  const given = await resolved(files.certificate.path);
  const found: HookedHost[] = [];
  const names = [...files.names, ...(pair.kind === 'pair' ? pair.leaf.dnsNames : [])];
  for (const host of hosts) {
    const paths = await Promise.all(host.pairs.map(({ certificate }) => resolved(certificate.path)));
    if (paths.includes(given)) found.push({ host, own: true });
    else if (names.some((name) => name === host.name || nameMatches(name, host.host)))
      found.push({ host, own: false });
  }
  return found;
}

async function resolved(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

export type HookOutcome =
  /** The mail server may have it: the gate is open, or we have deployed it ourselves. */
  | { readonly kind: 'open'; readonly text: string; readonly gate?: GateResult }
  /** Nothing is presented yet, and what is needed goes its way. */
  | { readonly kind: 'prepared'; readonly decision: Decision }
  | { readonly kind: 'stopped'; readonly gate: GateResult; readonly decision?: Decision }
  | { readonly kind: 'stuck'; readonly decision: Decision };

/** A host that we deploy to: what is safe now is done, and the rest is for later runs. */
export async function hookDeployed(host: HostSettings, around: Surroundings): Promise<HookOutcome> {
  const { decision } = await once(host, around, { waitMs: LOCK_MS });
  switch (decision.state) {
    case 'steady':
    case 'retiring':
    case 'deploying':
      return { kind: 'open', text: decision.why };
    case 'broken':
    case 'blocked':
    case 'unseen':
      return { kind: 'stuck', decision };
    default:
      return { kind: 'prepared', decision };
  }
}

/** A host that others deploy to. `then` runs, under the lock of the host, only where the gate is open. */
export async function hookGated(
  { host, own }: HookedHost,
  files: HookFiles,
  around: Surroundings,
  then: () => Promise<void>,
): Promise<HookOutcome> {
  const { settings, lookup, signal, clock } = around;
  const folder = hostFolder(settings.state.path, host.name);
  const lock = await lockHost(folder, LOCK_MS, signal);
  let gate: GateResult;
  try {
    const pair = await readPairFiles(files, { at: clock(), datesCount: false });
    const { memory } = await readState(folder);
    gate = await withRecords(host, { lookup, signal }, ({ plans, places, clock: now }) =>
      judgeGate({
        host: host.name,
        files: pair,
        places: placesOrWhy(host, plans, places),
        at: now(),
        memory,
        rolled: own && host.publisher !== undefined,
      }),
    );
    if (isOpen(gate.verdict)) {
      await then();
      return { kind: 'open', text: gate.verdict.text, gate };
    }
  } finally {
    lock.release();
  }
  // What is missing is published meanwhile, where that is ours to do.
  if (!own || !host.publisher) return { kind: 'stopped', gate };
  const { decision } = await once(host, around, { waitMs: LOCK_MS });
  return { kind: 'stopped', gate, decision };
}

/** Where nothing is published nothing can fail. */
export function isOpen({ kind }: GateVerdict): boolean {
  return kind === 'match' || kind === 'no-records';
}
