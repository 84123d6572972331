/** The pair that is being deployed: copies of what was judged, so that what is renewed meanwhile is not deployed unseen. */
import { join } from 'node:path';
import { replaceKept } from '../resolver-service/kept-file.ts';

export interface DeployPaths {
  readonly certificate: string;
  readonly key: string;
}

/** For their owner alone. Rejects where they cannot be written. */
export async function deployFiles(
  folder: string,
  label: string,
  octets: { readonly certificate: Uint8Array; readonly key: Uint8Array },
): Promise<DeployPaths> {
  const certificate = join(folder, 'deploy', `${label}.pem`);
  const key = join(folder, 'deploy', `${label}.key`);
  await replaceKept(key, octets.key);
  await replaceKept(certificate, octets.certificate);
  return { certificate, key };
}
