/** `mailanchor policy` */
import type { Context } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { keepHeapSmall } from '../heap.ts';
import { readCommon } from '../options/common.ts';
import { RunningPolicy } from '../policy-service/run.ts';
import { readPolicySettings } from '../policy-service/settings.ts';
import { createLog } from '../resolver-service/log.ts';
import { untilStopped } from '../until-stopped.ts';

/** Milliseconds to stop in: what is under way is answered, and the cache written. */
const GRACE = 10_000;

export async function runPolicy(options: Record<string, unknown>, context: Context): Promise<number> {
  const read = () => readCommon(context, options, 'policy-service');
  const { sources, voice } = await read();
  const settings = readPolicySettings(sources, context.environment);
  const log = createLog(context, voice.json, voice.verbosity, Date.now, 'policy');
  if (context.process) context.process.graceMs = GRACE;
  keepHeapSmall();
  const running = await RunningPolicy.start(settings, context.environment, log);
  if (context.process) {
    context.process.reload = () =>
      running.reload(async () => readPolicySettings((await read()).sources, context.environment));
  }
  await untilStopped(context.signal);
  await running.stop();
  return ExitCode.ok;
}
