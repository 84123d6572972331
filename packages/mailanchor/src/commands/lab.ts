/** `mailanchor lab` */
import { once } from 'node:events';
import { type Lab, LabError, type LabGroup, startLab } from '@mailanchor/lab';
import { VERDICT_TONE } from '../check/words.ts';
import type { Context, Voice } from '../context.ts';
import { messageOf, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { checkDestinations, demoJson, renderDemo } from '../lab/demo.ts';
import { type LabFolder, writeLabFolder } from '../lab/folder.ts';
import { readVoice } from '../options/common.ts';
import { parsePort } from '../options/given.ts';
import { optional } from '../options/lookup.ts';
import { table } from '../terminal/table.ts';

export async function runLab(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice } = readVoice(context, options);
  const port = optional(sources.one('port'), parsePort);
  const dnsPort = optional(sources.one('dns-port'), parsePort);
  const dir = typeof options['dir'] === 'string' ? options['dir'] : undefined;
  const started = performance.now();
  voice.progress.show('raising the lab');
  let lab: Lab | undefined;
  let folder: LabFolder | undefined;
  try {
    lab = await start(port, dnsPort);
    folder = await writeLabFolder(lab, dir);
    context.signal.throwIfAborted();
    return options['demo'] === true
      ? await demo(lab, folder, { started, all: options['all'] === true }, voice)
      : await practise(lab, folder, voice, context.signal);
  } finally {
    voice.progress.end();
    await folder?.remove();
    await lab?.close();
  }
}

async function start(port: number | undefined, dnsPort: number | undefined): Promise<Lab> {
  try {
    return await startLab({ ...(port !== undefined && { port }), ...(dnsPort !== undefined && { dnsPort }) });
  } catch (error) {
    if (error instanceof LabError) throw new UsageError(`lab: ${messageOf(error)}`, { cause: error });
    throw error;
  }
}

async function demo(
  lab: Lab,
  folder: LabFolder,
  { started, all }: { readonly started: number; readonly all: boolean },
  voice: Voice,
): Promise<number> {
  const shown = all ? lab.destinations : lab.destinations.filter(({ group }) => group === 'main');
  const results = await checkDestinations(shown, folder.config, voice);
  if (voice.json) for (const result of results) voice.printJson(demoJson(result));
  else {
    const left = lab.destinations.length - shown.length;
    voice.print(renderDemo(results, (performance.now() - started) / 1000, left, voice));
  }
  return results.every((result) => result.asExpected) ? ExitCode.ok : ExitCode.failed;
}

/** Runs until the user has enough: to be stopped is how it ends well. */
async function practise(lab: Lab, folder: LabFolder, voice: Voice, signal: AbortSignal): Promise<number> {
  if (voice.json) voice.printJson(labJson(lab, folder));
  else voice.print(renderLab(lab, folder, voice));
  // Sockets keep the process alive; so does this, whatever becomes of them.
  const alive = setInterval(() => {}, 60_000);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(alive);
  return ExitCode.ok;
}

function labJson(lab: Lab, { path, config, rootHints, trustAnchor }: LabFolder): object {
  return {
    folder: path,
    config,
    rootHints,
    trustAnchor,
    dnsPort: lab.dnsPort,
    mailPort: lab.mailPort,
    destinations: lab.destinations.map(({ domain, title, expected }) => ({
      domain,
      what: title,
      verdict: expected.verdict,
      exitCode: expected.exitCode,
    })),
  };
}

function renderLab(lab: Lab, folder: LabFolder, { paint, verbosity }: Voice): string[] {
  const rows = (wanted: LabGroup) =>
    lab.destinations
      .filter(({ group }) => group === wanted)
      .map(({ domain, title, expected }) => [
        domain,
        title,
        paint.tone(VERDICT_TONE[expected.verdict], expected.verdict),
      ]);
  const header = ['destination', 'what is special', 'verdict'].map(paint.bold);
  const first = lab.destinations[0]?.domain ?? 'good.example';
  return [
    ...(verbosity === 'quiet'
      ? []
      : [
          ...table([header, ...rows('main')], { rule: paint.dim, indent: '  ' }),
          '',
          '  Further ones, for one finding each:',
          '',
          ...table(rows('further'), { indent: '  ' }),
          '',
        ]),
    `The lab is up: ${lab.destinations.length} destinations. In another terminal:`,
    '',
    `  npx mailanchor check --config ${folder.config} ${first}`,
    `  npx mailanchor resolve --config ${folder.config} ${first} MX --explain`,
    '',
    'or, without the configuration file:',
    '',
    `  npx mailanchor check --root-hints ${folder.rootHints} --trust-anchor ${folder.trustAnchor} --dns-port ${lab.dnsPort} --port ${lab.mailPort} ${first}`,
    '',
    'For the programs in examples/:',
    '',
    `  export LAB_HINTS=${folder.rootHints} LAB_ANCHOR=${folder.trustAnchor} LAB_DNS_PORT=${lab.dnsPort} LAB_PORT=${lab.mailPort}`,
    '',
    paint.dim('Ctrl-C ends it.'),
  ];
}
