/** The command line of `mailanchor tlsrpt read`, `listen` and `reports`: reports that others send us. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags, collect } from './options/flags.ts';

const DATABASE = 'file of received reports (default: /var/lib/mailanchor-tlsrpt/received.sqlite)';
const DOMAIN = 'a domain of ours, with all below it; repeatable (default: all)';

export function addTlsrptRead(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  addRead(tlsrpt, context, done);
  addListen(tlsrpt, context, done);
  addReports(tlsrpt, context, done);
}

function addRead(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const read = tlsrpt
    .command('read')
    .summary('take in reports that others sent')
    .description(
      'Take in reports from others: mails, or files of JSON, compressed or not. Each counts once, however often it comes.\n' +
        'By mail only those count that the reporter has signed (DKIM), as RFC 8460 wants it.',
    )
    .argument('[file...]', '- is standard input')
    .optionsGroup('Reading:')
    .option(
      '--maildir <folder>',
      'mails that were not read before; nothing there is changed; repeatable',
      collect,
    )
    .option('--domain <name>', DOMAIN, collect)
    .option('--no-signatures', 'look at no signatures; reports by mail are stored and do not count')
    .option('--retention <days>', 'days for which reports are kept (default: 400)')
    .option('--database <file>', DATABASE)
    .action(async (files, options, self) => {
      const { runTlsrptRead } = await import('./commands/tlsrpt-read.ts');
      done(await runTlsrptRead(files, { ...self.parent?.opts(), ...options }, context));
    });
  addLookupFlags(read);
  addConfigFlag(read);
  addOutputFlags(read);
  read.addHelpText(
    'after',
    `
Exit status: 0 taken in, or known before; 1 one of the files is no report that can be stored; 2 bad arguments or files;
5 nothing can be stored.

Examples:
  mailanchor tlsrpt read --maildir /var/mail/tlsrpt/Maildir
  mailanchor tlsrpt read 'google.com!example.org!1764028800!1764115199!001.json.gz'
  mailanchor tlsrpt read - < mail.eml`,
  );
}

function addListen(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const listen = tlsrpt
    .command('listen')
    .summary('take in reports by HTTPS')
    .description(
      'Take in reports that are posted (rua=https:...). SIGTERM stops it, SIGHUP reads the certificate again.',
    )
    .optionsGroup('Serving:')
    .option('--listen <addr:port>', 'where to listen (default: 127.0.0.1:8465)')
    .option('--path <path>', 'path that reports are posted to (default: /)')
    .option('--tls-cert <file>', 'PEM, the chain; without it plain HTTP, for a proxy before it')
    .option('--tls-key <file>', 'PEM')
    .option('--metrics <addr:port>', 'HTTP: /metrics for Prometheus, /healthz')
    .optionsGroup('Reading:')
    .option('--domain <name>', DOMAIN, collect)
    .option('--retention <days>', 'days for which reports are kept (default: 400)')
    .option('--database <file>', DATABASE)
    .action(async (options, self) => {
      const { runTlsrptListen } = await import('./commands/tlsrpt-listen.ts');
      done(await runTlsrptListen({ ...self.parent?.opts(), ...options }, context));
    });
  addConfigFlag(listen);
  listen
    .optionsGroup('Output:')
    .option('--json', 'events as JSON, one line each, on standard error')
    .option('-q, --quiet', 'say less')
    .option('-v, --verbose', 'say more');
  listen.addHelpText(
    'after',
    `
Exit status: 0 stopped; 2 bad arguments, files, or a place that cannot be listened at.

Examples:
  mailanchor tlsrpt listen --listen 192.0.2.25:443 --path /tlsrpt --tls-cert chain.pem --tls-key key.pem
  mailanchor tlsrpt listen --listen 127.0.0.1:8465 --domain example.org

Record of the domain:
  _smtp._tls.example.org. IN TXT "v=TLSRPTv1; rua=https://tlsrpt.example.org/tlsrpt"`,
  );
}

function addReports(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const reports = tlsrpt
    .command('reports')
    .summary('what received reports say: by host, reporter and result')
    .description(
      'What the reports of others say: failures by host, reporter and result type, and the findings of check behind them.',
    )
    .optionsGroup('Choosing:')
    .option('--since <time>', 'days, or a time: ISO 8601 or epoch seconds (default: 30 days)')
    .option('--domain <name>', DOMAIN, collect)
    .option('--unverified', 'count reports by mail without a valid signature too')
    .option('--check', 'check the hosts now: whether it is still so')
    .option('--database <file>', DATABASE)
    .action(async (options, self) => {
      const { runTlsrptReports } = await import('./commands/tlsrpt-reports.ts');
      done(await runTlsrptReports({ ...self.parent?.opts(), ...options }, context));
    });
  addLookupFlags(reports);
  addConfigFlag(reports);
  addOutputFlags(reports);
  reports.addHelpText(
    'after',
    `
Exit status: 0 no failures; 1 failures; 2 bad arguments; 5 the reports cannot be read.

Examples:
  mailanchor tlsrpt reports
  mailanchor tlsrpt reports --since 7 --domain example.org --check
  mailanchor tlsrpt reports --json`,
  );
}
