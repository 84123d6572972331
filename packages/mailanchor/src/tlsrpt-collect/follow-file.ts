/**
 * Follows a log file over rotations of both kinds: renamed and made anew, or copied and truncated. A position names the file by what the system
 * knows it by and by its first octets, so that another run finds it again even under the name that a rotation gave it.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileProblem } from '../errors.ts';
import { LineSplitter } from './line-splitter.ts';

export interface FilePosition {
  readonly dev: number;
  readonly ino: number;
  /** Octets read, up to the end of a line. */
  readonly offset: number;
  /** SHA-256 of the first octets, as many as `headLength`. */
  readonly head: string;
  readonly headLength: number;
}

export interface FollowOptions {
  readonly path: string;
  readonly position: FilePosition | undefined;
  /** Without a position: whether what is in the file already is passed over. */
  readonly fromEnd: boolean;
  /** Resolves when they are taken; no more are read before. */
  readonly take: (lines: readonly string[], position: FilePosition) => Promise<void>;
  readonly event: (text: string) => void;
  readonly problem: (text: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. Default 500. */
  readonly pollMs?: number;
  /** Milliseconds that whoever writes has to notice a rotation. Default 5000. */
  readonly rotateMs?: number;
}

const CHUNK = 262_144;
const HEAD = 1_024;
/** Rotated files that are looked at. */
const MAX_SIBLINGS = 100;

export class FileFollower {
  readonly #options: FollowOptions;
  readonly #pollMs: number;
  readonly #buffer = Buffer.alloc(CHUNK);
  #file: FileHandle | undefined;
  #stats: Stats | undefined;
  #offset = 0;
  #splitter = new LineSplitter();
  #head: { hash: string; length: number } = { hash: '', length: 0 };

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? 500;
  }

  /** Octets that are there and not read yet; undefined where that is not known. */
  async behind(): Promise<number | undefined> {
    const size = await this.#file?.stat().then(
      (found) => found.size,
      () => undefined,
    );
    return size === undefined ? undefined : Math.max(0, size - this.#offset);
  }

  /** Until the signal aborts. Rejects as `take` does. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.#begin();
      while (!signal.aborted) {
        await this.#read();
        if (await this.#rotated()) continue;
        await delay(this.#pollMs, undefined, { signal }).catch(() => {});
      }
    } finally {
      await this.#file?.close();
    }
  }

  async #begin(): Promise<void> {
    const { path, position, fromEnd } = this.#options;
    await this.#await(path);
    if (!this.#file) return;
    if (!position) {
      if (fromEnd) this.#offset = this.#stats!.size;
      return;
    }
    if (await this.#resumes(this.#file, position)) {
      this.#goOn(position);
      return;
    }
    if (this.#stats!.ino === position.ino && this.#stats!.dev === position.dev) {
      this.#options.event(`${path} was emptied meanwhile, and is read from its beginning`);
      return;
    }
    await this.#catchUp(position);
  }

  /** Files that were rotated away while nobody read: what is left of the one that was read last, then those after it, then the new one. */
  async #catchUp(position: FilePosition): Promise<void> {
    const { path, event, problem } = this.#options;
    const siblings = await this.#siblings();
    let found = false;
    for (const sibling of siblings) {
      const file = await open(sibling).catch(() => undefined);
      if (!file) continue;
      const last = !found && (await this.#resumes(file, position));
      if (!last && !found) {
        await file.close();
        continue;
      }
      found = true;
      await this.#enter(file);
      if (last) this.#goOn(position);
      event(`${sibling}: the rest of what was rotated away meanwhile`);
      await this.#read();
    }
    if (!found)
      problem(
        `${path} was rotated, and the file from before is not there any more: what was not read of it is not counted`,
      );
    await this.#reopen();
  }

  /** Uncompressed files beside it whose names begin with its own, oldest first. */
  async #siblings(): Promise<string[]> {
    const { path } = this.#options;
    const name = basename(path);
    const names = await readdir(dirname(path)).catch(() => []);
    const similar = names.filter(
      (one) =>
        one !== name &&
        /^[.-]/.test(one.slice(name.length)) &&
        one.startsWith(name) &&
        !/\.(?:gz|bz2|xz|zst|lz4)$/.test(one),
    );
    const found = await Promise.all(
      similar.slice(0, MAX_SIBLINGS).map(async (one) => {
        const file = join(dirname(path), one);
        const stats = await stat(file).catch(() => undefined);
        return stats?.isFile() ? { file, at: stats.mtimeMs } : undefined;
      }),
    );
    return found
      .filter((one) => one !== undefined)
      .sort((a, b) => a.at - b.at)
      .map(({ file }) => file);
  }

  /** Whether the position is one of this file as it is now. */
  async #resumes(file: FileHandle, position: FilePosition): Promise<boolean> {
    const { dev, ino, size } = await file.stat();
    if (dev !== position.dev || ino !== position.ino || size < position.offset) return false;
    return (await headOf(file, position.headLength)) === position.head;
  }

  /** The file at `path`, once there is one. */
  async #await(path: string): Promise<void> {
    const { signal, problem } = this.#options;
    for (let told = false; !signal.aborted; ) {
      try {
        await this.#enter(await open(path));
        return;
      } catch (error) {
        if (!told) problem(`${path}: ${fileProblem(error)}; waiting for it`);
        told = true;
        await delay(this.#pollMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #reopen(): Promise<void> {
    const file = await open(this.#options.path).catch(() => undefined);
    if (file) await this.#enter(file);
  }

  /** From its beginning. */
  async #enter(file: FileHandle): Promise<void> {
    await this.#file?.close();
    this.#file = file;
    this.#stats = await file.stat();
    this.#offset = 0;
    this.#splitter = new LineSplitter();
    this.#head = { hash: '', length: 0 };
  }

  #goOn({ offset, head, headLength }: FilePosition): void {
    this.#offset = offset;
    this.#head = { hash: head, length: headLength };
  }

  /** To the end of the last whole line. */
  async #read(): Promise<void> {
    const { signal, event, path } = this.#options;
    if (!this.#file) return;
    if (await this.#emptied()) {
      event(`${path} was emptied, and is read from its beginning`);
      await this.#reopen();
    }
    // What the splitter holds has been read, and does not count as read until its line ends.
    let at = this.#offset + this.#splitter.unfinished;
    while (!signal.aborted) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, CHUNK, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      const lines = this.#splitter.push(this.#buffer.subarray(0, bytesRead));
      this.#offset = at - this.#splitter.unfinished;
      if (lines.length > 0) await this.#options.take(lines, await this.#position());
    }
  }

  /** Shorter than what was read of it, or another beginning. */
  async #emptied(): Promise<boolean> {
    const { size } = await this.#file!.stat();
    if (size < this.#offset) return true;
    if (size === this.#offset || this.#head.length === 0) return false;
    return (await headOf(this.#file!, this.#head.length)) !== this.#head.hash;
  }

  async #position(): Promise<FilePosition> {
    const length = Math.min(HEAD, this.#offset);
    if (this.#head.length !== length) this.#head = { hash: await headOf(this.#file!, length), length };
    const { dev, ino } = this.#stats!;
    return { dev, ino, offset: this.#offset, head: this.#head.hash, headLength: this.#head.length };
  }

  /** Whether the file has another name now, and whoever writes has had the time to notice; then the new one is open. */
  async #rotated(): Promise<boolean> {
    const { path, rotateMs = 5_000, signal } = this.#options;
    const now = await stat(path).catch(() => undefined);
    if (!now || !this.#stats || (now.ino === this.#stats.ino && now.dev === this.#stats.dev)) return false;
    const end = performance.now() + rotateMs;
    do {
      await this.#read();
      await delay(Math.min(this.#pollMs, rotateMs), undefined, { signal }).catch(() => {});
    } while (performance.now() < end && !signal.aborted);
    if (signal.aborted) return false;
    await this.#read();
    await this.#reopen();
    return true;
  }
}

async function headOf(file: FileHandle, length: number): Promise<string> {
  const octets = Buffer.alloc(length);
  const { bytesRead } = await file.read(octets, 0, length, 0);
  return createHash('sha256').update(octets.subarray(0, bytesRead)).digest('hex');
}
