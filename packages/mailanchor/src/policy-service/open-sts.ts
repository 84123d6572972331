/** MTA-STS as the settings have it. */
import { policyFetcher } from '@mailanchor/smtp';
import { readTextFile } from '../file.ts';
import type { PolicySettings } from './settings.ts';
import { type StsFetched, StsMemory } from './sts-memory.ts';

/** Throws `UsageError` for a file that cannot be read. */
export async function openSts(
  { sts }: Pick<PolicySettings, 'sts'>,
  clock: () => number,
  onFetch?: (event: StsFetched) => void,
): Promise<StsMemory> {
  const { port, ca, privateAddresses } = sts;
  const fetch = policyFetcher({
    privateAddresses,
    ...(port !== undefined && { port }),
    ...(ca && { ca: [await readTextFile(ca.path, ca.from)] }),
  });
  return new StsMemory({ fetch, clock, ...(onFetch && { onFetch }) });
}
