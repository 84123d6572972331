/** The command line of `mailanchor policy` and of the commands below it. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags, collect } from './options/flags.ts';

export function addPolicy(program: CommandUnknownOpts, context: Context, done: Done): void {
  const policy = program
    .command('policy')
    .helpCommand(false)
    .summary('serve TLS policies to Postfix')
    .description(
      'Serve smtp_tls_policy_maps of Postfix: which destinations must be authenticated by DANE.\n' +
        'SIGTERM stops it, SIGHUP reads the configuration, trust anchors and root hints again.',
    )
    .optionsGroup('Serving:')
    .option(
      '--listen <place>',
      'socketmap at ADDR:PORT or unix:/path; repeatable (default: 127.0.0.1:8461)',
      collect,
    )
    .option('--tcp-table <place>', 'tcp_table at ADDR:PORT or unix:/path; repeatable', collect)
    .option('--allow <network>', 'who may ask, such as 192.0.2.0/24; repeatable (default: loopback)', collect)
    .option(
      '--control <path>',
      'socket for query, dump and purge (default: in the RuntimeDirectory of systemd)',
    )
    .option('--metrics <addr:port>', 'HTTP: /metrics for Prometheus, /healthz')
    .option('--state <folder>', 'where answers are kept between runs')
    .option('--cache-entries <n>', 'answers kept (default: 100000)')
    .option('--max-lookups <n>', 'destinations looked up at a time (default: 500)')
    .option('--max-connections <n>', 'clients connected (default: 10000)')
    .option(
      '--partial-dane <which>',
      'dane or sts: which counts where some hosts have TLSA records and MTA-STS is enforced (default: dane)',
    )
    .option('--tlsrpt-attributes', 'answers with attributes for TLS reports; for Postfix 3.10 and later')
    .action(async (options) => {
      const { runPolicy } = await import('./commands/policy.ts');
      done(await runPolicy(options, context));
    });
  addLookupFlags(policy);
  addConfigFlag(policy);
  policy
    .optionsGroup('Output:')
    .option('--json', 'events as JSON, one line each, on standard error')
    .option('-q, --quiet', 'say less')
    .option('-v, --verbose', 'say more');
  policy.addHelpText(
    'after',
    `
Exit status: 0 stopped; 2 bad arguments, files, or a place that cannot be listened at.

Examples:
  mailanchor policy
  mailanchor policy --listen unix:/run/mailanchor-policy/socket --metrics 127.0.0.1:9154 --state /var/lib/mailanchor
  mailanchor policy query example.org --explain

main.cf of Postfix:
  smtp_dns_support_level = dnssec
  smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:policy`,
  );
  addPolicyQuestions(policy, context, done);
}

function addPolicyQuestions(policy: CommandUnknownOpts, context: Context, done: Done): void {
  const query = policy
    .command('query')
    .summary('the policy for one destination')
    .description(
      'The policy for one destination, by a lookup from here, or as the running server has it (--server).',
    )
    .argument('<destination>', 'example.org, example.org:587 or [relay.example.org]:587')
    .option(
      '--server [path]',
      "the running server's control socket (default: /run/mailanchor-policy/control)",
    )
    .option('--explain', 'why, and host by host')
    .action(async (destination, options, command) => {
      const { runPolicyQuery } = await import('./commands/policy-query.ts');
      done(await runPolicyQuery(destination, { ...command.parent?.opts(), ...options }, context));
    });
  addLookupFlags(query);
  addConfigFlag(query);
  addOutputFlags(query);
  query.addHelpText(
    'after',
    `
Exit status: 0 a policy or none; 5 not known now; 2 bad arguments or no server.

Examples:
  mailanchor policy query example.org --explain
  mailanchor policy query example.org --server`,
  );
  const dump = policy
    .command('dump')
    .description('All answers that the running server keeps.')
    .option('--server <path>', 'its control socket (default: /run/mailanchor-policy/control)')
    .action(async (options, command) => {
      const { runPolicyDump } = await import('./commands/policy-query.ts');
      done(await runPolicyDump({ ...command.parent?.opts(), ...options }, context));
    });
  addOutputFlags(dump);
  dump.addHelpText('after', '\nExample:\n  mailanchor policy dump --json');
  const purge = policy
    .command('purge')
    .description('Have the running server forget one answer, or all.')
    .argument('[destination]', 'as Postfix asks for it')
    .option('--server <path>', 'its control socket (default: /run/mailanchor-policy/control)')
    .action(async (destination, options, command) => {
      const { runPolicyPurge } = await import('./commands/policy-query.ts');
      done(await runPolicyPurge(destination, { ...command.parent?.opts(), ...options }, context));
    });
  addOutputFlags(purge);
  purge.addHelpText('after', '\nExample:\n  mailanchor policy purge example.org');
}
