/** The command line of `mailanchor tlsa hook`. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import type { Done } from './done.ts';
import { addConfigFlag, addLookupFlags, addOutputFlags } from './options/flags.ts';

export function addTlsaHook(tlsa: CommandUnknownOpts, context: Context, done: Done): void {
  const hook = tlsa
    .command('hook')
    .summary('for ACME clients: stop a renewal that would break, deploy one that would not')
    .description(
      'Run by an ACME client after a renewal. For each host of the configuration that the certificate is for: deploy it where\n' +
        'that is safe now, publish its record where it is missing, or stop. What follows after -- is run only where\n' +
        'nothing is stopped or waited with: the reload of the mail server.',
    )
    .argument('<client>', 'certbot, acme.sh, lego or plain')
    .argument('[command...]', 'after --: what to run once the certificate may be presented')
    .option('--cert <file>', 'with plain: what was renewed: PEM, leaf first with its chain')
    .option('--key <file>', 'with plain: its private key, PEM')
    .option('--pre', 'with certbot: as a pre hook, say what the renewal will mean')
    .action(async (client, command, options) => {
      const { runTlsaHook } = await import('./commands/tlsa-hook.ts');
      done(await runTlsaHook(client, command, options, context));
    });
  addLookupFlags(hook);
  addConfigFlag(hook);
  addOutputFlags(hook);
  hook.addHelpText(
    'after',
    `
Exit status: 0 deployed, prepared, or not for a host of the configuration; 1 stopped; 2 bad arguments or files;
else that of the command. certbot only reports a hook that fails: what must not run then stands after --.

Examples:
  mailanchor tlsa hook plain --cert fullchain.pem --key privkey.pem -- postfix reload
  certbot renew --deploy-hook 'mailanchor tlsa hook certbot -- postfix reload'
  acme.sh --install-cert -d mx1.example.org --reloadcmd 'mailanchor tlsa hook acme.sh -- postfix reload'
  lego --email a@example.org -d mx1.example.org --http renew --renew-hook 'mailanchor tlsa hook lego -- postfix reload'`,
  );
}
