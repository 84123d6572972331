/**
 * The resolv.conf that Postfix's smtp client really reads. In a chroot (master(5), fifth column) it is the one in the queue directory: without it
 * libc asks 127.0.0.1 and knows no options.
 */
import { type SendingFinding, sendingFinding } from './finding-table.ts';
import type { Postconf } from './postfix.ts';
import { parseResolvConf, type ResolvConf } from './resolv-conf.ts';

const NO_CHROOT = (service: string) =>
  `Take the client out of the chroot:\npostconf -F ${service}/chroot=n\npostfix reload`;

/** Services of `postconf -M` that deliver by SMTP from a chroot, as postconf names them: `smtp/unix`. */
export function chrootedClients(master: string, settings: Postconf): readonly string[] {
  // Before compatibility level 1 services are in the chroot unless they say otherwise (postconf(5)).
  const usual = Number.parseFloat(settings.get('compatibility_level') ?? '') >= 1 ? 'n' : 'y';
  return master.split('\n').flatMap((line) => {
    const [service, type, , , chroot, , , command] = line.trim().split(/\s+/);
    if (type !== 'unix' || command !== 'smtp') return [];
    return (chroot === '-' ? usual : chroot) === 'y' ? [`${service}/${type}`] : [];
  });
}

/** `inside`: text of the resolv.conf in the queue directory, undefined where there is none. */
export function chrootFindings(
  clients: readonly string[],
  path: string,
  inside: string | undefined,
  system: ResolvConf,
): SendingFinding[] {
  const [first] = clients;
  if (first === undefined) return [];
  const who = clients.join(', ');
  if (inside === undefined) {
    const severity = system.nameservers.includes('127.0.0.1') ? 'warning' : 'error';
    return [
      sendingFinding('postfix-chroot', path, `${who} runs in a chroot, and there is no such file in it.`, {
        severity,
        fix: NO_CHROOT(first),
      }),
    ];
  }
  if (describe(parseResolvConf(inside)) === describe(system)) return [];
  return [
    sendingFinding(
      'postfix-chroot',
      path,
      `${who} runs in a chroot, whose file names other resolvers or options than the system's.`,
      {
        severity: 'warning',
        effect: 'The client asks other resolvers than those that were looked at here, or in another way.',
        fix: `Copy the system's file there and reload Postfix. Or: ${NO_CHROOT(first)}`,
      },
    ),
  ];
}

function describe({ nameservers, options }: ResolvConf): string {
  return JSON.stringify([nameservers, options.toSorted()]);
}
