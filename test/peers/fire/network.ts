/**
 * A mail domain under way: BIND as its primary, which takes updates and signs, NSD as a secondary that lags up to two seconds behind, Unbound with a
 * cache, and a receiving Postfix whose certificate is replaced and which is reloaded.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNamespace, namespaceName, removeNamespace, runIn, startIn } from '../namespace.ts';
import { digIn, dsAt, mustIn, serialAt, until } from '../publishing/asking.ts';
import { bindConfiguration, folderOf, type ServerSetting, startNsd } from '../publishing/servers.ts';
import { signZone } from '../zone-signer.ts';
import { startPostfix } from './postfix.ts';

const ROOT = '127.0.71.1';
const PRIMARY = '127.0.71.2';
const SECONDARY = '127.0.71.6';
export const RESOLVER = '127.0.71.10';
export const MAIL = '127.0.71.25';
export const DOMAIN = 'fire';
export const HOST = 'mx1.fire';

const SECRET = Buffer.alloc(32, 5).toString('base64');
/** Seconds between the questions of the secondary: BIND does not tell it of changes. */
const REFRESH = 2;

export interface FireNetwork extends ServerSetting {
  /** Mailanchor's configuration. */
  readonly config: string;
  lower(): void;
}

/** `ttl`: seconds, of everything in the zone. Some three seconds. Throws, and leaves nothing behind, where a part does not start. */
export async function raiseFire(ttl: number): Promise<FireNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-fire-'));
  const namespace = namespaceName('fire');
  const setting = { folder, namespace };
  const lower = (): void => {
    process.removeListener('exit', lower);
    removeNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', lower);
  try {
    makeNamespace(namespace);
    for (const address of [`${PRIMARY}/8`, `${MAIL}/8`])
      await mustIn(namespace, 'ip', 'addr', 'add', address, 'dev', 'lo');
    startPrimary(setting, ttl);
    const root = signRoot(setting, await dsAt(namespace, PRIMARY, DOMAIN));
    startNsd(
      setting,
      folderOf(setting, 'root-server'),
      [ROOT],
      `zone:\n  name: "."\n  zonefile: "${root.file}"\n`,
    );
    const request = `zone:\n  name: "${DOMAIN}"\n  request-xfr: ${PRIMARY} NOKEY\n`;
    startNsd(setting, folderOf(setting, 'secondary'), [SECONDARY], request);
    writeFileSync(join(folder, 'root.hints'), `. 3600 IN NS a.rootns.\na.rootns. 3600 IN A ${ROOT}\n`);
    writeFileSync(join(folder, 'root.key'), root.dnskey);
    startUnbound(setting);
    startPostfix(setting, MAIL, HOST);
    const config = writeConfiguration(setting, ttl);
    await until(async () => (await serialAt(namespace, SECONDARY, DOMAIN)) !== undefined, 'the secondary');
    await until(async () => {
      const { stdout } = await digIn(namespace, RESOLVER, HOST, 'A', '+short', '+adflag');
      return stdout.includes(MAIL);
    }, 'Unbound');
    await until(() => greets(setting), 'Postfix');
    return { ...setting, config, lower };
  } catch (error) {
    lower();
    throw error;
  }
}

function startPrimary(setting: ServerSetting, ttl: number): void {
  const folder = folderOf(setting, 'bind');
  writeFileSync(
    join(folder, `${DOMAIN}.zone`),
    `$TTL ${ttl}
@ SOA ns1 hostmaster 1 ${REFRESH} 1 86400 ${ttl}
@ NS ns1
@ NS ns2
ns1 A ${PRIMARY}
ns2 A ${SECONDARY}
@ MX 10 mx1
mx1 A ${MAIL}
`,
  );
  writeFileSync(
    join(folder, 'named.conf'),
    `options { directory "${folder}"; listen-on { ${PRIMARY}; }; listen-on-v6 { none; }; recursion no;
  allow-transfer { any; }; notify no; dnssec-validation no; pid-file none; session-keyfile none; lock-file none; };
controls { };
${bindConfiguration(DOMAIN, SECRET)}`,
  );
  startIn(setting.namespace, ['named', '-g', '-n', '1', '-c', join(folder, 'named.conf')]);
}

function signRoot(setting: ServerSetting, ds: string): { readonly file: string; readonly dnskey: string } {
  const text = `$TTL 60
@ SOA a.rootns. hostmaster 1 3600 600 86400 60
@ NS a.rootns.
a.rootns. A ${ROOT}
${DOMAIN}. NS ns1.${DOMAIN}.
${DOMAIN}. NS ns2.${DOMAIN}.
ns1.${DOMAIN}. A ${PRIMARY}
ns2.${DOMAIN}. A ${SECONDARY}
${ds}`;
  const signing = { tool: 'bind', algorithm: 'ECDSAP256SHA256', denial: 'nsec' } as const;
  return signZone(folderOf(setting, 'root'), '.', text, signing);
}

function startUnbound({ folder, namespace }: ServerSetting): void {
  const file = join(folder, 'unbound.conf');
  writeFileSync(
    file,
    `server:
  interface: ${RESOLVER}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  root-hints: "${folder}/root.hints"
  trust-anchor-file: "${folder}/root.key"
  module-config: "validator iterator"
  do-ip6: no
  do-not-query-localhost: no
  num-threads: 1
remote-control:
  control-enable: no
`,
  );
  startIn(namespace, ['unbound', '-d', '-c', file]);
  // What Postfix's client asks, and whose AD bit it believes.
  mkdirSync(`/etc/netns/${namespace}`, { recursive: true });
  writeFileSync(`/etc/netns/${namespace}/resolv.conf`, `nameserver ${RESOLVER}\noptions edns0 trust-ad\n`);
}

function writeConfiguration({ folder }: ServerSetting, ttl: number): string {
  const live = folderOf({ folder, namespace: '' }, 'live');
  const config = join(folder, 'mailanchor.yaml');
  writeFileSync(join(folder, 'tsig.key'), `hmac-sha256:mail:${SECRET}\n`, { mode: 0o600 });
  writeFileSync(
    config,
    `root-hints: root.hints
trust-anchor: root.key
publishers:
  main: { kind: rfc2136, server: ${PRIMARY}, tsig-key: tsig.key, timeout: 5 }
tlsa:
  state: state
  settle: 1
  interval: 1
  hosts:
    - name: ${HOST}
      publisher: main
      policy: current-next
      ttl: ${ttl}
      certificate: ${live}/cert.pem
      key: ${live}/key.pem
      issue: [./issue.sh]
      deploy: [./deploy.sh]
`,
  );
  return config;
}

async function greets({ folder, namespace }: ServerSetting): Promise<boolean> {
  const command = ['posttls-finger', '-c', '-l', 'may', `[${HOST}]`];
  const env = { MAIL_CONFIG: join(folder, 'postfix/etc') };
  const { stdout, stderr } = await runIn(namespace, command, { env, timeoutMs: 5000 });
  return `${stdout}${stderr}`.includes('TLS connection established');
}
