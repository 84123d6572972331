/** Postfix instances in a namespace: one that receives with certificates of ours, one that sends with DANE. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runIn } from '../namespace.ts';

export const SENDER = '127.0.62.250';

/** Folders of one instance; Postfix enters them as its own user, so every folder above must let it. */
export interface Instance {
  readonly namespace: string;
  /** Holds `etc`, `spool`, `data`. */
  readonly folder: string;
}

export const mailLog = ({ folder }: Instance): string => join(folder, 'data', 'maillog');

const COMMON = ({ folder }: Instance): string => `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${folder}/data/maillog
maillog_file_prefixes = /
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtputf8_enable = no
`;

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

async function start(instance: Instance, main: string, master: string): Promise<void> {
  const { folder, namespace } = instance;
  for (const name of ['etc', 'spool', 'data'])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  chmodSync(folder, 0o755);
  spawnSync('chown', ['postfix', join(folder, 'data')]);
  writeFileSync(join(folder, 'etc/main.cf'), COMMON(instance) + main);
  writeFileSync(join(folder, 'etc/master.cf'), `${master}\n${SERVICES}`);
  writeFileSync(join(folder, 'etc/dynamicmaps.cf'), '');
  const { status, stderr } = await runIn(namespace, ['postfix', '-c', join(folder, 'etc'), 'start']);
  if (status !== 0) throw new Error(`Postfix does not start: ${stderr}`);
}

export interface Receiver {
  readonly host: string;
  readonly address: string;
  /** PEM, the key first, then the chain: one file, so that it is replaced at one moment. */
  readonly chainFile: string;
}

/** A mail server that takes all mail and keeps none. Its log tells of each session. */
export function startReceiver(instance: Instance, { host, address, chainFile }: Receiver): Promise<void> {
  const main = `myhostname = ${host}
mydestination =
relay_domains = static:all
relay_transport = discard:
default_transport = discard:
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${chainFile}
smtpd_peername_lookup = no
inet_interfaces = ${address}
`;
  return start(instance, main, `${address}:25 inet n - n - - smtpd`);
}

/** Takes mail at port 25 of its address and sends it with DANE; a mail that is deferred stays so. */
export function startSender(instance: Instance): Promise<void> {
  const main = `myhostname = sender.example
mydestination = localhost
inet_interfaces = ${SENDER}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_host_lookup = dns
smtp_tls_loglevel = 1
smtp_bind_address = ${SENDER}
smtp_tls_session_cache_database =
smtp_connection_cache_on_demand = no
minimal_backoff_time = 3600s
`;
  return start(instance, main, `${SENDER}:25 inet n - n - - smtpd`);
}

export function stopPostfix({ namespace, folder }: Instance): Promise<unknown> {
  return runIn(namespace, ['postfix', '-c', join(folder, 'etc'), 'stop']);
}
