/** What outlives the process: the cache, taken up at the start and kept at the stop. Neither ever keeps the service from running. */
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { fileProblem, messageOf } from '../errors.ts';
import type { Log } from './log.ts';
import { readSnapshot, writeSnapshot } from './snapshot-file.ts';

export async function restoreState(folder: string, resolver: ValidatingResolver, log: Log): Promise<void> {
  const read = await readSnapshot(folder);
  if (read.kind === 'unusable') log.problem('state', `starting with an empty cache: ${read.why}`);
  if (read.kind !== 'read') return;
  try {
    const entries = resolver.restore(read.octets);
    log.event('state', `${entries} answers of the last run still hold`, { entries });
  } catch (error) {
    log.problem('state', `starting with an empty cache: ${messageOf(error)}`);
  }
}

export async function keepState(folder: string, resolver: ValidatingResolver, log: Log): Promise<void> {
  try {
    const octets = resolver.snapshot();
    await writeSnapshot(folder, octets);
    log.event('state', `the cache is kept in ${folder}`, { octets: octets.length });
  } catch (error) {
    log.problem('state', `the cache could not be kept in ${folder}: ${fileProblem(error)}`);
  }
}
