/**
 * The command line. Each command's module is loaded when it is called: help and errors need none of them.
 */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags, collect } from './options/flags.ts';
import { PROFILE_NAMES } from './profile/names.ts';
import { addDnssecStatus } from './program-dnssec-status.ts';
import { addPolicy } from './program-policy.ts';
import { addTlsa } from './program-tlsa.ts';
import { addTlsrpt } from './program-tlsrpt.ts';
import { addWatch } from './program-watch.ts';
import { VERSION } from './version.ts';

export function createProgram(context: Context, done: Done): CommandUnknownOpts {
  const program = new Command('mailanchor')
    .description('Is the mail server at the other end the one that the domain named in DNSSEC?')
    .version(VERSION, '-V, --version', 'print the version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // An error is printed once, in one line, by the caller.
      outputError: () => {},
    })
    .usage('COMMAND [options]');

  addCheck(program, context, done);
  addResolve(program, context, done);
  addDnssecStatus(program, context, done);
  addResolver(program, context, done);
  addPolicy(program, context, done);
  addTlsa(program, context, done);
  addTlsrpt(program, context, done);
  addWatch(program, context, done);
  addLab(program, context, done);
  addConfig(program, context, done);
  return program;
}

/** What `mailanchor` alone says. */
export const WELCOME = `Mailanchor: is the mail server at the other end the one that the domain named in DNSSEC?

  mailanchor check example.org             verify a mail domain end to end
  mailanchor resolve example.org MX        look a name up with DNSSEC proof
  mailanchor lab                           a signed Internet on this machine to practise on

More: mailanchor --help, mailanchor COMMAND --help
`;

function addCheck(program: CommandUnknownOpts, context: Context, done: Done): void {
  const command = program
    .command('check')
    .summary('verify a mail destination, end to end')
    .description(
      'Verify a mail destination or any TLS service end to end: DNSSEC, MX or SRV, TLSA, STARTTLS, certificate.\n' +
        'TARGET is a mail domain (example.org), a host and port (mail.example.org:25), a TLS service of a host\n' +
        '(imaps:mail.example.org; https, imaps, imap, pop3s, pop3, smtps, submission, submissions, smtp, sieve, ldaps,\n' +
        'xmpp-client, xmpp-server) or a service that SRV records locate (_imaps._tcp.example.org).',
    )
    .argument('[target...]', 'what to check; - reads targets from standard input, one a line')
    .optionsGroup('Checking:')
    .option('--file <file>', 'read targets from a file, one a line')
    .option('--port <n>', 'SMTP port of the mail hosts (default: 25)')
    .option('--no-connect', 'DNS only')
    .option(
      '--from-address <ip>',
      'address of this machine to connect to mail hosts from; twice for IPv4 and IPv6, of one alone the other family is left out',
      collect,
    )
    .option(
      '--helo <name>',
      "name to greet with; the second connection to a host greets with the address (default: the address, then this machine's name)",
    )
    .option(
      '--days <n>',
      'would it still verify in so many days? (default: warns 14 days ahead, of signatures 3)',
    )
    .option(
      '--servers <which>',
      'all: every authoritative server is asked by itself; one: as senders do (default: all; of a list one)',
    )
    .option('--parallel <n>', 'targets at a time (default: 8)')
    .option('--tls-versions', 'which older versions of TLS are accepted too (with a --profile that asks: on)')
    .option(
      '--sending',
      'whether this machine is set up to send with DANE: resolv.conf and its resolvers, clock, Postfix; port 25 of TARGETs',
    )
    .option('--resolv-conf <file>', 'with --sending: of a chroot or container (default: /etc/resolv.conf)')
    .option('--bogus-name <name>', 'with --sending: a name known to be bogus, which resolvers must refuse')
    .option(
      '--profile <name>',
      `judge by a rule set: ${PROFILE_NAMES.join(', ')}, or a YAML file of your own`,
    )
    .option(
      '--html <file>',
      'write a report as a page of its own, to be forwarded; of a list with counts and filters',
    )
    .option('--output <file>', 'write results to a new file, a JSON line each')
    .option(
      '--resume',
      'go on with the file of --output: what stands there is not done again, but for what was unknown',
    )
    .action(async (targets, options) => {
      const { runCheck } = await import('./commands/check.ts');
      done(await runCheck(targets, options, context));
    });
  addLookupFlags(command);
  addConfigFlag(command);
  addOutputFlags(command);
  command.addHelpText(
    'after',
    `
Exit status: 0 protected, 1 broken, 3 unprotected, 4 partial, 5 unknown; 2 bad arguments or files.
With --sending: 0 nothing is in the way, 1 something is, 5 Postfix does not tell its settings.
Of several targets the worst counts: broken, bad line of a file, unknown, partial, unprotected, protected.
Targets of the command line are told in their order, those of a list as they are done; each mail host is asked once.

Examples:
  mailanchor check example.org
  mailanchor check imap:mail.example.org _submissions._tcp.example.org xmpp-client:example.org
  mailanchor check --json --no-connect example.org example.net
  mailanchor check --html report.html example.org
  mailanchor check --sending example.org example.net
  mailanchor check --file domains.txt --parallel 32 --output results.jsonl
  mailanchor check --file domains.txt --parallel 32 --output results.jsonl --resume --html report.html`,
  );
}

function addResolve(program: CommandUnknownOpts, context: Context, done: Done): void {
  const command = program
    .command('resolve')
    .summary('look a name up with DNSSEC proof')
    .description('Look a name up, validated by us from the trust anchor down.')
    .argument('<name>', 'domain name; internationalised names are taken as A-labels')
    .argument('[type]', 'record type: A, AAAA, MX, TLSA, TYPE65280 ...', 'A')
    .option('--explain', 'the chain of trust as a tree, and what would mend a break')
    .option('--trace', 'each packet as it is answered, and what it was for, on standard error')
    .action(async (name, type, options) => {
      const { runResolve } = await import('./commands/resolve.ts');
      done(await runResolve(name, type, options, context));
    });
  addLookupFlags(command);
  addConfigFlag(command);
  addOutputFlags(command);
  command.addHelpText(
    'after',
    `
Exit status: 0 secure or insecure, with or without records; 1 bogus; 5 indeterminate; 2 bad arguments or files.

Examples:
  mailanchor resolve _25._tcp.mx1.example.org TLSA
  mailanchor resolve example.org MX --explain
  mailanchor resolve example.org MX --trace`,
  );
}

function addResolver(program: CommandUnknownOpts, context: Context, done: Done): void {
  const command = program
    .command('resolver')
    .summary('serve DNS as a validating resolver')
    .description(
      'Serve DNS over UDP and TCP as a validating resolver, for a mail server that has none.\n' +
        'SIGTERM stops it, SIGHUP reads trust anchors, root hints and certificates again.',
    )
    .optionsGroup('Serving:')
    .option('--listen <addr:port>', 'UDP and TCP; repeatable (default: 127.0.0.1:53 and [::1]:53)', collect)
    .option('--listen-tls <addr:port>', 'DNS over TLS; repeatable', collect)
    .option('--tls-cert <file>', 'certificate chain for DNS over TLS, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--allow <network>', 'who may ask, such as 192.0.2.0/24; repeatable (default: loopback)', collect)
    .option('--metrics <addr:port>', 'HTTP: /metrics for Prometheus, /healthz')
    .option('--state <folder>', 'where the cache goes when stopped, and comes from when started')
    .option(
      '--trust-anchor-state <file>',
      'follow key rollovers of the trust anchors (RFC 5011), and keep them here; none: do not\n(default: trust-anchors.json in the StateDirectory of systemd)',
    )
    .option('--cache-size <mib>', 'memory for answers (default: 96)')
    .option('--max-queries <n>', 'questions under way at a time (default: 4000)')
    .option('--max-queries-per-client <n>', 'of one address (default: 2000)')
    .action(async (options) => {
      const { runResolver } = await import('./commands/resolver.ts');
      done(await runResolver(options, context));
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
Exit status: 0 stopped; 2 bad arguments, files, or a place that cannot be listened at.

Examples:
  mailanchor resolver
  mailanchor resolver --listen 127.0.0.1:5300 --metrics 127.0.0.1:9153
  mailanchor resolver --resolver 192.0.2.53 --state /var/lib/mailanchor`,
  );
}

function addLab(program: CommandUnknownOpts, context: Context, done: Done): void {
  const lab = program
    .command('lab')
    .summary('a signed Internet on this machine to practise on')
    .description(
      'Raise a signed root, top-level domains, mail domains and mail hosts on loopback, good ones and broken ones,\n' +
        'and keep them running until Ctrl-C.',
    )
    .option(
      '--dir <folder>',
      'where root hints, trust anchor and configuration go (default: a temporary folder)',
    )
    .option('--port <n>', 'port of the mail hosts (default: one that is free)')
    .option('--dns-port <n>', 'port of the name servers (default: one that is free)')
    .option('--demo', 'check the main destinations, show what comes out, and end')
    .option('--all', 'with --demo: all destinations, one for each finding among them')
    .action(async (options) => {
      const { runLab } = await import('./commands/lab.ts');
      done(await runLab(options, context));
    });
  addOutputFlags(lab);
  lab.addHelpText(
    'after',
    `
Examples:
  mailanchor lab --dir ./practice
  mailanchor check --config ./practice/mailanchor.yaml good-311.example     (in another terminal)
  mailanchor lab --demo`,
  );
}

function addConfig(program: CommandUnknownOpts, context: Context, done: Done): void {
  const config = program
    .command('config')
    .helpCommand(false)
    .summary('validate the configuration; print its JSON Schema')
    .description('The configuration file: validate it, or print its JSON Schema.');
  const check = config
    .command('check')
    .description('Validate the configuration and the files that it names.')
    .argument('[file]', 'as --config')
    .action(async (file, options) => {
      const { runConfigCheck } = await import('./commands/config.ts');
      done(await runConfigCheck(file, options, context));
    });
  addConfigFlag(check);
  addOutputFlags(check);
  check.addHelpText('after', '\nExample:\n  mailanchor config check --config ./mailanchor.yaml');
  config
    .command('schema')
    .description('Print the JSON Schema of the configuration.')
    .addHelpText('after', '\nExample:\n  mailanchor config schema > mailanchor.schema.json')
    .action(async () => {
      const { runConfigSchema } = await import('./commands/config.ts');
      done(await runConfigSchema(context));
    });
}
