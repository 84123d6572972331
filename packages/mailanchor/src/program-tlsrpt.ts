/** The command line of `mailanchor tlsrpt` and of the commands below it. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags } from './options/flags.ts';
import { addTlsrptCollect } from './program-tlsrpt-collect.ts';
import { addTlsrptRead } from './program-tlsrpt-read.ts';

const DATABASE = 'file of counts (default: /var/lib/mailanchor-tlsrpt/tlsrpt.sqlite)';

export function addTlsrpt(program: CommandUnknownOpts, context: Context, done: Done): void {
  const tlsrpt = program
    .command('tlsrpt')
    .helpCommand(false)
    .summary('TLS reports (RFC 8460): count, send and read them')
    .description(
      'Reports to other domains on how TLS went when mail was sent to them, and theirs to us (RFC 8460).',
    );
  addTlsrptCollect(tlsrpt, context, done);
  addSend(tlsrpt, context, done);
  addStatus(tlsrpt, context, done);
  addShow(tlsrpt, context, done);
  addTlsrptRead(tlsrpt, context, done);
}

function addSend(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const send = tlsrpt
    .command('send')
    .summary('compose and send the reports that are due')
    .description(
      'Compose and send reports on finished days: as a service, or once. Who reports, and how mail is handed in, stands in the\n' +
        'section tlsrpt of the configuration. SIGTERM stops it, SIGHUP reads the configuration again.',
    )
    .optionsGroup('Sending:')
    .option('--database <file>', DATABASE)
    .option('--once', 'send what is due now, without spreading it over the day, and end')
    .option('--day <day>', 'of one day only: 2026-11-25 or yesterday; ends')
    .option('--domain <name>', 'to one domain only; ends')
    .option('--dry-run', 'look up and compose what is due, show it, send and keep nothing; ends')
    .option('--metrics <addr:port>', 'HTTP: /metrics for Prometheus, /healthz')
    .action(async (options) => {
      const { runTlsrptSend } = await import('./commands/tlsrpt-send.ts');
      done(await runTlsrptSend(options, context));
    });
  addLookupFlags(send);
  addConfigFlag(send);
  addOutputFlags(send);
  send.addHelpText(
    'after',
    `
Exit status: 0 sent or to be tried again, or stopped; 1 a delivery was given up; 2 bad arguments or files; 5 the counts cannot be read or written.

Examples:
  mailanchor tlsrpt send --dry-run
  mailanchor tlsrpt send --once
  mailanchor tlsrpt send --day yesterday --domain example.org
  mailanchor tlsrpt send --metrics 127.0.0.1:9155`,
  );
}

function addStatus(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const status = tlsrpt
    .command('status')
    .summary('days, sessions, and what became of their reports')
    .description('What was counted, day by day, and what became of the reports.')
    .option('--database <file>', DATABASE)
    .option('--days <n>', 'so many days (default: 7)')
    .action(async (options) => {
      const { runTlsrptStatus } = await import('./commands/tlsrpt-status.ts');
      done(await runTlsrptStatus(options, context));
    });
  addConfigFlag(status);
  addOutputFlags(status);
  status.addHelpText('after', '\nExample:\n  mailanchor tlsrpt status --days 30');
}

function addShow(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const show = tlsrpt
    .command('show')
    .summary('counts and report of a domain')
    .description(
      'The counts of one domain and day, its report and where it went; without a domain all domains of the day.\n' +
        'With --json the report itself, as RFC 8460 has it.',
    )
    .argument('[domain]', 'recipient domain')
    .option('--day <day>', '2026-11-25, today or yesterday (default: the last that was counted on)')
    .option('--database <file>', DATABASE)
    .action(async (domain, options) => {
      const { runTlsrptShow } = await import('./commands/tlsrpt-show.ts');
      done(await runTlsrptShow(domain, options, context));
    });
  addConfigFlag(show);
  addOutputFlags(show);
  show.addHelpText(
    'after',
    `
Exit status: 0 shown; 2 bad arguments or files; 5 nothing was counted, or the counts cannot be read.

Examples:
  mailanchor tlsrpt show
  mailanchor tlsrpt show example.org
  mailanchor tlsrpt show example.org --day yesterday --json`,
  );
}
