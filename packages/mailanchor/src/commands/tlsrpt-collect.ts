/** `mailanchor tlsrpt collect` */
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import { createLog } from '../resolver-service/log.ts';
import { RunningCollect } from '../tlsrpt-collect/run.ts';
import { readCollectSettings } from '../tlsrpt-collect/settings.ts';
import { untilStopped } from '../until-stopped.ts';

/** Milliseconds to stop in: what was told is written. */
const GRACE = 10_000;

/** `input`: `-` for standard input. */
export async function runTlsrptCollect(
  input: string | undefined,
  options: Record<string, unknown>,
  context: Context,
): Promise<number> {
  if (input !== undefined && input !== '-')
    throw new UsageError(`${input}: a log file is given with --log; - is standard input`);
  const { sources, voice, config } = await readCommon(context, options, 'tlsrpt-collect');
  const settings = readCollectSettings(sources, config, input === '-');
  const log = createLog(context, voice.json, voice.verbosity, Date.now, 'tlsrpt collect');
  if (context.process) {
    context.process.graceMs = GRACE;
    // Nothing to read again: log files are found anew by themselves.
    context.process.reload = () => log.event('reload', 'settings stay as they are until a restart');
  }
  const running = await RunningCollect.start(settings, context, log);
  try {
    await Promise.race([untilStopped(context.signal), running.ended()]);
  } finally {
    await running.stop();
  }
  return ExitCode.ok;
}
