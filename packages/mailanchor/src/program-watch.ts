/** The command line of `mailanchor watch` and of the commands below it. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags } from './options/flags.ts';

export function addWatch(program: CommandUnknownOpts, context: Context, done: Done): void {
  const watch = program
    .command('watch')
    .helpCommand(false)
    .summary("monitor one's own hosts and domains")
    .description(
      'Check the targets that the configuration names again and again, and tell of what changes: by mail, webhook or\n' +
        'command, once when it begins and once when it is over. SIGTERM stops it, SIGHUP reads the configuration again.',
    )
    .optionsGroup('Watching:')
    .option('--state <file>', 'the history (default: watch.sqlite in the StateDirectory of systemd)')
    .option('--metrics <addr:port>', 'HTTP: /metrics for Prometheus, /healthz')
    .action(async (options) => {
      const { runWatch } = await import('./commands/watch.ts');
      done(await runWatch(options, context));
    });
  addLookupFlags(watch);
  addConfigFlag(watch);
  watch
    .optionsGroup('Output:')
    .option('--json', 'events as JSON, one line each, on standard error')
    .option('-q, --quiet', 'say less')
    .option('-v, --verbose', 'say more: a line for each check');
  watch.addHelpText(
    'after',
    `
Exit status: 0 stopped; 2 bad arguments, files, or a place that cannot be listened at.

mailanchor.yaml:
  watch:
    state: /var/lib/mailanchor/watch.sqlite
    targets: [example.org, 'mx1.example.org:25', 'imaps:imap.example.org']
    channels:
      me: { kind: mail, to: [postmaster@example.org] }

Examples:
  mailanchor watch
  mailanchor watch --metrics 127.0.0.1:9155 -v
  mailanchor watch status
  mailanchor watch history example.org
  mailanchor watch test-alert`,
  );
  addWatchQuestions(watch, context, done);
}

function addWatchQuestions(watch: CommandUnknownOpts, context: Context, done: Done): void {
  const state = 'the history (default: as the configuration has it)';
  const status = watch
    .command('status')
    .summary('how every target is now')
    .description('How every target is now, since when, when it is looked at next, and what waits to be told.')
    .option('--state <file>', state)
    .action(async (options, command) => {
      const { runWatchStatus } = await import('./commands/watch.ts');
      done(await runWatchStatus({ ...command.parent?.opts(), ...options }, context));
    });
  addConfigFlag(status);
  addOutputFlags(status);
  status.addHelpText('after', '\nExample:\n  mailanchor watch status --json');

  const history = watch
    .command('history')
    .summary('what happened to one target')
    .description('What happened to one target, the latest first: verdicts, problems and their ends.')
    .argument('<target>', 'as the configuration has it')
    .option('--limit <n>', 'lines (default: 50)')
    .option('--state <file>', state)
    .action(async (target, options, command) => {
      const { runWatchHistory } = await import('./commands/watch.ts');
      done(await runWatchHistory(target, { ...command.parent?.opts(), ...options }, context));
    });
  addConfigFlag(history);
  addOutputFlags(history);
  history.addHelpText('after', '\nExample:\n  mailanchor watch history example.org');

  const test = watch
    .command('test-alert')
    .summary('send a test through every channel')
    .description('Send a test through every channel that the configuration names, now.')
    .action(async (options, command) => {
      const { runWatchTestAlert } = await import('./commands/watch.ts');
      done(await runWatchTestAlert({ ...command.parent?.opts(), ...options }, context));
    });
  addConfigFlag(test);
  addOutputFlags(test);
  test.addHelpText(
    'after',
    '\nExit status: 0 every channel has taken it, 1 one has not, 2 bad configuration.\n\nExample:\n  mailanchor watch test-alert',
  );
}
