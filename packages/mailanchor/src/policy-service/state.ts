/** What is known between runs: taken up at the start, kept now and then and at the stop. Neither ever keeps the server from running. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileProblem, messageOf } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { readKept, replaceKept } from '../resolver-service/kept-file.ts';
import type { Log } from '../resolver-service/log.ts';
import { fingerprintOf } from '../resolver-service/reload.ts';
import type { PolicySettings } from './settings.ts';

export interface Fingerprints {
  /** Of all that answers rest on besides the Internet. */
  readonly answers: string;
  /** Of all that MTA-STS policies rest on: no trust anchor, for they prove themselves over HTTPS. */
  readonly sts: string;
}

/** Throws `UsageError` for a file that cannot be read. */
export async function fingerprintsOf(settings: PolicySettings): Promise<Fingerprints> {
  const { mode, forwardZones, dnsPort, insecureZones, nsec3Iterations } = settings.lookup;
  const { ca, port, privateAddresses } = settings.sts;
  const cas = ca ? await readTextFile(ca.path, ca.from) : '';
  const sts = digest(JSON.stringify([cas, port, privateAddresses]));
  const zones = forwardZones.map(({ zone, servers }) => [zone.toString(), servers]);
  const rest = [mode, zones, dnsPort, insecureZones.map(String), nsec3Iterations, settings.partialDane, sts];
  return { answers: digest(`${await fingerprintOf(settings)} ${JSON.stringify(rest)}`), sts };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export interface Kept {
  readonly file: string;
  /** In the plural, for the log. */
  readonly what: string;
  write(): Promise<Uint8Array>;
  /** The number of those taken up. Rejects with an `Error` that says why where they cannot be used. */
  read(octets: Uint8Array): Promise<number>;
}

export class KeptState {
  failures = 0;
  readonly #path: string;
  readonly #kept: Kept;
  readonly #log: Log;
  /** One write at a time. */
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, kept: Kept, log: Log) {
    this.#path = join(folder, kept.file);
    this.#kept = kept;
    this.#log = log;
  }

  async restore(): Promise<void> {
    const { what } = this.#kept;
    const read = await readKept(this.#path);
    if (read.kind === 'unusable') this.#log.problem('state', `starting without ${what}: ${read.why}`);
    if (read.kind !== 'read') return;
    try {
      const entries = await this.#kept.read(read.octets);
      this.#log.event('state', `${entries} ${what} of the last run still hold`, { what, entries });
    } catch (error) {
      this.#log.problem('state', `starting without ${what}: ${this.#path}: ${messageOf(error)}`);
    }
  }

  keep(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await replaceKept(this.#path, await this.#kept.write());
      } catch (error) {
        this.failures++;
        const { what } = this.#kept;
        this.#log.problem('state', `${what} could not be kept in ${this.#path}: ${fileProblem(error)}`);
      }
    });
    return this.#writing;
  }
}
