/** `lab --demo`: every destination checked, what came out beside what must, and one explanation in full. */
import type { LabDestination } from '@mailanchor/lab';
import type { DomainCheck } from '@mailanchor/smtp';
import { openCheckLookup } from '../check/inspection.ts';
import { findingCodes } from '../check/overview.ts';
import { renderCheck } from '../check/render.ts';
import { checkTarget } from '../check/run.ts';
import { readCheckSettings } from '../check/settings.ts';
import { readTarget } from '../check/targets.ts';
import { VERDICT_TONE } from '../check/words.ts';
import { readConfig } from '../config/load.ts';
import type { Voice } from '../context.ts';
import { Sources } from '../options/sources.ts';
import { sign } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';

/** Hosts that never answer are part of the show, and the spectators' time is dear: milliseconds where a check is patient for longer. */
const IMPATIENT = { connectMs: 3_000, replyMs: 3_000, tlsMs: 3_000 } as const;
/** Told in full: the mistake that operators make most. */
const EXPLAINED = 'renewed-key.example';

export interface DemoResult {
  readonly destination: LabDestination;
  readonly check: DomainCheck;
  readonly asExpected: boolean;
}

/** Checks destinations all at once, by the configuration that the lab wrote, as anybody else would. */
export async function checkDestinations(
  destinations: readonly LabDestination[],
  config: string,
  voice: Voice,
): Promise<DemoResult[]> {
  const sources = new Sources({}, {}, (await readConfig(config)).section('check'));
  const settings = readCheckSettings(sources);
  const lookup = await openCheckLookup(settings, false);
  let done = 0;
  const progress = () => voice.progress.show(`checking ${destinations.length} destinations, ${done} done`);
  try {
    return await Promise.all(
      destinations.map(async (destination) => {
        const { domain } = destination;
        progress();
        const { signal } = voice.context;
        const check = await checkTarget(domain, readTarget(domain), settings, lookup, signal, () => {}, {
          sessionLimits: IMPATIENT,
          tlsVersions: destination.expected.findings.includes('tls-old-beside'),
        });
        done++;
        progress();
        return { destination, check, asExpected: isAsExpected(destination, check) };
      }),
    );
  } finally {
    voice.progress.end();
    await lookup.close();
  }
}

function isAsExpected({ expected }: LabDestination, check: DomainCheck): boolean {
  const codes = new Set(check.findings.map((finding) => finding.code));
  return check.verdict === expected.verdict && expected.findings.every((code) => codes.has(code));
}

/** `left`: destinations that were not checked. */
export function renderDemo(
  results: readonly DemoResult[],
  seconds: number,
  left: number,
  voice: Voice,
): string[] {
  const { paint } = voice;
  const rows = results.map(({ destination, check, asExpected }) => [
    sign(paint, asExpected ? 'good' : 'bad'),
    destination.domain,
    destination.title,
    paint.tone(VERDICT_TONE[destination.expected.verdict], destination.expected.verdict),
    paint.tone(VERDICT_TONE[check.verdict], check.verdict),
    paint.dim(findingCodes(check)),
  ]);
  const header = ['', 'destination', 'what is special', 'must be', 'is', 'findings'].map(paint.bold);
  const right = results.filter((result) => result.asExpected).length;
  const tone = right === results.length ? 'good' : 'bad';
  const explained =
    results.find((result) => !result.asExpected) ??
    results.find((result) => result.destination.domain === EXPLAINED);
  return [
    ...table([header, ...rows], { rule: paint.dim }),
    '',
    `${sign(paint, tone)} ${paint.tone(tone, `${right} of ${results.length} as expected`)}, in ${seconds.toFixed(1)} s`,
    ...(left > 0
      ? [paint.dim(`  ${left} further destinations, for one finding each: npx mailanchor lab --demo --all`)]
      : []),
    ...(explained ? ['', ...explanation(explained, voice)] : []),
  ];
}

function explanation({ destination, check }: DemoResult, voice: Voice): string[] {
  const { paint, columns } = voice;
  return [
    paint.dim(`mailanchor check ${destination.domain}`),
    '',
    ...renderCheck(check, { paint, columns, verbose: false }),
    '',
    paint.dim(printable(destination.special)),
  ];
}

export function demoJson({ destination, check, asExpected }: DemoResult): object {
  return {
    target: destination.domain,
    what: destination.title,
    expected: destination.expected.verdict,
    verdict: check.verdict,
    asExpected,
    findings: check.findings.map((finding) => finding.code),
  };
}
