/** `mailanchor check TARGET...` */
import { type DomainVerdict, SharedSessions, type Target } from '@mailanchor/smtp';
import type { JudgedCheck, Report } from '../check/html/write-page.ts';
import { type CheckLookup, openCheckLookup } from '../check/inspection.ts';
import { Overview } from '../check/overview.ts';
import { requireOwnAddresses } from '../check/own-address.ts';
import { renderCheck, renderVerdict } from '../check/render.ts';
import { CHECK_LINES } from '../check/result-lines.ts';
import { checkTarget, progressText } from '../check/run.ts';
import { type CheckSettings, readCheckSettings } from '../check/settings.ts';
import { readTarget } from '../check/targets.ts';
import { PROGRESS_ORDER } from '../check/words.ts';
import { statusOfVerdicts } from '../check/worst.ts';
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ResultFile } from '../list/result-file.ts';
import { ListRun } from '../list/run.ts';
import { chooseSource, type ListSource } from '../list/source.ts';
import { readCommon } from '../options/common.ts';
import { loadProfile } from '../profile/load.ts';
import { judgeProfile, type Profile } from '../profile/profile.ts';
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
  await requireOwnAddresses(settings.fromAddresses);
  const profile = settings.profile === undefined ? undefined : await loadProfile(settings.profile);
  const results =
    settings.output === undefined
      ? undefined
      : await ResultFile.open(settings.output, settings.resume, CHECK_LINES);
  try {
    if (results && results.before.again > 0)
      voice.detail(`${results.before.again} of the earlier run were unknown: asked again`);
    const report =
      settings.html === undefined
        ? undefined
        : await (await import('../check/html/write-page.ts')).openReport(settings.html, source.isList);
    const lookup = await openCheckLookup(settings, source.isList);
    try {
      return await runTargets({ source, settings, lookup, voice, results, profile, report });
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
  readonly report: Report | undefined;
}

async function runTargets(parts: RunParts): Promise<number> {
  const { source, settings, lookup, voice, results, profile, report } = parts;
  const { signal } = voice.context;
  const overview = new Overview();
  const shared = source.several
    ? new SharedSessions({ signal, timeoutMs: settings.lookup.timeoutMs })
    : undefined;
  const tlsVersions = settings.tlsVersions || (profile?.rules.some((rule) => rule.tlsVersions) ?? false);
  const judged = (check: JudgedCheck): JudgedCheck =>
    profile ? { ...check, profile: judgeProfile(profile, check) } : check;
  let printed = 0;
  if (results) overview.addBefore(results.before.outcomes);
  const run = new ListRun<Target, JudgedCheck, DomainVerdict>({
    source,
    voice,
    results,
    parallel: settings.parallel,
    order: PROGRESS_ORDER,
    nameOf: ({ text }) => text,
    work: async ({ text, target }, say) => {
      const check = await checkTarget(
        text,
        target,
        settings,
        lookup,
        signal,
        (event) => say(progressText(text, event)),
        { tlsVersions, ...(shared && { openSession: shared.open }) },
      );
      return judged(check);
    },
    outcomeOf: ({ verdict }) => verdict,
    take(check) {
      overview.add(check);
      report?.add(check);
    },
    json: (check) => check,
    show: (check) => printOutcome(check, voice, printed++ > 0),
  });
  await run.run();
  if (results && results.before.count > 0)
    await report?.addEarlier(results.path, results.before.count, judged);
  await report?.write(run.badLines);
  if (!voice.json && voice.verbosity !== 'quiet') voice.print(overview.render(voice.paint));
  return statusOfVerdicts(run.outcomes, run.badLines);
}

function printOutcome(check: JudgedCheck, voice: Voice, further: boolean): void {
  if (voice.json) {
    voice.printJson(check);
  } else if (voice.verbosity === 'quiet') {
    voice.print([renderVerdict(check, voice.paint)]);
  } else {
    const verbose = voice.verbosity === 'verbose';
    const lines = renderCheck(check, { paint: voice.paint, columns: voice.columns, verbose });
    if (check.profile) lines.push(...renderProfile(check.profile, voice.paint));
    voice.print(further ? ['', ...lines] : lines);
  }
}
