/** The file of a TSIG key. */
import { DnsError, parseTsigKey, type TsigKey } from '@mailanchor/dns';
import { messageOf, UsageError } from '../errors.ts';
import type { NamedFile } from '../options/lookup.ts';
import { readSecretFile } from './secret-file.ts';

/** Throws `UsageError`, which repeats nothing of the file. */
export async function readTsigKey(file: NamedFile, warn: (text: string) => void): Promise<TsigKey> {
  const text = await readSecretFile(file, warn);
  try {
    return parseTsigKey(text);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    throw new UsageError(`${file.from}: ${file.path}: ${messageOf(error)}`, { cause: error });
  }
}
