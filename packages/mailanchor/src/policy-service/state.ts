/** The cache between runs: taken up at the start, kept now and then and at the stop. Neither ever keeps the server from running. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { readKept, replaceKept } from '../resolver-service/kept-file.ts';
import type { Log } from '../resolver-service/log.ts';
import { fingerprintOf } from '../resolver-service/reload.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { PolicySettings } from './settings.ts';
import { readSnapshot, SNAPSHOT_FILE, writeSnapshot } from './snapshot.ts';

/** Of all that answers rest on besides the Internet. Throws `UsageError` for a file that cannot be read. */
export async function policyFingerprint(settings: PolicySettings): Promise<string> {
  const { mode, forwardZones, dnsPort, insecureZones, nsec3Iterations } = settings.lookup;
  const zones = forwardZones.map(({ zone, servers }) => [zone.toString(), servers]);
  const rest = [mode, zones, dnsPort, insecureZones.map(String), nsec3Iterations, settings.partialDane];
  return createHash('sha256')
    .update(`${await fingerprintOf(settings)} ${JSON.stringify(rest)}`)
    .digest('hex');
}

export class PolicyState {
  failures = 0;
  readonly #path: string;
  readonly #cache: AnswerCache;
  readonly #clock: () => number;
  readonly #log: Log;
  /** One write at a time. */
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, cache: AnswerCache, clock: () => number, log: Log) {
    this.#path = join(folder, SNAPSHOT_FILE);
    this.#cache = cache;
    this.#clock = clock;
    this.#log = log;
  }

  async restore(fingerprint: string): Promise<void> {
    const read = await readKept(this.#path);
    if (read.kind === 'unusable') this.#log.problem('state', `starting with an empty cache: ${read.why}`);
    if (read.kind !== 'read') return;
    try {
      const entries = readSnapshot(read.octets, this.#cache, fingerprint, this.#clock(), performance.now());
      this.#log.event('state', `${entries} answers of the last run still hold`, { entries });
    } catch (error) {
      this.#log.problem('state', `starting with an empty cache: ${this.#path}: ${messageOf(error)}`);
    }
  }

  keep(fingerprint: string): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await replaceKept(this.#path, writeSnapshot(this.#cache, fingerprint, this.#clock()));
      } catch (error) {
        this.failures++;
        this.#log.problem('state', `the cache could not be kept in ${this.#path}: ${messageOf(error)}`);
      }
    });
    return this.#writing;
  }
}
