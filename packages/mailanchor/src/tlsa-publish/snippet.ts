/**
 * Publishes by a file that the zone file includes and a command that has the server read the zone again. The file belongs to Mailanchor: where
 * anybody else has changed it, nothing is done. Where the command fails, the file is put back.
 */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileProblem } from '../errors.ts';
import { waitForLock } from '../file-lock.ts';
import type { Publisher, PublishOutcome, TlsaChange } from './publisher.ts';
import { commandText, resultText, runCommand } from './run-command.ts';
import { readSnippet, type SnippetSet, sameSet, withSet, writeSnippet } from './snippet-file.ts';
import { resultOf, tlsaLine, tlsaSetText } from './tlsa-set.ts';

export interface SnippetOptions {
  readonly name: string;
  readonly file: string;
  /** Run between writing and reloading: bumps the serial. */
  readonly serial?: readonly string[];
  readonly reload: readonly string[];
  readonly timeoutMs: number;
}

export function createSnippetPublisher(options: SnippetOptions): Publisher {
  const { name, file, serial, reload } = options;
  return {
    name,
    describe: ({ owner, ttl, remove, ...change }) =>
      [
        `--- ${file}`,
        ...remove.map((record) => `-${tlsaLine(owner, ttl, record)}`),
        ...change.add.map((record) => `+${tlsaLine(owner, ttl, record)}`),
        ...[serial, reload].flatMap((command) => (command ? [`then: ${commandText(command)}`] : [])),
      ].join('\n'),
    async publish(change, signal) {
      try {
        const lock = await waitForLock(file, { timeoutMs: options.timeoutMs, signal });
        if (!lock) return refused(`${file}: another process is at it, and has locked ${file}.lock`);
        try {
          return await rewrite(options, change, signal);
        } finally {
          lock.release();
        }
      } catch (error) {
        signal.throwIfAborted();
        // The system's, or SQLite's, in which the lock is held.
        if (!(error instanceof Error) || !('code' in error)) throw error;
        return refused(`${file}: ${fileProblem(error)}`);
      }
    },
  };
}

async function rewrite(
  options: SnippetOptions,
  change: TlsaChange,
  signal: AbortSignal,
): Promise<PublishOutcome> {
  const { file, name } = options;
  const { owner, ttl, expected } = change;
  const before = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const read = readSnippet(before ?? '');
  if (read.kind === 'foreign') return { kind: 'conflict', text: `${file}: ${read.text}` };
  const present = read.snippet.get(owner.key);
  const result: SnippetSet = { owner, ttl, records: resultOf(change) };
  const isWritten = sameSet(present, result);
  if (
    !isWritten &&
    !sameSet({ owner, ttl, records: expected }, { owner, ttl, records: present?.records ?? [] })
  )
    return {
      kind: 'conflict',
      text: `${file} has ${tlsaSetText(present?.records ?? [])} for ${owner}, not ${tlsaSetText(expected)} as expected`,
    };
  // Written already, by a run that was killed before the reload perhaps: the server is told in any case.
  if (!isWritten) await replaceFile(file, writeSnippet(withSet(read.snippet, result), name));
  // Stopped by the user meanwhile, it stays: the server may have read it, and the next run tells it again.
  const failure = await runHooks(options, signal);
  if (!failure) return { kind: isWritten ? 'unchanged' : 'done' };
  if (isWritten) return failure;
  await putBack(file, before);
  return { ...failure, text: `${failure.text}. The file was put back` };
}

type Failure = Extract<PublishOutcome, { kind: 'refused' | 'failed' }>;

async function runHooks(
  { serial, reload, timeoutMs }: SnippetOptions,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  if (serial) {
    const result = await runCommand(serial, { timeoutMs, signal });
    // The server has not been told of anything yet.
    if (result.kind !== 'ended' || result.status !== 0)
      return { kind: 'refused', text: `${commandText(serial)}: ${resultText(result)}` };
  }
  const result = await runCommand(reload, { timeoutMs, signal });
  if (result.kind === 'not-started') return { kind: 'refused', text: result.text };
  if (result.kind === 'ended' && result.status === 0) return undefined;
  return { kind: 'failed', text: `${commandText(reload)}: ${resultText(result)}` };
}

async function putBack(file: string, before: string | undefined): Promise<void> {
  if (before === undefined) await rm(file, { force: true });
  else await replaceFile(file, before);
}

/** Old or new, whole, at every moment and after a power cut; mode and owner stay, for name servers that read it as another user. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  const old = await stat(file).catch(() => undefined);
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      // Whatever the umask: the records are public, and the name server may be another user.
      await handle.chmod(old ? old.mode & 0o777 : 0o644);
      if (old && process.getuid?.() === 0) await handle.chown(old.uid, old.gid);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refused(text: string): PublishOutcome {
  return { kind: 'refused', text };
}
