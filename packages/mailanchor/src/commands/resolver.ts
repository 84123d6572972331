/** `mailanchor resolver` */
import type { Context } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { keepHeapSmall } from '../heap.ts';
import { readCommon } from '../options/common.ts';
import { createLog } from '../resolver-service/log.ts';
import { RunningService } from '../resolver-service/run.ts';
import { readServiceSettings } from '../resolver-service/settings.ts';
import { untilStopped } from '../until-stopped.ts';

/** Milliseconds to stop in: what is under way is answered, and the cache written. */
const GRACE = 10_000;

export async function runResolver(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice } = await readCommon(context, options, 'resolver-service');
  const settings = readServiceSettings(sources, context.environment);
  const log = createLog(context, voice.json, voice.verbosity);
  keepHeapSmall();
  if (context.process) context.process.graceMs = GRACE;
  const service = await RunningService.start(settings, context.environment, log);
  if (context.process) context.process.reload = () => service.reload();
  await untilStopped(context.signal);
  await service.stop();
  return ExitCode.ok;
}
