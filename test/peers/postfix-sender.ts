/**
 * A sending Postfix in a network namespace, with a resolv.conf of its own: so several can stand beside each other and differ in what they are to
 * be compared by. It takes mail from the namespace at its address, and gives up on a host after a few seconds.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runIn } from './namespace.ts';

export interface SenderOptions {
  readonly namespace: string;
  /** Made, and removed by `stop`; user postfix must be able to enter the folders above it. */
  readonly folder: string;
  /** Where it takes mail: an address of 127.0.0.0/8 that no other has. */
  readonly address: string;
  /** The resolver that its resolv.conf names. */
  readonly resolver: string;
  /** Lines of main.cf: what is under test. */
  readonly settings: string;
  /** Whether `smtp` runs in a chroot, as Debian has it. */
  readonly chroot?: boolean;
  /** A command that enters a namespace with an /etc of its own, which says which resolver there is; default: one is made for it. */
  readonly enter?: readonly string[];
}

export interface Delivery {
  readonly domain: string;
  readonly status: string;
  /** Of the connection that the mail went over, or the last one: Verified, Trusted, Untrusted, Anonymous. */
  readonly tls: string | undefined;
  /** What Postfix says in parentheses. */
  readonly why: string;
  /** Warnings of the process that had it. */
  readonly warnings: readonly string[];
}

const SERVICES = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - CHROOT - 50 smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

const idOf = (user: string, flag = '-u') =>
  Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout.trim());

export class PostfixSender {
  readonly log: string;
  readonly queue: string;
  readonly #options: SenderOptions;
  #child: ChildProcess | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.log = join(options.folder, 'data/maillog');
    this.queue = join(options.folder, 'spool');
  }

  /** The folder of main.cf. */
  get etc(): string {
    return join(this.#options.folder, 'etc');
  }

  /** Started and taking mail. */
  async start(): Promise<void> {
    const { namespace, folder, address, resolver, settings, chroot = false, enter } = this.#options;
    for (const part of ['etc', 'spool', 'data'])
      mkdirSync(join(folder, part), { recursive: true, mode: 0o755 });
    chmodSync(folder, 0o755);
    chownSync(join(folder, 'data'), idOf('postfix'), idOf('postfix', '-g'));
    const resolvConf = join(folder, 'resolv.conf');
    writeFileSync(resolvConf, `nameserver ${resolver}\noptions edns0 trust-ad timeout:2 attempts:2\n`);
    if (chroot) {
      mkdirSync(join(this.queue, 'etc'), { recursive: true });
      for (const name of ['services', 'hosts', 'nsswitch.conf'])
        writeFileSync(join(this.queue, 'etc', name), readFileSync(join('/etc', name)));
      writeFileSync(join(this.queue, 'etc/resolv.conf'), readFileSync(resolvConf));
    }
    const main = `compatibility_level = 3.7
queue_directory = ${this.queue}
data_directory = ${join(folder, 'data')}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${this.log}
maillog_file_prefixes = /
inet_protocols = ipv4
alias_maps =
alias_database =
biff = no
append_dot_mydomain = no
smtputf8_enable = no
myhostname = sender.bedmail.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = ${address}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
smtpd_peername_lookup = no
smtp_bind_address = ${address}
smtp_host_lookup = dns
smtp_tls_loglevel = 1
smtp_connect_timeout = 5s
smtp_helo_timeout = 5s
smtp_starttls_timeout = 5s
smtp_quit_timeout = 3s
smtp_connection_cache_on_demand = no
default_destination_recipient_limit = 1
in_flow_delay = 0
notify_classes =
bounce_notice_recipient = discard
minimal_backoff_time = 1000s
local_transport = discard
${settings}
`;
    writeFileSync(join(this.etc, 'main.cf'), main);
    const services = SERVICES.replace('CHROOT', chroot ? 'y' : 'n');
    writeFileSync(join(this.etc, 'master.cf'), `${address}:25 inet n - n - - smtpd${services}`);
    writeFileSync(join(this.etc, 'dynamicmaps.cf'), '');
    await runIn(namespace, ['ip', 'addr', 'add', `${address}/32`, 'dev', 'lo']);
    const script = `mount --bind "$1" /etc/resolv.conf && exec postfix -c "$2" start-fg`;
    const own = [
      'ip',
      'netns',
      'exec',
      namespace,
      'unshare',
      '-m',
      'sh',
      '-c',
      script,
      'sh',
      resolvConf,
      this.etc,
    ];
    const command = enter ? [...enter, 'postfix', '-c', this.etc, 'start-fg'] : own;
    this.#child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
    for (let tries = 0; tries < 100; tries++) {
      await delay(100);
      const { stdout } = await runIn(namespace, ['ss', '-lntH', `src ${address}:25`]);
      if (stdout.includes(address)) return;
    }
    throw new Error(`the Postfix at ${address} did not start:\n${this.lines().join('\n')}`);
  }

  /** A mail each, to this local part. */
  async send(domains: readonly string[], local = 'u'): Promise<void> {
    const words = '-m 1 -l 500 -f s@sender.bedmail.example';
    const each = `for d in $2; do smtp-source ${words} -t "$1@$d" inet:${this.#options.address}:25; done`;
    await runIn(this.#options.namespace, ['sh', '-c', each, 'sh', local, domains.join(' ')]);
  }

  lines(): readonly string[] {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').split('\n') : [];
  }

  /** What became of them at the first try, or the first since so many lines of the log; waits until that is known, so many milliseconds. */
  async deliveries(
    domains: readonly string[],
    local = 'u',
    timeoutMs = 60_000,
    since = 0,
  ): Promise<readonly Delivery[]> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const lines = this.lines().slice(since);
      const found = domains.map((domain) => deliveryOf(lines, `${local}@${domain}`, domain));
      if (found.every((delivery) => delivery !== undefined)) return found;
      if (performance.now() > end) {
        const missing = domains.filter((_, i) => found[i] === undefined);
        throw new Error(`no word of ${missing.join(' ')}:\n${lines.slice(-40).join('\n')}`);
      }
      await delay(200);
    }
  }

  /** Tries again what waits. */
  async flush(): Promise<void> {
    await runIn(this.#options.namespace, ['postqueue', '-c', this.etc, '-f']);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child && child.exitCode === null) {
      await runIn(this.#options.namespace, ['postfix', '-c', this.etc, 'stop']);
      if (child.exitCode === null) await once(child, 'close');
    }
    rmSync(this.#options.folder, { recursive: true, force: true });
  }
}

function deliveryOf(lines: readonly string[], to: string, domain: string): Delivery | undefined {
  const at = lines.findIndex((line) => line.includes(`to=<${to}>`) && line.includes(' status='));
  if (at < 0) return undefined;
  const line = lines[at]!;
  const [, status = '', why = ''] = /status=(\w+) \((.*)\)$/.exec(line) ?? [];
  const process = /(\S+\[\d+\]): /.exec(line)?.[1];
  // What this process has said since it had its last message.
  const own = lines.slice(0, at).filter((text) => text.includes(` ${process}: `));
  const since = own.slice(own.findLastIndex((text) => text.includes(' status=')) + 1);
  const host = /relay=([^[,]+)/.exec(line)?.[1];
  const tls = since.findLast((text) => text.includes(`connection established to ${host}[`));
  const warnings = since.flatMap((text) => /: warning: (.*)$/.exec(text)?.[1] ?? []);
  return { domain, status, why, warnings, tls: /(\w+) TLS connection established/.exec(tls ?? '')?.[1] };
}
