/** `mailanchor resolve NAME [TYPE]` */
import type { QueryEvent, Status } from '@mailanchor/dnssec';
import type { Context, Voice } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { openLookup } from '../lookup.ts';
import { readCommon } from '../options/common.ts';
import { readLookupSettings } from '../options/lookup.ts';
import { renderChain } from '../resolve/explain.ts';
import { resolutionJson } from '../resolve/json.ts';
import { parseQuestionName, parseQuestionType } from '../resolve/question.ts';
import { renderResolution, renderStatus } from '../resolve/render.ts';
import { renderQuery } from '../resolve/trace.ts';
import { createPaint, wantsColour } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';

const STATUS: Readonly<Record<Status, number>> = {
  secure: ExitCode.ok,
  insecure: ExitCode.ok,
  bogus: ExitCode.failed,
  indeterminate: ExitCode.unknown,
};

export async function runResolve(
  nameText: string,
  typeText: string,
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const name = parseQuestionName(nameText);
  const type = parseQuestionType(typeText);
  const { sources, voice } = await readCommon(context, options);
  const settings = readLookupSettings(sources);
  const explain = options['explain'] === true;
  const lookup = await openLookup(settings, options['trace'] === true ? { onQuery: trace(voice) } : {});
  try {
    voice.progress.show(printable(`looking up ${name} ${typeText.toUpperCase()}`));
    const resolution = await lookup.resolver.resolve(name, type, {
      signal: context.signal,
      timeoutMs: settings.timeoutMs,
    });
    if (voice.json) voice.printJson(resolutionJson(resolution, { explain }));
    else if (voice.verbosity === 'quiet') voice.print([renderStatus(resolution, voice.paint)]);
    else {
      voice.print(renderResolution(resolution, voice.paint));
      if (explain || voice.verbosity === 'verbose') {
        voice.print(['', ...renderChain(resolution, voice.paint)]);
      }
    }
    return STATUS[resolution.status];
  } finally {
    voice.progress.end();
    await lookup.close();
  }
}

/** Each packet on standard error, as it happens: standard output is the answer's. */
function trace(voice: Voice): (event: QueryEvent) => void {
  const { stderr, environment } = voice.context;
  const paint = createPaint(wantsColour(stderr, environment));
  return (event) => {
    voice.progress.clear();
    stderr.write(`${renderQuery(event, paint)}\n`);
  };
}
