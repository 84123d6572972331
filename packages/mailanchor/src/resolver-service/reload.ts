/** Files that the settings name and that are read again on SIGHUP. */
import { createHash } from 'node:crypto';
import type { TlsCredentials } from '@mailanchor/dns';
import { readTextFile } from '../file.ts';
import type { NamedFile } from '../options/lookup.ts';
import type { ServiceSettings } from './settings.ts';

/** Of trust anchors and root hints as they are now: another text, another resolver. Throws `UsageError`. */
export async function fingerprintOf({ lookup }: ServiceSettings): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [lookup.trustAnchor, lookup.rootHints]) {
    const text = file ? await readTextFile(file.path, file.from) : '';
    hash.update(`${text.length}\n${text}`);
  }
  return hash.digest('hex');
}

/** Throws `UsageError`. */
export async function readTls({ tls }: ServiceSettings): Promise<TlsCredentials | undefined> {
  if (!tls) return undefined;
  const read = ({ path, from }: NamedFile) => readTextFile(path, from);
  const [cert, key] = await Promise.all([read(tls.cert), read(tls.key)]);
  return { cert, key };
}
