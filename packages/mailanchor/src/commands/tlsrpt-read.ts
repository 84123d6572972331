/** `mailanchor tlsrpt read` */
import { open } from 'node:fs/promises';
import { clockFrom } from '../clock.ts';
import type { Context, Voice } from '../context.ts';
import { fileProblem, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import { listMaildir } from '../tlsrpt-read/maildir.ts';
import { openReceived, type ReceivedStore } from '../tlsrpt-read/received-store.ts';
import { MAX_MAIL } from '../tlsrpt-read/report-parts.ts';
import { type ReadSettings, readReadSettings } from '../tlsrpt-read/settings.ts';
import { type TakeInOptions, type TakenIn, takeIn } from '../tlsrpt-read/take-in.ts';
import { createVerifier } from '../tlsrpt-read/verifier.ts';
import { takenText } from '../tlsrpt-read/words.ts';

/** `files`: mails or reports; `-` is standard input. */
export async function runTlsrptRead(
  files: readonly string[],
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const { sources, voice } = await readCommon(context, options, 'tlsrpt-read');
  const settings = readReadSettings(sources);
  if (files.length === 0 && settings.maildirs.length === 0)
    throw new UsageError('nothing to read: give files, - for standard input, or --maildir FOLDER');
  const clock = clockFrom(settings.lookup.at);
  const store = openReceived(settings.database, { clock });
  const verifier = createVerifier(settings);
  const how: TakeInOptions = {
    store,
    verify: verifier.verify,
    domains: settings.domains,
    source: 'file',
    clock,
  };
  try {
    store.prune(settings.retention);
    let refused = 0;
    for (const file of files) {
      context.signal.throwIfAborted();
      const taken = await takeIn(file === '-' ? await readStdin(context) : await readFile(file), how);
      for (const one of taken) tell(voice, file, one);
      refused += taken.filter(({ kind }) => kind === 'refused' || kind === 'full').length;
    }
    await readMaildirs(settings, how, store, voice);
    return refused > 0 ? ExitCode.failed : ExitCode.ok;
  } finally {
    store.close();
    await verifier.close();
  }
}

/** Mails without a report are no failure there: a mailbox gets other mail too. */
async function readMaildirs(
  { maildirs }: ReadSettings,
  how: TakeInOptions,
  store: ReceivedStore,
  voice: Voice,
): Promise<void> {
  for (const { path: folder, from } of maildirs) {
    const mails = await listMaildir(folder, from);
    const names = new Set(store.unseen(mails.map(({ name }) => name)));
    let without = 0;
    for (const { name, path } of mails) {
      if (!names.has(name)) continue;
      voice.context.signal.throwIfAborted();
      const octets = await readFile(path).catch(() => undefined);
      // Taken away, or renamed with its flags, meanwhile: the next run finds it.
      if (!octets) continue;
      const taken = await takeIn(octets, how);
      const reports = taken.filter(({ kind }) => kind !== 'refused');
      for (const one of voice.verbosity === 'verbose' ? taken : reports) tell(voice, path, one);
      if (reports.length === 0) without++;
      // One that came when there were too many is for another day.
      if (taken.every(({ kind }) => kind !== 'full')) store.see(name);
    }
    if (without > 0) voice.detail(`${folder}: ${without} mails without a report that could be stored`);
  }
}

function tell(voice: Voice, source: string, taken: TakenIn): void {
  if (voice.json) voice.printJson({ source, ...taken });
  else if (taken.kind === 'refused' || taken.kind === 'full') voice.warn(`${source}: ${takenText(taken)}`);
  else if (voice.verbosity !== 'quiet') voice.print([`${source}: ${takenText(taken)}`]);
}

/** To the end, whatever it holds: who writes it must not be cut off. What is too large is not kept. */
async function readStdin(context: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of context.stdin) {
    const next = Buffer.from(chunk);
    if (octets <= MAX_MAIL) chunks.push(next);
    octets += next.length;
  }
  return Buffer.concat(chunks);
}

/** One octet more than a mail may have, at most. Throws `UsageError`. */
async function readFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const chunks: Buffer[] = [];
      let octets = 0;
      while (octets <= MAX_MAIL) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(65_536), 0, 65_536);
        if (bytesRead === 0) break;
        octets += bytesRead;
        chunks.push(buffer.subarray(0, bytesRead));
      }
      return Buffer.concat(chunks);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UsageError(`${path}: ${fileProblem(error)}`, { cause: error });
  }
}
