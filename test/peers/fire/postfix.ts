/** The receiving Postfix, and the two commands by which its certificate is replaced: one issues, one deploys and reloads. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIn } from '../namespace.ts';
import type { ServerSetting } from '../publishing/servers.ts';

export function startPostfix({ folder, namespace }: ServerSetting, address: string, host: string): void {
  // Postfix gives up its rights and must still find its way.
  chmodSync(folder, 0o755);
  const base = join(folder, 'postfix');
  const [etc, spool, data] = ['etc', 'spool', 'data'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [etc, spool, data]) mkdirSync(each, { recursive: true, mode: 0o755 });
  chownSync(data, idOf('postfix'), 0);
  mkdirSync(join(folder, 'live'), { recursive: true });
  writeFileSync(join(folder, 'issue.sh'), issueScript(host), { mode: 0o755 });
  writeFileSync(join(folder, 'deploy.sh'), deployScript(base), { mode: 0o755 });
  issueFirst(folder, base);
  writeFileSync(
    join(etc, 'main.cf'),
    `compatibility_level = 3.7
queue_directory = ${spool}
data_directory = ${data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${data}/maillog
maillog_file_prefixes = /
inet_protocols = ipv4
inet_interfaces = ${address}
alias_maps =
alias_database =
myhostname = ${host}
mydestination =
relay_domains = static:all
relay_transport = discard:
default_transport = discard:
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${base}/chain.pem
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
`,
  );
  writeFileSync(
    join(etc, 'master.cf'),
    `${address}:25 inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
discard unix - - n - - discard
retry unix - - n - - error
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`,
  );
  writeFileSync(join(etc, 'dynamicmaps.cf'), '');
  startIn(namespace, ['postfix', '-c', etc, 'start-fg']);
}

function idOf(user: string): number {
  return Number(spawnSync('id', ['-u', user], { encoding: 'utf8' }).stdout);
}

/** A certificate for the key that it is told, where whoever renews certificates writes them: whole, one after the other. */
const issueScript = (host: string): string => `#!/bin/sh
set -eu
openssl req -x509 -new -key "$MAILANCHOR_KEY" -subj "/CN=${host}" -addext "subjectAltName=DNS:${host}" -days 30 -out "$MAILANCHOR_LIVE_CERT.new"
cp "$MAILANCHOR_KEY" "$MAILANCHOR_LIVE_KEY.new"
mv "$MAILANCHOR_LIVE_KEY.new" "$MAILANCHOR_LIVE_KEY"
mv "$MAILANCHOR_LIVE_CERT.new" "$MAILANCHOR_LIVE_CERT"
`;

const deployScript = (base: string): string => `#!/bin/sh
set -eu
cat "$MAILANCHOR_KEY" "$MAILANCHOR_CERT" > ${base}/chain.new
mv ${base}/chain.new ${base}/chain.pem
postfix -c ${base}/etc reload
`;

function issueFirst(folder: string, base: string): void {
  const script = `openssl ecparam -genkey -name prime256v1 -noout -out first.key
MAILANCHOR_KEY=first.key MAILANCHOR_LIVE_CERT=live/cert.pem MAILANCHOR_LIVE_KEY=live/key.pem ./issue.sh
cat live/key.pem live/cert.pem > ${base}/chain.pem`;
  const { status, stderr } = spawnSync('sh', ['-ec', script], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the first certificate: ${stderr}`);
}
