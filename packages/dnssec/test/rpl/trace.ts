/**
 * Shows how one scenario goes: each query sent with its answer, each verdict with what was expected.
 *
 *     npm run build && npx node packages/dnssec/test/rpl/trace.ts FILE.rpl [--edns] [-v]
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ResourceRecord, rcodeToText, recordToText, rrTypeToText } from '@mailanchor/dns';
import type { Exchange } from './network.ts';
import { parseScenario } from './parse.ts';
import { runScenario } from './run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { edns: { type: 'boolean' }, verbose: { type: 'boolean', short: 'v' } },
});
const file = positionals[0];
if (file === undefined) throw new Error('usage: trace.ts FILE.rpl [--edns] [-v]');

const scenario = parseScenario(readFileSync(file, 'utf8'));
const expectationsFile = join(dirname(file), 'expectations.json');
const expectations = existsSync(expectationsFile)
  ? (JSON.parse(readFileSync(expectationsFile, 'utf8')) as { file: string; verdicts: string[] }[])
  : [];
const verdicts = expectations.find((entry) => entry.file === basename(file))?.verdicts ?? [];

console.log(`${basename(file)}: ${scenario.title}`);
const outcome = await runScenario(scenario, {
  verdicts,
  echoEdns: values.edns ?? false,
  onExchange: showExchange,
});
for (const { line, verdict, resolution, problems, ede } of outcome.checks) {
  if (!resolution) {
    console.log(`\nCHECK line ${line}: ${problems.join(', ')}`);
    continue;
  }
  console.log(`\nCHECK line ${line}: ${resolution.name} ${rrTypeToText(resolution.type)}`);
  console.log(`  expected ${verdict ?? '(no expectation)'}, got ${resolution.status} ${resolution.kind}`);
  if (resolution.reason) console.log(`  reason: EDE ${resolution.reason.ede}, ${resolution.reason.text}`);
  if (ede) console.log(`  EDE expected ${ede.expected}, got ${ede.actual ?? 'none'}`);
  for (const link of resolution.aliases)
    console.log(`  ${link.kind} ${link.owner} -> ${link.target}: ${link.status}`);
  for (const zone of resolution.chain) {
    console.log(`  zone ${zone.zone}: ${zone.status} via ${zone.via}${zone.note ? `, ${zone.note}` : ''}`);
  }
  show('answer', resolution.answer);
  show('authority', resolution.authority);
  console.log(
    problems.length === 0 ? '  AS EXPECTED' : problems.map((text) => `  WRONG: ${text}`).join('\n'),
  );
}

function showExchange({ step, server, query, entry, response, failure }: Exchange): void {
  const [question] = query.questions;
  const flags = `${query.rd ? ' RD' : ''}${query.cd ? ' CD' : ''}${query.edns?.do ? ' DO' : ''}`;
  const asked = `${question?.name} ${rrTypeToText(question?.type ?? 0)}${flags}`;
  const from = entry ? ` (entry at line ${entry.line})` : '';
  console.log(`\n[step ${step}] ${server.address}  ${asked}`);
  console.log(`  -> ${response ? rcodeToText(response.rcode) : `none: ${failure}`}${from}`);
  if (!response) return;
  show('answer', response.answers);
  show('authority', response.authorities);
  if (values.verbose) show('additional', response.additionals);
}

function show(section: string, records: readonly ResourceRecord[]): void {
  for (const record of records) {
    const text = recordToText(record);
    console.log(
      `     ${section.padEnd(9)} ${values.verbose || text.length < 130 ? text : `${text.slice(0, 127)}...`}`,
    );
  }
}
