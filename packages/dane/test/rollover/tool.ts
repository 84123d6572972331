/** Mailanchor and an operator in the world of `world.ts`: one run looks, remembers, decides and acts, and may be killed between any two. */
import {
  attemptKey,
  type Decision,
  deployKey,
  type HostMemory,
  type HostView,
  type Identity,
  type KeyPolicy,
  keyDigest,
  keyRecords,
  NO_MEMORY,
  nextKey,
  nextStep,
  obstacles,
  placeFacts,
  remember,
  rememberAttempt,
  rememberBegun,
  rememberDone,
  startReplacing,
} from '../../src/rollover/index.ts';
import type { TlsaRecord } from '../../src/tlsa.ts';
import { HOST, KEYS, OWNER, type Pair, pair, spkiOf } from './pairs.ts';
import { type PublishResult, RolloverWorld } from './world.ts';

export interface Setup {
  readonly policy: KeyPolicy;
  readonly deploy: 'command' | 'external';
  readonly both: boolean;
  readonly ttl: number;
  /** What is published at first: nothing, or the record of the first key. */
  readonly published: boolean;
  readonly ttlsToWait: number;
}

interface Disk {
  readonly kind: 'ec' | 'rsa';
  readonly label: string;
  pair: Pair;
  half: boolean;
  next: number | null;
}

export type Kill = 'never' | 'after-look' | 'after-saving' | 'after-acting';

export class Operator {
  readonly world: RolloverWorld;
  readonly setup: Setup;
  /** On disk: what a run that is killed leaves behind. */
  memory: HostMemory = NO_MEMORY;
  readonly disks: Disk[];
  #fresh = 1;
  #serial = 2;

  constructor(setup: Setup) {
    this.setup = setup;
    const kinds: readonly ('ec' | 'rsa')[] = setup.both ? ['ec', 'rsa'] : ['ec'];
    this.disks = kinds.map((kind) => ({ kind, label: kind, pair: pair(kind, 0), half: false, next: null }));
    const records = setup.published ? this.disks.flatMap(({ pair: { spki } }) => keyRecords(spki)) : [];
    this.world = new RolloverWorld(
      setup.ttl,
      this.disks.map((disk) => disk.pair),
      records,
    );
  }

  view(): HostView {
    const { policy, deploy, ttl } = this.setup;
    return {
      host: HOST,
      at: this.world.milliseconds,
      policy,
      deploy,
      issue: deploy,
      identities: this.disks.map((disk): Identity => this.#identity(disk)),
      places: [{ owner: OWNER, ports: [25], names: [HOST], servers: this.world.sights(), assumedTtl: ttl }],
      addresses: this.world.addressSights(),
      settleMs: (ttl / 2) * 1000,
    };
  }

  #identity({ label, kind, pair: { chain }, half, next }: Disk): Identity {
    return {
      label,
      disk: half ? { kind: 'unfit', text: 'half written' } : { kind: 'pair', chain },
      next: next === null ? null : spkiOf(kind, next),
    };
  }

  /** One run, as a timer starts it. */
  run(how: { kill: Kill; publish: PublishResult; lags: readonly number[]; deployFails: boolean }): Decision {
    const view = this.view();
    const remembered = remember(this.memory, view, this.setup.ttlsToWait);
    const decision = nextStep(view, remembered, this.setup.ttlsToWait);
    if (how.kill === 'after-look') return decision;
    this.memory = remembered;
    if (how.kill === 'after-saving') return decision;
    const outcome = this.#act(decision, view, how);
    if (how.kill === 'after-acting' || !outcome) return decision;
    this.memory = rememberAttempt(this.memory, { ...outcome, at: view.at });
    return decision;
  }

  #act(
    { step }: Decision,
    view: HostView,
    how: { kill: Kill; publish: PublishResult; lags: readonly number[]; deployFails: boolean },
  ): { key: string; outcome: 'done' | 'failed' } | undefined {
    switch (step.kind) {
      case 'publish':
      case 'remove': {
        const key = attemptKey(step)!;
        const before = this.memory;
        const { change } = step;
        this.memory = rememberBegun(before, change, view.at);
        if (how.publish === 'lost') return { key, outcome: 'failed' };
        const applied = how.publish !== 'refused' && this.world.change(change, how.lags);
        if (how.kill === 'after-acting' || how.publish === 'lost-applied') return { key, outcome: 'failed' };
        this.memory = applied ? rememberDone(this.memory, change, view.at) : before;
        return { key, outcome: applied ? 'done' : 'failed' };
      }
      case 'make-key': {
        this.#disk(step.label).next = this.#fresh++ % KEYS[this.#disk(step.label).kind];
        return { key: attemptKey(step)!, outcome: 'done' };
      }
      case 'issue': {
        if (step.by === 'external') return undefined;
        const slot = this.disks.findIndex(({ label }) => label === step.label);
        this.renew(slot, 'next');
        return {
          key: attemptKey(step, keyDigest(view.identities[slot]!.next!).slice(0, 16))!,
          outcome: 'done',
        };
      }
      case 'deploy': {
        if (step.by === 'external') return undefined;
        const slot = this.disks.findIndex(({ label }) => label === step.label);
        const key = deployKey(step, view.identities[slot]!)!;
        if (how.deployFails) return { key, outcome: 'failed' };
        this.world.deploy(
          slot,
          this.disks[slot]!.pair,
          how.lags.map((lag) => lag % 60),
        );
        return { key, outcome: 'done' };
      }
      default:
        return undefined;
    }
  }

  #disk(label: string): Disk {
    return this.disks.find((disk) => disk.label === label)!;
  }

  /** An ACME client writes files: a key of its own making, the same key again, the prepared key; or somebody restores an old one. */
  renew(slot: number, what: 'fresh' | 'same' | 'next' | 'old' | 'other-ca'): void {
    const disk = this.disks[slot % this.disks.length]!;
    const current = Array.from({ length: KEYS[disk.kind] }, (_, key) => key).find(
      (key) => spkiOf(disk.kind, key) === disk.pair.spki,
    )!;
    const key = {
      fresh: () => this.#fresh++ % KEYS[disk.kind],
      same: () => current,
      'other-ca': () => current,
      next: () => disk.next ?? current,
      old: () => (current + KEYS[disk.kind] - 1) % KEYS[disk.kind],
    }[what]();
    disk.pair = pair(disk.kind, key, what === 'other-ca' ? 1 : 0, this.#serial++ % 3);
    disk.half = false;
  }

  start(): void {
    this.memory = startReplacing(this.memory, this.view());
  }

  /** Somebody deploys by hand, behind the gate: only what every set that a sender may hold suffices for. */
  deployByHand(slot: number, lags: readonly number[]): void {
    const disk = this.disks[slot % this.disks.length]!;
    if (disk.half) return;
    const view = this.view();
    const memory = remember(this.memory, view, this.setup.ttlsToWait);
    const facts = placeFacts(view, memory);
    const subject = { kind: 'chain', chain: disk.pair.chain } as const;
    if (obstacles(subject, facts, memory, view.at, this.setup.ttlsToWait).length > 0) return;
    this.memory = memory;
    this.world.deploy(
      slot % this.disks.length,
      disk.pair,
      lags.map((lag) => lag % 60),
    );
  }

  /** Somebody else's record, put beside ours or taken away. */
  stranger(record: TlsaRecord, lags: readonly number[]): void {
    const { records } = this.world;
    // Of a combination that is there: another would be a fault of theirs.
    if (!records.some(({ usage, data }) => usage === 3 && Buffer.compare(data, record.data) !== 0)) return;
    const others = records.filter(({ data }) => Buffer.compare(data, record.data) !== 0);
    this.world.set(others.length < records.length ? others : [...records, record], this.world.ttl, lags);
  }

  /** Whether files, addresses and servers agree. */
  get atRest(): boolean {
    const view = this.view();
    return (
      nextStep(view, remember(this.memory, view)).step.kind === 'none' &&
      view.identities.every(
        (identity) => nextKey(identity) !== undefined || this.setup.policy !== 'current-next',
      )
    );
  }
}
