/** Files that the settings name and that are read again on SIGHUP. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { TlsCredentials } from '@mailanchor/dns';
import { UsageError } from '../errors.ts';
import { readTextFile } from '../file.ts';
import type { NamedFile } from '../options/lookup.ts';
import type { ServiceSettings } from './settings.ts';

/** Of trust anchors and root hints as they are now: another text, another resolver. Throws `UsageError`. */
export async function fingerprintOf({ lookup }: Pick<ServiceSettings, 'lookup'>): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [lookup.trustAnchor, lookup.rootHints]) {
    const text = file ? await readTextFile(file.path, file.from) : '';
    hash.update(`${text.length}\n${text}`);
  }
  return hash.digest('hex');
}

/** Read, and seen to belong together. Throws `UsageError`. */
export async function readTls({ tls }: Pick<ServiceSettings, 'tls'>): Promise<TlsCredentials | undefined> {
  if (!tls) return undefined;
  const read = ({ path, from }: NamedFile) => readTextFile(path, from);
  const [cert, key] = await Promise.all([read(tls.cert), read(tls.key)]);
  const certificate = parsed(tls.cert, 'certificate in PEM', () => new X509Certificate(cert));
  const own = parsed(
    tls.key,
    'private key in PEM without a passphrase',
    (): KeyObject => createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(own)) {
    throw new UsageError(
      `${tls.key.from}: the key in ${tls.key.path} is not that of the first certificate in ${tls.cert.path}`,
    );
  }
  return { cert, key };
}

function parsed<T>({ path, from }: NamedFile, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new UsageError(`${from}: ${path} holds no ${what}`, { cause });
  }
}
