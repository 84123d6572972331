/** The command line of `mailanchor tlsrpt collect`. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, collect } from './options/flags.ts';

export function addTlsrptCollect(tlsrpt: CommandUnknownOpts, context: Context, done: Done): void {
  const command = tlsrpt
    .command('collect')
    .summary('count the TLS sessions that others tell of')
    .description(
      'Count the TLS sessions that Postfix logs or that programs tell of, for reports to the domains that want them.\n' +
        'How far a log was read is kept with the counts: whatever stops it, nothing is lost or counted twice.',
    )
    .argument('[-]', '- reads log lines from standard input, to its end')
    .optionsGroup('Sources:')
    .option('--log <file>', 'a log file of Postfix, followed over rotations; repeatable', collect)
    .option('--journal', 'the journal of systemd (journalctl), from where the last run ended')
    .option('--listen <place>', 'unix:/path of a socket for programs that tell events, a line of JSON each')
    .option(
      '--libtlsrpt',
      'standard input has datagrams of libtlsrpt (Postfix 3.10 and later), not log lines',
    )
    .option('--from-end', 'pass over what a log that was never read holds already')
    .optionsGroup('Counting:')
    .option('--database <file>', 'counts (default: /var/lib/mailanchor-tlsrpt/tlsrpt.sqlite)')
    .option('--metrics <addr:port>', 'HTTP: /metrics for Prometheus, /healthz')
    .action(async (input, options, self) => {
      const { runTlsrptCollect } = await import('./commands/tlsrpt-collect.ts');
      done(await runTlsrptCollect(input, { ...self.parent?.opts(), ...options }, context));
    });
  addLookupFlags(command);
  addConfigFlag(command);
  command
    .optionsGroup('Output:')
    .option('--json', 'events as JSON, one line each, on standard error')
    .option('-q, --quiet', 'say less')
    .option('-v, --verbose', 'say more');
  command.addHelpText(
    'after',
    `
Exit status: 0 stopped, or standard input has ended; 2 bad arguments, files, or a place that cannot be listened at.

Examples:
  mailanchor tlsrpt collect --log /var/log/mail.log
  mailanchor tlsrpt collect --journal --listen unix:/run/mailanchor-tlsrpt/events --metrics 127.0.0.1:9156
  zcat /var/log/mail.log.2.gz | mailanchor tlsrpt collect - --database trial.sqlite`,
  );
}
