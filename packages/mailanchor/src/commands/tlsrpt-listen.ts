/** `mailanchor tlsrpt listen` */
import type { Context } from '../context.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import { createLog } from '../resolver-service/log.ts';
import { RunningListen } from '../tlsrpt-read/run-listen.ts';
import { readListenSettings } from '../tlsrpt-read/settings.ts';
import { untilStopped } from '../until-stopped.ts';

export async function runTlsrptListen(options: Record<string, unknown>, context: Context): Promise<number> {
  const read = () => readCommon(context, options, 'tlsrpt-read');
  const { sources, voice } = await read();
  const log = createLog(context, voice.json, voice.verbosity, Date.now, 'tlsrpt listen');
  const running = await RunningListen.start(readListenSettings(sources), log);
  if (context.process)
    context.process.reload = () => running.reload(async () => readListenSettings((await read()).sources));
  await untilStopped(context.signal);
  await running.stop();
  return ExitCode.ok;
}
