/** The command line of rollovers: `mailanchor tlsa plan`, `roll`, `status`. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags, collect } from './options/flags.ts';

export function addTlsaRollCommands(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  addPlan(tlsa, context, done);
  addRoll(tlsa, context, done);
  addStatus(tlsa, context, done);
}

function addPlan(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const plan = tlsa
    .command('plan')
    .summary('the state of each host and its next safe step')
    .description(
      'Look at the hosts of the configuration: files, records at every authoritative server, what every address presents.\n' +
        'Say what state each is in, and the one step that is safe next, from when, and why. Changes nothing.',
    )
    .option('--host <name>', 'this host alone; repeatable', collect)
    .option('--remove-others', 'count records of keys that are not known here as to be removed')
    .action(async (options) => {
      const { runTlsaPlan } = await import('./commands/tlsa-plan.ts');
      done(await runTlsaPlan(options, context));
    });
  addLookupFlags(plan);
  addConfigFlag(plan);
  addOutputFlags(plan);
  plan.addHelpText(
    'after',
    `
Exit status: 0 all steady, 4 a step is due or waited with, 3 no records published, 5 could not be seen,
1 broken or blocked, 2 bad arguments or files. Of several hosts the worst counts.

Examples:
  mailanchor tlsa plan
  mailanchor tlsa plan --host mx1.example.org --json`,
  );
}

function addRoll(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const roll = tlsa
    .command('roll')
    .summary('carry rollovers through, one safe step at a time')
    .description(
      'Bring the hosts of the configuration to where they belong: publish what is missing, wait until no sender can hold\n' +
        'anything older, deploy, verify, remove what nothing presents any more. Every step is found by looking: it can be\n' +
        'interrupted at any moment, repeated, and run by a timer.',
    )
    .optionsGroup('Rolling:')
    .option('--once', 'take the steps that are safe now, then end (default)')
    .option('--follow', 'go on until stopped, sleeping until the next step')
    .option('--interval <seconds>', 'with --follow: between looks (default: 60)')
    .option('--start', 'begin a rollover: another key in place of the one in use')
    .option('--host <name>', 'this host alone; repeatable', collect)
    .option('--dry-run', 'as tlsa plan: print the exact change, and do nothing')
    .option('--remove-others', 'remove records of keys that are not known here as well')
    .option('--force', 'take the step that is held back, after naming what it would break and asking')
    .option('--yes-break <host>', 'with --force, where there is no terminal to ask on: the name of the host')
    .action(async (options) => {
      const { runTlsaRoll } = await import('./commands/tlsa-roll.ts');
      done(await runTlsaRoll(options, context));
    });
  addLookupFlags(roll);
  addConfigFlag(roll);
  addOutputFlags(roll);
  roll.addHelpText(
    'after',
    `
Steps are told on standard error as they are taken, with --json as JSON, a line each.
Exit status: 0 done, or waiting as it should; 1 broken or blocked; 5 could not be seen; 2 bad arguments or files.

Examples:
  mailanchor tlsa roll --once
  mailanchor tlsa roll --start --host mx1.example.org
  mailanchor tlsa roll --follow
  mailanchor tlsa roll --dry-run`,
  );
}

function addStatus(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const status = tlsa
    .command('status')
    .summary('what the last run saw, decided and did')
    .description('What the last `tlsa roll` saw, decided and did. No network.')
    .option('--host <name>', 'this host alone; repeatable', collect)
    .action(async (options) => {
      const { runTlsaStatus } = await import('./commands/tlsa-status.ts');
      done(await runTlsaStatus(options, context));
    });
  addConfigFlag(status);
  addOutputFlags(status);
  status.addHelpText(
    'after',
    `
Exit status: 0; 5 a host has never been looked at; 2 bad arguments or files.

Example:
  mailanchor tlsa status`,
  );
}
