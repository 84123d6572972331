/** The command line of `mailanchor dnssec-status`. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags } from './options/flags.ts';

export function addDnssecStatus(program: CommandUnknownOpts, context: Context, done: Done): void {
  const command = program
    .command('dnssec-status')
    .summary('signed or not, and what the registrar must be told')
    .description(
      'For zones of your own: is the zone signed, does the DS record in the zone above match, do CDS and CDNSKEY\n' +
        'records ask for a change (RFC 7344, RFC 8078), and what must be handed to the registrar.',
    )
    .argument('[zone...]', 'apex of a zone; - reads zones from standard input, one a line')
    .optionsGroup('Looking at zones:')
    .option('--file <file>', 'read zones from a file, one a line')
    .option('--parallel <n>', 'zones at a time (default: 32)')
    .option(
      '--servers <which>',
      'all: every authoritative server is asked by itself; one: as resolvers do (default: all; of a list one)',
    )
    .option('--days <n>', 'days before the end of signatures from which it is told (default: 3)')
    .option(
      '--digest <types>',
      'of DS records for the registrar: 2 (SHA-256), 4 (SHA-384) or 2,4 (default: 2)',
    )
    .option('--output <file>', 'write results to a new file, a JSON line each')
    .option('--resume', 'go on with the file of --output: what stands there is not done again')
    .action(async (zones, options) => {
      const { runDnssecStatus } = await import('./commands/dnssec-status.ts');
      done(await runDnssecStatus(zones, options, context));
    });
  addLookupFlags(command);
  addConfigFlag(command);
  addOutputFlags(command);
  command.addHelpText(
    'after',
    `
Exit status: 0 secure, 1 bogus, ds-without-key, expired, failing; 3 unsigned, no-ds, parent-unsigned;
4 expiring, weak, ds-change-pending, ds-change-refused, ds-removal-pending; 5 unknown, not-a-zone;
2 bad arguments or files. Of several zones the worst counts.

Examples:
  mailanchor dnssec-status example.org
  mailanchor dnssec-status --digest 2,4 -v example.org
  mailanchor dnssec-status --file zones.txt --parallel 64 --output status.jsonl
  mailanchor dnssec-status --file zones.txt --parallel 64 --output status.jsonl --resume`,
  );
}
