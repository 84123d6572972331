/** The command line of `mailanchor tlsa` and of the commands below it. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags, collect } from './options/flags.ts';
import { addTlsaHook } from './program-tlsa-hook.ts';
import { addTlsaRollCommands } from './program-tlsa-roll.ts';

export function addTlsa(program: CommandUnknownOpts, context: Context, done: Done): void {
  const tlsa = program
    .command('tlsa')
    .helpCommand(false)
    .summary('make and test TLSA records')
    .description('The receiving side: make TLSA records and test them against a certificate chain.');
  addVerify(tlsa, context, done);
  addGenerate(tlsa, context, done);
  addPublish(tlsa, context, done);
  addTlsaRollCommands(tlsa, context, done);
  addTlsaHook(tlsa, context, done);
}

function addVerify(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const verify = tlsa
    .command('verify')
    .summary('test TLSA records against a certificate chain; the gate before a deployment')
    .description(
      'Test TLSA records against a certificate chain, as a sender would. No network.\n' +
        'With --deploy: would this certificate match what every authoritative server publishes? The gate before a mail server.',
    )
    .option('--chain <file>', 'PEM, leaf first, as the server sends it')
    .option('--tlsa <record>', '"USAGE SELECTOR MATCHING HEX"; repeatable', collect)
    .option('--name <name>', 'reference name: the TLSA base domain first; repeatable', collect)
    .option('--mode <mode>', 'smtp (RFC 7672: usages 0 and 1 unusable) or general (default: smtp)')
    .option('--ca <file>', 'PEM, trusted CAs for usages 0 and 1 in mode general')
    .option('--ee-names', 'check names for usage 3 as well')
    .optionsGroup('Before a deployment:')
    .option('--deploy', 'look at what is published for --name instead of --tlsa')
    .option('--cert <file>', 'what would be deployed: PEM, leaf first with its chain')
    .option('--key <file>', 'its private key, PEM')
    .option('--port <n>', 'port of the mail host (default: as configured, or 25)')
    .option('--any-record', 'one matching record is enough: combinations that do not match are let pass')
    .action(async (options) => {
      if (options.deploy === true) {
        const { runTlsaGate } = await import('./commands/tlsa-gate.ts');
        return done(await runTlsaGate(options, context));
      }
      const { runTlsaVerify } = await import('./commands/tlsa-verify.ts');
      done(await runTlsaVerify(options, context));
    });
  addLookupFlags(verify);
  addConfigFlag(verify);
  addOutputFlags(verify);
  verify.addHelpText(
    'after',
    `
Exit status: 0 match, 1 mismatch or too early, 3 no usable record or none published, 5 could not be seen, 2 bad input.

Examples:
  mailanchor tlsa verify --chain chain.pem --tlsa "3 1 1 8d02...a3" --name mx1.example.org
  mailanchor tlsa verify --deploy --cert fullchain.pem --key privkey.pem --name mx1.example.org`,
  );
}

function addGenerate(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const generate = tlsa
    .command('generate')
    .summary('print TLSA records for a certificate or key')
    .description(
      'Print the TLSA record for a certificate, a chain, a key or a running server, as a master-file line.',
    )
    .option('--cert <file>', 'certificate, PEM or DER')
    .option('--chain <file>', 'PEM, leaf first; with usage 2 the CA certificate that issued the leaf')
    .option('--key <file>', 'private or public key, PEM or DER (selector 1)')
    .option(
      '--from <host[:port]>',
      'ask a server: STARTTLS on ports 25 and 587, TLS from the start on others',
    )
    .option('--usage <n>', '3 the server itself (DANE-EE), 2 its CA (DANE-TA) (default: 3)')
    .option('--selector <n>', '1 the public key, 0 the whole certificate (default: 1)')
    .option('--matching <n>', '1 SHA2-256, 2 SHA2-512, 0 in full (default: 1)')
    .option(
      '--name <host>',
      'mail host that the record is for (default: as --from, or the certificate names it)',
    )
    .option('--port <n>', 'port that the record is for (default: 25, or that of --from)')
    .option('--ttl <seconds>', 'time to live of the record (default: 3600)')
    .action(async (options) => {
      const { runTlsaGenerate } = await import('./commands/tlsa-generate.ts');
      done(await runTlsaGenerate(options, context));
    });
  addLookupFlags(generate);
  addConfigFlag(generate);
  addOutputFlags(generate);
  generate.addHelpText(
    'after',
    `
Examples:
  mailanchor tlsa generate --cert cert.pem --name mx1.example.org
  mailanchor tlsa generate --chain fullchain.pem --usage 2 --name mx1.example.org
  mailanchor tlsa generate --from mx1.example.org`,
  );
}

function addPublish(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const publish = tlsa
    .command('publish')
    .summary('put TLSA records into the zone, and see them there')
    .description(
      'Add, remove or replace the TLSA records of a mail host, by a publisher of the configuration: dynamic updates,\n' +
        'the API of PowerDNS, a zone file snippet or a command of your own. What somebody else has changed meanwhile is\n' +
        'never overwritten, and nothing is done that would keep senders from delivering to what the host presents.',
    )
    .optionsGroup('Publishing:')
    .requiredOption('--name <host>', 'mail host that the records are for')
    .option('--port <n>', 'its port (default: 25)')
    .option('--record <record>', '"USAGE SELECTOR MATCHING HEX"; repeatable', collect)
    .option('--add', 'beside what is there (default)')
    .option('--remove', 'from what is there')
    .option('--replace', 'in place of what is there; without records: none')
    .option(
      '--publisher <name>',
      'of the configuration (default: that of the host under tlsa:, or the only one)',
    )
    .option('--ttl <seconds>', 'time to live (default: as it is, or 3600)')
    .option('--dry-run', 'print the exact change and make none')
    .option(
      '--wait [seconds]',
      'until every authoritative server has it, signed and validated from the root (default: 120)',
    )
    .option('--force <host:port>', 'this host may break: what would be refused is done')
    .action(async (options) => {
      const { runTlsaPublish } = await import('./commands/tlsa-publish.ts');
      done(await runTlsaPublish(options, context));
    });
  addLookupFlags(publish);
  addConfigFlag(publish);
  addOutputFlags(publish);
  publish.addHelpText(
    'after',
    `
Exit status: 0 published (with --wait: and to be seen everywhere), 1 conflict or refused (with --wait: bogus or not signed),
5 not known whether it was published or (with --wait) not yet to be seen, 2 bad arguments or files, or it would break the host.

Examples:
  mailanchor tlsa publish --name mx1.example.org --record "3 1 1 8d02...a3" --dry-run
  mailanchor tlsa publish --name mx1.example.org --record "3 1 1 8d02...a3" --publisher main --wait
  mailanchor tlsa publish --name mx1.example.org --record "3 1 1 1f0c...77" --remove`,
  );
}
