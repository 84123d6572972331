/**
 * The DNS of a mail platform that rolls its keys: a signed root by NSD, the platform's zone by BIND (dynamic, signed inline), a
 * secondary by NSD that is told of no change and looks by itself after seconds, Unbound as the resolver of those who send to it.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runIn, startIn } from '../namespace.ts';
import { signZone } from '../zone-signer.ts';

export const ROOT_SERVER = '127.0.62.1';
export const PRIMARY = '127.0.62.2';
export const SECONDARY = '127.0.62.3';
export const UNBOUND = '127.0.62.10';

export interface NameServers {
  readonly folder: string;
  readonly namespace: string;
  readonly zone: string;
  /** Master-file lines of the zone, without SOA, NS and the name servers' addresses. */
  readonly records: string;
  /** Seconds: of TLSA records, and of what is denied. */
  readonly ttl: number;
  /** Seconds between two looks of the secondary. */
  readonly lag: number;
}

/** A path for `nsupdate -k` and for us, as tsig-keygen writes it. */
export const tsigKeyFile = (folder: string): string => join(folder, 'mailanchor.key');

/** Starts them all, and waits until each answers with the signed zone. Needs some three seconds. */
export async function startNameServers(servers: NameServers): Promise<void> {
  const { folder, namespace, zone } = servers;
  const ds = preparePrimary(servers);
  prepareRoot(folder, zone, ds);
  start(namespace, folder, 'root', nsdConfiguration(folder, 'root', ROOT_SERVER, ROOT_ZONE(folder)));
  startIn(namespace, ['named', '-f', '-4', '-n', '1', '-c', join(folder, 'named.conf')]);
  await answers(servers, PRIMARY, zone);
  start(
    namespace,
    folder,
    'secondary',
    nsdConfiguration(folder, 'secondary', SECONDARY, secondaryZone(servers)),
  );
  await answers(servers, SECONDARY, zone);
  writeFileSync(join(folder, 'unbound.conf'), unboundConfiguration(folder, servers.ttl));
  startIn(namespace, ['unbound', '-d', '-c', join(folder, 'unbound.conf')]);
  await answers(servers, UNBOUND, zone);
}

function preparePrimary(servers: NameServers): string {
  const { folder, zone, records, ttl, lag } = servers;
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  const text = `$TTL ${ttl}
@ SOA ns1 hostmaster 1 ${lag} ${lag} 1209600 ${ttl}
@ NS ns1
@ NS ns2
ns1 A ${PRIMARY}
ns2 A ${SECONDARY}
${records}`;
  writeFileSync(join(folder, 'platform.zone'), text);
  writeFileSync(tsigKeyFile(folder), run(folder, 'tsig-keygen', '-a', 'hmac-sha256', 'mailanchor').stdout);
  chmodSync(tsigKeyFile(folder), 0o600);
  const configuration = `include "${tsigKeyFile(folder)}";
options {
  directory "${folder}"; key-directory "${keys}"; pid-file none; session-keyfile none; lock-file none;
  listen-on { ${PRIMARY}; }; listen-on-v6 { none; };
  recursion no; notify no; allow-transfer { any; }; dnssec-validation no; minimal-responses no;
};
controls { };
dnssec-policy rolling {
  keys { csk lifetime unlimited algorithm ecdsap256sha256; };
  dnskey-ttl ${ttl}; max-zone-ttl 86400;
};
zone "${zone}" {
  type primary; file "platform.zone"; dnssec-policy rolling; inline-signing yes;
  update-policy { grant mailanchor subdomain ${zone}. TLSA; };
};
`;
  writeFileSync(join(folder, 'named.conf'), configuration);
  // Made before BIND would: the root must name it.
  run(folder, 'dnssec-keygen', '-q', '-K', keys, '-k', 'rolling', '-l', join(folder, 'named.conf'), zone);
  const key = readdirSync(keys).find((file) => file.endsWith('.key'))!;
  return run(folder, 'dnssec-dsfromkey', '-2', join(keys, key)).stdout;
}

function prepareRoot(folder: string, zone: string, ds: string): void {
  const text = `$TTL 3600
@ SOA a.rootns. hostmaster. 1 7200 3600 1209600 300
@ NS a.rootns.
a.rootns. A ${ROOT_SERVER}
${zone}. NS ns1.${zone}.
${zone}. NS ns2.${zone}.
ns1.${zone}. A ${PRIMARY}
ns2.${zone}. A ${SECONDARY}
${ds}`;
  const root = signZone(folder, '.', text, { tool: 'bind', algorithm: 'ECDSAP256SHA256', denial: 'nsec' });
  writeFileSync(join(folder, 'root.hints'), `. 3600 IN NS a.rootns.\na.rootns. 3600 IN A ${ROOT_SERVER}\n`);
  writeFileSync(join(folder, 'root.key'), root.dnskey);
}

const ROOT_ZONE = (folder: string): string =>
  `zone:\n  name: "."\n  zonefile: "${join(folder, 'root.zone.signed')}"\n`;

const secondaryZone = ({ folder, zone, lag }: NameServers): string => `zone:
  name: "${zone}"
  zonefile: "${join(folder, 'secondary.zone')}"
  request-xfr: AXFR ${PRIMARY} NOKEY
  max-refresh-time: ${lag}
  max-retry-time: 1
`;

const nsdConfiguration = (folder: string, name: string, address: string, zone: string): string => `server:
  ip-address: ${address}
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  pidfile: ""
  zonesdir: "${folder}"
  xfrdir: "${folder}"
  xfrdfile: "${join(folder, `${name}.xfrd`)}"
  zonelistfile: "${join(folder, `${name}.zonelist`)}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
${zone}`;

/** Keeps every answer for nearly two TTLs: as long as one cache behind another may, and as long as a rollover waits for (rfc7671#section-8.1). */
const unboundConfiguration = (folder: string, ttl: number): string => `server:
  interface: ${UNBOUND}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  use-syslog: no
  username: ""
  cache-min-ttl: ${2 * ttl - 1}
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
`;

function start(namespace: string, folder: string, name: string, configuration: string): void {
  const file = join(folder, `nsd-${name}.conf`);
  writeFileSync(file, configuration);
  startIn(namespace, ['nsd', '-d', '-c', file]);
}

function run(folder: string, program: string, ...args: readonly string[]): { readonly stdout: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return { stdout };
}

async function answers({ namespace, folder }: NameServers, server: string, zone: string): Promise<void> {
  let last = '';
  for (let attempt = 0; attempt < 150; attempt++) {
    const query = ['dig', '+time=1', '+tries=1', '+dnssec', '+norec', `@${server}`, zone, 'SOA'];
    if (server === UNBOUND) query.splice(query.indexOf('+norec'), 1);
    last = (await runIn(namespace, query)).stdout;
    if (/\bRRSIG\s+SOA\b/.test(last) && last.includes('status: NOERROR')) return;
    await delay(100);
  }
  throw new Error(
    `${server} does not serve ${zone} signed: ${last}\n${readFileSync(join(folder, 'named.conf'), 'utf8')}`,
  );
}
