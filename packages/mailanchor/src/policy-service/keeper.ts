/** Keeps answers and MTA-STS policies for the next run: answers every five minutes and at the stop, policies soon after they change. */
import type { NamedFile } from '../options/lookup.ts';
import type { Log } from '../resolver-service/log.ts';
import type { AnswerCache } from './answer-cache.ts';
import { readSnapshot, SNAPSHOT_FILE, writeSnapshot } from './snapshot.ts';
import { type Fingerprints, KeptState } from './state.ts';
import type { StsMemory } from './sts-memory.ts';
import { readStsSnapshot, STS_FILE, writeStsSnapshot } from './sts-snapshot.ts';

/** Milliseconds between two snapshots of the answers. */
const ANSWERS_EVERY_MS = 300_000;
/** Milliseconds after which policies that have changed are kept: whoever has them forgotten gains by it. */
const STS_EVERY_MS = 1_000;
/** The part of the time that may go into keeping them where they change all the time. */
const STS_PART = 0.02;

/** What is to be kept, as it is at the time. */
export interface Known {
  readonly cache: AnswerCache;
  readonly sts: StsMemory;
  readonly fingerprints: Fingerprints;
}

export class Keeper {
  readonly #answers: KeptState;
  readonly #sts: KeptState;
  readonly #known: () => Known;
  #keptSts: { readonly memory: StsMemory; readonly changes: number } | undefined;
  #stsNotBefore = 0;
  #timers: readonly NodeJS.Timeout[] = [];

  constructor(folder: NamedFile, known: () => Known, clock: () => number, log: Log) {
    this.#known = known;
    const answers = {
      file: SNAPSHOT_FILE,
      what: 'answers',
      write: () => writeSnapshot(known().cache, known().fingerprints.answers, clock()),
      read: (octets: Uint8Array) =>
        readSnapshot(octets, known().cache, known().fingerprints.answers, clock(), performance.now()),
    };
    const sts = {
      file: STS_FILE,
      what: 'MTA-STS policies',
      write: () => writeStsSnapshot(known().sts, known().fingerprints.sts),
      read: (octets: Uint8Array) => readStsSnapshot(octets, known().sts, known().fingerprints.sts),
    };
    this.#answers = new KeptState(folder.path, answers, log);
    this.#sts = new KeptState(folder.path, sts, log);
  }

  /** Times that something could not be kept. */
  get failures(): number {
    return this.#answers.failures + this.#sts.failures;
  }

  async start(): Promise<void> {
    await this.#sts.restore();
    await this.#answers.restore();
    this.#markSts();
    this.#timers = [
      setInterval(() => void this.#answers.keep(), ANSWERS_EVERY_MS).unref(),
      setInterval(() => this.#keepStsInTime(), STS_EVERY_MS).unref(),
    ];
  }

  #markSts(): void {
    const { sts } = this.#known();
    this.#keptSts = { memory: sts, changes: sts.store.changes };
  }

  #keepStsInTime(): void {
    const began = performance.now();
    if (began < this.#stsNotBefore) return;
    this.#stsNotBefore = Number.POSITIVE_INFINITY;
    void this.#keepSts().then(() => {
      this.#stsNotBefore = performance.now() + (performance.now() - began) / STS_PART;
    });
  }

  async #keepSts(): Promise<void> {
    const { sts } = this.#known();
    if (this.#keptSts?.memory === sts && this.#keptSts.changes === sts.store.changes) return;
    this.#markSts();
    await this.#sts.keep();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async keep(): Promise<void> {
    await Promise.all([this.#answers.keep(), this.#keepSts()]);
  }
}
