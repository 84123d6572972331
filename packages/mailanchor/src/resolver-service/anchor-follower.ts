/**
 * Trust anchors that follow the rollovers of their owners (rfc5011): the store of `@mailanchor/dnssec` with a file below it and a log beside
 * it. Nothing that happens to the file keeps the service from running; all of it is told.
 */
import { rename } from 'node:fs/promises';
import { Name, type ResourceRecord } from '@mailanchor/dns';
import { type AnchorKeyPhase, TrustAnchorStore, type TrustAnchorStoreOptions } from '@mailanchor/dnssec';
import { fileProblem, messageOf, UsageError } from '../errors.ts';
import type { NamedFile } from '../options/lookup.ts';
import { wordsOf } from './anchor-words.ts';
import { readKept, replaceKept } from './kept-file.ts';
import type { Log } from './log.ts';

export interface AnchorFollowerOptions {
  readonly file: NamedFile;
  /** DS and DNSKEY records that the user, or the program, vouches for. */
  readonly configured: readonly ResourceRecord[];
  readonly fetch: TrustAnchorStoreOptions['fetch'];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  /** What is trusted from now on; `withdrawn`: something that was trusted is not any more. */
  readonly onAnchors: (anchors: readonly ResourceRecord[], withdrawn: boolean) => void;
  /** Milliseconds until a file that could not be written is written again; default five minutes. */
  readonly retryMs?: number;
}

/** Milliseconds between two looks at the clock: a machine that slept, or whose clock was set, is not to wait for days. */
const LOOK_MS = 3_600_000;
const RETRY_MS = 300_000;

export class AnchorFollower {
  readonly #options: AnchorFollowerOptions;
  readonly #store: TrustAnchorStore;
  /** Writes one after the other. */
  #writing: Promise<void> = Promise.resolve();
  /** Waits to write what could not be written. */
  #unwritten: NodeJS.Timeout | undefined;
  #closed = false;
  /** Times that the file could not be written. */
  writeFailures = 0;

  /** A damaged file is put aside, and the anchors are those configured. Throws `UsageError` where the path can never be a file. */
  static async open(options: AnchorFollowerOptions): Promise<AnchorFollower> {
    const { file, log } = options;
    let follower: AnchorFollower | undefined;
    const open = (state: unknown) =>
      TrustAnchorStore.open({
        configured: options.configured,
        fetch: options.fetch,
        load: () => state,
        save: () => follower!.#save(),
        clock: options.clock,
        schedule: (ms, action) => {
          const timer = setTimeout(action, Math.min(ms, LOOK_MS)).unref();
          return () => clearTimeout(timer);
        },
        onChange: (changes) => follower!.#changed(changes),
        onError: (error) => log.problem('anchor', messageOf(error)),
      });
    const read = await readKept(file.path);
    let why: string | undefined;
    let store: TrustAnchorStore | undefined;
    if (read.kind === 'unusable') {
      if (/is a folder|is not a folder/.test(read.why)) throw new UsageError(`${file.from}: ${read.why}`);
      why = read.why;
    } else if (read.kind === 'read') {
      try {
        store = await open(JSON.parse(Buffer.from(read.octets).toString('utf8')));
      } catch (error) {
        why = `${file.path}: ${messageOf(error)}`;
      }
    }
    if (why !== undefined) {
      const aside = `${file.path}.damaged`;
      const kept = await rename(file.path, aside).then(
        () => `; the file is now ${aside}`,
        () => '',
      );
      const text = `the state of the trust anchors cannot be used: only what is configured is trusted, and what was learnt of keys since, revocations too, is forgotten (${why}${kept})`;
      log.problem('anchor-state', text);
    }
    store ??= await open(undefined);
    follower = new AnchorFollower(options, store);
    if (read.kind === 'none') await follower.#save();
    follower.#tellLost();
    return follower;
  }

  private constructor(options: AnchorFollowerOptions, store: TrustAnchorStore) {
    this.#options = options;
    this.#store = store;
  }

  /** DS and DNSKEY records that are trusted now. */
  anchors(): readonly ResourceRecord[] {
    return this.#store.anchors();
  }

  /** Asks for the keys whenever it is time. */
  start(): void {
    this.#store.start();
  }

  /** Asks for the keys now. */
  refresh(): Promise<void> {
    return this.#store.refresh({ all: true });
  }

  /** Writes what is not written yet, where that is possible by now. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#unwritten) await this.#save();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#store.close();
    await this.flush();
  }

  /** Zones with anchors of which none is left: all revoked (rfc5011#section-5). */
  lost(): readonly Name[] {
    const trusted = this.#store.anchors();
    return this.#store
      .state()
      .points.map(({ zone }) => Name.fromText(zone))
      .filter((zone) => !trusted.some(({ name }) => name.equals(zone)));
  }

  /** For metrics: keys by zone and phase, those of no key as well, so that none disappears from a graph. */
  *keys(): Iterable<{ zone: string; phase: AnchorKeyPhase; count: number }> {
    for (const { zone, keys } of this.#store.state().points) {
      for (const phase of ['add-pend', 'valid', 'missing', 'revoked', 'removed'] as const)
        yield { zone, phase, count: keys.filter((key) => key.phase === phase).length };
    }
  }

  /** Epoch seconds of the next question for the keys of each zone. */
  *refreshes(): Iterable<{ zone: string; at: number }> {
    for (const { zone, nextRefresh } of this.#store.state().points) yield { zone, at: nextRefresh };
  }

  #changed(changes: Parameters<NonNullable<TrustAnchorStoreOptions['onChange']>>[0]): void {
    const { log, onAnchors } = this.#options;
    for (const change of changes) {
      const words = wordsOf(change, this.#store.state());
      if (!words) continue;
      const fields = { zone: change.zone.toString(), key: change.tag, phase: change.to ?? 'gone' };
      if (words.problem) log.problem('anchor', words.text, fields);
      else log.event('anchor', words.text, fields);
    }
    onAnchors(
      this.anchors(),
      changes.some(({ to }) => to === 'revoked'),
    );
    if (changes.some(({ to }) => to === 'revoked')) this.#tellLost();
  }

  #tellLost(): void {
    for (const zone of this.lost()) {
      const text = `EVERY KEY OF ${zone} IS REVOKED: no trust anchor is left there, and all at and below ${zone} counts as insecure (RFC 5011, section 5): nothing is proven and DANE does not apply. Give the new key by --trust-anchor`;
      this.#options.log.problem('anchor-lost', text, { zone: zone.toString() });
    }
  }

  #save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Never rejects: a full disk is no reason to follow keys no more. */
  async #write(): Promise<void> {
    const { file, log, retryMs = RETRY_MS } = this.#options;
    clearTimeout(this.#unwritten);
    this.#unwritten = undefined;
    const text = `${JSON.stringify(this.#store.state(), null, 2)}\n`;
    try {
      await replaceKept(file.path, Buffer.from(text));
    } catch (error) {
      this.writeFailures++;
      log.problem(
        'anchor-state',
        `the state of the trust anchors could not be written to ${file.path}: ${fileProblem(error)}. It is kept in memory and written again later`,
      );
      if (!this.#closed) this.#unwritten = setTimeout(() => void this.#save(), retryMs).unref();
    }
  }
}
