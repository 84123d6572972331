/** `mailanchor check TARGET...` */
import type { DomainCheck, DomainVerdict } from '@mailanchor/smtp';
import { inOrder } from '../check/in-order.ts';
import { openCheckLookup } from '../check/inspection.ts';
import { Overview } from '../check/overview.ts';
import { renderCheck, renderVerdict } from '../check/render.ts';
import { checkTarget, progressText } from '../check/run.ts';
import { readCheckSettings } from '../check/settings.ts';
import { fromArguments, fromFile, fromLines, readTarget, type TargetLine } from '../check/targets.ts';
import { statusOfVerdicts } from '../check/worst.ts';
import type { Context, Voice } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readCommon } from '../options/common.ts';
import { printable } from '../terminal/printable.ts';

type Outcome =
  | { readonly kind: 'checked'; readonly check: DomainCheck }
  | { readonly kind: 'bad'; readonly where: string; readonly problem: string };

export async function runCheck(
  texts: readonly string[],
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const file = typeof options['file'] === 'string' ? options['file'] : undefined;
  const targets = chooseTargets(texts, file, context);
  const { sources, voice } = await readCommon(context, options, 'check');
  const settings = readCheckSettings(sources);
  const list = file !== undefined || texts.includes('-');
  const lookup = await openCheckLookup(settings, list);

  const verdicts = new Set<DomainVerdict>();
  let badLines = 0;
  let printed = 0;
  const overview = new Overview();
  try {
    const outcomes = inOrder(targets, settings.parallel, async (line): Promise<Outcome> => {
      if (line.kind === 'bad') return line;
      voice.progress.show(`${printable(line.text)}: looking up`);
      const check = await checkTarget(line.text, line.target, settings, lookup, context.signal, (event) => {
        const text = printable(progressText(line.text, event));
        voice.progress.show(text);
        voice.detail(text);
      });
      return { kind: 'checked', check };
    });
    for await (const outcome of outcomes) {
      if (outcome.kind === 'bad') {
        badLines++;
        voice.warn(printable(`${outcome.where}: ${outcome.problem}`));
        continue;
      }
      verdicts.add(outcome.check.verdict);
      overview.add(outcome.check);
      printOutcome(outcome.check, voice, printed++ > 0);
    }
    if (!voice.json && voice.verbosity !== 'quiet') voice.print(overview.render(voice.paint));
  } finally {
    voice.progress.end();
    await lookup.close();
  }
  return statusOfVerdicts(verdicts, badLines);
}

function printOutcome(check: DomainCheck, voice: Voice, further: boolean): void {
  if (voice.json) {
    voice.printJson(check);
  } else if (voice.verbosity === 'quiet') {
    voice.print([renderVerdict(check, voice.paint)]);
  } else {
    const verbose = voice.verbosity === 'verbose';
    const lines = renderCheck(check, { paint: voice.paint, columns: voice.columns, verbose });
    voice.print(further ? ['', ...lines] : lines);
  }
}

/** Where targets come from. Throws `UsageError` for those of the command line before anything is looked up. */
function chooseTargets(
  texts: readonly string[],
  file: string | undefined,
  context: Context,
): AsyncGenerator<TargetLine> {
  const standardInput = texts.includes('-') || file === '-';
  if (
    Number(standardInput) +
      Number(file !== undefined && file !== '-') +
      Number(texts.some((t) => t !== '-')) >
    1
  ) {
    throw new UsageError('check: give targets, or --file, or - for standard input: one of them');
  }
  if (standardInput) return fromLines(context.stdin, 'standard input');
  if (file !== undefined) return fromFile(file);
  if (texts.length === 0) {
    throw new UsageError('check: nothing to check. Give a domain, such as: mailanchor check example.org');
  }
  for (const text of texts) readTarget(text);
  return fromArguments(texts);
}
