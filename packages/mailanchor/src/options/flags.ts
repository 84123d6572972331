/**
 * The options that several commands share, as the command line sees them. Nothing is parsed here: a value is read once, wherever it
 * came from (`sources.ts`). No import but types: help must be quick.
 */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** Gathers the values of an option that may be repeated. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** The options of every command with lookups. */
export function addLookupFlags(command: CommandUnknownOpts): void {
  command
    .optionsGroup('Looking up:')
    .option(
      '--resolver <spec>',
      'iterate, or a resolver to ask: ADDR[:PORT], tls://HOST, https://HOST/PATH (default: iterate)',
    )
    .option('--forward-zone <zone=spec>', 'ask another server for one zone; repeatable', collect)
    .option('--qname-minimisation <mode>', 'on, relaxed or off (default: relaxed)')
    .option('--root-hints <file>', 'root servers, master-file format (default: built in)')
    .option('--trust-anchor <file>', 'DS or DNSKEY records, master-file format (default: built in, the root)')
    .option('--dns-port <n>', 'port of authoritative servers (default: 53)')
    .option('--at <time>', 'start the clock at this time: ISO 8601 or epoch seconds (default: now)')
    .option('--insecure-zone <name>', 'negative trust anchor; repeatable', collect)
    .option('--nsec3-iterations <n>', 'above this a zone counts as insecure (default: 50)')
    .option('--timeout <seconds>', 'for one target (default: 30)');
}

export function addConfigFlag(command: CommandUnknownOpts): void {
  command.option('--config <file>', 'YAML (default: ./mailanchor.yaml, /etc/mailanchor/mailanchor.yaml)');
}

export function addOutputFlags(command: CommandUnknownOpts): void {
  command
    .optionsGroup('Output:')
    .option('--json', 'JSON on standard output, one line each')
    .option('-q, --quiet', 'say less')
    .option('-v, --verbose', 'say more, on standard error');
}
