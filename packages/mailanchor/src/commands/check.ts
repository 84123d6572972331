/** `mailanchor check TARGET...` */
import { writeFile } from 'node:fs/promises';
import { type DomainCheck, type DomainVerdict, SharedSessions, type Target } from '@mailanchor/smtp';
import { type CheckLookup, openCheckLookup } from '../check/inspection.ts';
import { Overview } from '../check/overview.ts';
import { renderCheck, renderVerdict } from '../check/render.ts';
import { CHECK_LINES } from '../check/result-lines.ts';
import { checkTarget, progressText } from '../check/run.ts';
import { type CheckSettings, readCheckSettings } from '../check/settings.ts';
import { readTarget } from '../check/targets.ts';
import { PROGRESS_ORDER } from '../check/words.ts';
import { statusOfVerdicts } from '../check/worst.ts';
import type { Context, Voice } from '../context.ts';
import { fileProblem, UsageError } from '../errors.ts';
import { ResultFile } from '../list/result-file.ts';
import { ListRun } from '../list/run.ts';
import { chooseSource, type ListSource } from '../list/source.ts';
import { readCommon } from '../options/common.ts';
import { loadProfile } from '../profile/load.ts';
import { judgeProfile, type Profile, type ProfileResult } from '../profile/profile.ts';
import { renderProfile } from '../profile/render.ts';

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
    if (results && results.before.again > 0)
      voice.detail(`${results.before.again} of the earlier run were unknown: asked again`);
    const lookup = await openCheckLookup(settings, source.isList);
    try {
      return await runTargets({ source, settings, lookup, voice, results, profile });
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

async function runTargets({ source, settings, lookup, voice, results, profile }: RunParts): Promise<number> {
  const { signal } = voice.context;
  const overview = new Overview();
  const pages: DomainCheck[] | undefined = settings.html === undefined ? undefined : [];
  const judged = (check: DomainCheck) => profile && judgeProfile(profile, check);
  const shared = source.several
    ? new SharedSessions({ signal, timeoutMs: settings.lookup.timeoutMs })
    : undefined;
  let printed = 0;
  if (results) overview.addBefore(results.before.outcomes);
  const run = new ListRun<Target, DomainCheck, DomainVerdict>({
    source,
    voice,
    results,
    parallel: settings.parallel,
    order: PROGRESS_ORDER,
    nameOf: ({ text }) => text,
    work: ({ text, target }, say) =>
      checkTarget(
        text,
        target,
        settings,
        lookup,
        signal,
        (event) => say(progressText(text, event)),
        shared ? { openSession: shared.open } : {},
      ),
    outcomeOf: ({ verdict }) => verdict,
    take(check) {
      overview.add(check);
      pages?.push(check);
    },
    json: (check) => withProfile(check, judged(check)),
    show: (check) => printOutcome(check, voice, printed++ > 0, judged(check)),
  });
  await run.run();
  if (pages && settings.html !== undefined) {
    const results = pages.flatMap((check) => {
      const result = judged(check);
      return result ? [[check, result] as const] : [];
    });
    await writePage(settings.html, pages, new Map(results));
  }
  if (!voice.json && voice.verbosity !== 'quiet') voice.print(overview.render(voice.paint));
  return statusOfVerdicts(run.outcomes, run.badLines);
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

function withProfile(
  check: DomainCheck,
  profile: ProfileResult | undefined,
): DomainCheck & { profile?: ProfileResult } {
  return profile ? { ...check, profile } : check;
}

function printOutcome(check: DomainCheck, voice: Voice, further: boolean, profile?: ProfileResult): void {
  if (voice.json) {
    voice.printJson(withProfile(check, profile));
  } else if (voice.verbosity === 'quiet') {
    voice.print([renderVerdict(check, voice.paint)]);
  } else {
    const verbose = voice.verbosity === 'verbose';
    const lines = renderCheck(check, { paint: voice.paint, columns: voice.columns, verbose });
    if (profile) lines.push(...renderProfile(profile, voice.paint));
    voice.print(further ? ['', ...lines] : lines);
  }
}
