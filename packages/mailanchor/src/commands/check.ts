/** `mailanchor check TARGET...` */
import { writeFile } from 'node:fs/promises';
import { type DomainCheck, type DomainVerdict, SharedSessions, type Target } from '@mailanchor/smtp';
import { type CheckLookup, openCheckLookup } from '../check/inspection.ts';
import { Overview } from '../check/overview.ts';
import { renderCheck, renderVerdict } from '../check/render.ts';
import { CHECK_LINES } from '../check/result-lines.ts';
import { checkTarget, progressText } from '../check/run.ts';
import { type CheckSettings, readCheckSettings } from '../check/settings.ts';
import { readTarget, type TargetLine } from '../check/targets.ts';
import { PROGRESS_ORDER } from '../check/words.ts';
import { statusOfVerdicts } from '../check/worst.ts';
import type { Context, Voice } from '../context.ts';
import { fileProblem, UsageError } from '../errors.ts';
import { keepHeapSmall } from '../heap.ts';
import { countLines } from '../list/lines.ts';
import { ResultFile } from '../list/result-file.ts';
import { RunProgress } from '../list/run-progress.ts';
import { chooseSource, type ListSource } from '../list/source.ts';
import { asCompleted, inOrder } from '../list/work-through.ts';
import { readCommon } from '../options/common.ts';
import { loadProfile } from '../profile/load.ts';
import { judgeProfile, type Profile, type ProfileResult } from '../profile/profile.ts';
import { renderProfile } from '../profile/render.ts';
import { jsonLine, printable } from '../terminal/printable.ts';

type Outcome =
  | { readonly kind: 'checked'; readonly check: DomainCheck }
  | { readonly kind: 'bad'; readonly where: string; readonly problem: string };

const COMMAND = {
  command: 'check',
  targets: 'targets',
  nothing: 'nothing to check. Give a domain, such as: mailanchor check example.org',
  read: readTarget,
} as const;

export async function runCheck(
  texts: readonly string[],
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  if (options['sending'] === true) {
    if (options['file'] !== undefined || texts.includes('-')) {
      throw new UsageError('check: --sending takes no list: name a few mail domains, or none');
    }
    const { runSending } = await import('../sending/sending.ts');
    return runSending(texts, options, context);
  }
  const file = typeof options['file'] === 'string' ? options['file'] : undefined;
  const source = chooseSource(COMMAND, texts, file, context);
  const { sources, voice } = await readCommon(context, options, 'check');
  const settings = readCheckSettings(sources);
  if (settings.html !== undefined && source.isList) {
    throw new UsageError(
      '--html is a page of targets that the command line names; for lists there is --output',
    );
  }
  const profile = settings.profile === undefined ? undefined : await loadProfile(settings.profile);
  const results =
    settings.output === undefined
      ? undefined
      : await ResultFile.open(settings.output, settings.resume, CHECK_LINES);
  try {
    const lookup = await openCheckLookup(settings, source.isList);
    try {
      return await new Run({ source, settings, lookup, voice, results, profile }).run();
    } finally {
      voice.progress.end();
      await lookup.close();
    }
  } finally {
    await results?.close();
  }
}

interface RunParts {
  readonly source: ListSource<Target>;
  readonly settings: CheckSettings;
  readonly lookup: CheckLookup;
  readonly voice: Voice;
  readonly results: ResultFile<DomainVerdict> | undefined;
  readonly profile: Profile | undefined;
}

class Run {
  readonly #parts: RunParts;
  readonly #signal: AbortSignal;
  readonly #overview = new Overview();
  readonly #verdicts = new Set<DomainVerdict>();
  readonly #shared: SharedSessions | undefined;
  #progress: RunProgress<DomainVerdict> | undefined;
  #badLines = 0;
  readonly #pages: DomainCheck[] | undefined;
  readonly #judged = new Map<DomainCheck, ProfileResult>();
  #printed = 0;

  constructor(parts: RunParts) {
    const { settings, source, voice } = parts;
    this.#parts = parts;
    this.#pages = settings.html === undefined ? undefined : [];
    this.#signal = voice.context.signal;
    this.#shared = source.several
      ? new SharedSessions({ signal: this.#signal, timeoutMs: settings.lookup.timeoutMs })
      : undefined;
  }

  async run(): Promise<number> {
    const { source, settings, voice, results } = this.#parts;
    const { isList, file } = source;
    if (results) {
      this.#overview.addBefore(results.before.outcomes);
      for (const verdict of results.before.outcomes.keys()) this.#verdicts.add(verdict);
    }
    if (isList) {
      keepHeapSmall();
      this.#progress = new RunProgress({
        total: file === undefined ? undefined : await countLines(file),
        before: results?.before.count ?? 0,
        now: () => performance.now(),
        order: PROGRESS_ORDER,
      });
    }
    const each = isList ? asCompleted : inOrder;
    try {
      for await (const outcome of each(this.#open(), settings.parallel, (line) => this.#work(line))) {
        await this.#take(outcome);
      }
    } catch (error) {
      if (isList && this.#signal.aborted) this.#sayHowFar();
      throw error;
    }
    if (this.#pages && settings.html !== undefined) await writePage(settings.html, this.#pages, this.#judged);
    if (!voice.json && voice.verbosity !== 'quiet') voice.print(this.#overview.render(voice.paint));
    return statusOfVerdicts(this.#verdicts, this.#badLines);
  }

  /** Targets that an earlier run has not done. */
  async *#open(): AsyncGenerator<TargetLine> {
    const { source, results } = this.#parts;
    for await (const line of source.lines) {
      if (line.kind === 'target' && results?.take(line.text)) continue;
      yield line;
    }
  }

  async #work(line: TargetLine): Promise<Outcome> {
    const { settings, lookup, voice } = this.#parts;
    if (line.kind === 'bad') return line;
    const { text, target } = line;
    if (!this.#progress) voice.progress.show(`${printable(text)}: looking up`);
    const more = this.#shared ? { openSession: this.#shared.open } : {};
    const check = await checkTarget(
      text,
      target,
      settings,
      lookup,
      this.#signal,
      (event) => {
        // Of a list the bar says enough, and thousands of lines a second would only cost time.
        if (this.#progress && voice.verbosity !== 'verbose') return;
        const said = printable(progressText(text, event));
        if (!this.#progress) voice.progress.show(said);
        voice.detail(said);
      },
      more,
    );
    return { kind: 'checked', check };
  }

  async #take(outcome: Outcome): Promise<void> {
    const { voice, results } = this.#parts;
    if (outcome.kind === 'bad') {
      this.#badLines++;
      this.#progress?.addBadLine();
      voice.warn(printable(`${outcome.where}: ${outcome.problem}`));
      return;
    }
    const { check } = outcome;
    this.#verdicts.add(check.verdict);
    this.#overview.add(check);
    const { profile } = this.#parts;
    const judged = profile && judgeProfile(profile, check);
    if (this.#pages) {
      this.#pages.push(check);
      if (judged) this.#judged.set(check, judged);
    }
    if (results) await results.append(jsonLine(judged ? { ...check, profile: judged } : check));
    else printOutcome(check, voice, this.#printed++ > 0, judged);
    if (this.#progress) {
      this.#progress.add(check.verdict);
      voice.progress.show(this.#progress.text());
    }
  }

  #sayHowFar(): void {
    const { voice, results } = this.#parts;
    const done = this.#progress?.done ?? 0;
    const where = results
      ? `; go on with the same command and --resume`
      : `; with --output FILE a run can be gone on with`;
    voice.warn(`stopped after ${done} ${done === 1 ? 'target' : 'targets'}${where}`);
  }
}

async function writePage(
  file: string,
  checks: readonly DomainCheck[],
  judged: ReadonlyMap<DomainCheck, ProfileResult>,
): Promise<void> {
  const { renderPage } = await import('../check/html/page.ts');
  try {
    await writeFile(file, renderPage(checks, judged));
  } catch (error) {
    throw new UsageError(`--html: ${fileProblem(error)}`, { cause: error });
  }
}

function printOutcome(check: DomainCheck, voice: Voice, further: boolean, profile?: ProfileResult): void {
  if (voice.json) {
    voice.printJson(profile ? { ...check, profile } : check);
  } else if (voice.verbosity === 'quiet') {
    voice.print([renderVerdict(check, voice.paint)]);
  } else {
    const verbose = voice.verbosity === 'verbose';
    const lines = renderCheck(check, { paint: voice.paint, columns: voice.columns, verbose });
    if (profile) lines.push(...renderProfile(profile, voice.paint));
    voice.print(further ? ['', ...lines] : lines);
  }
}
