/**
 * The name servers that records are published to, as their configuration is printed in docs/publishing.md: BIND, Knot and PowerDNS that take
 * updates and sign by themselves, NSD with a zone that a script signs, and NSD as the secondary of them all, which hears of nothing until it
 * is told to ask.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIn } from '../namespace.ts';

export const ADDRESS = {
  root: '127.0.70.1',
  bind: '127.0.70.2',
  knot: '127.0.70.3',
  pdns: '127.0.70.4',
  nsd: '127.0.70.5',
  secondary: '127.0.70.6',
  nobody: '127.0.70.9',
} as const;
/** BIND and the secondary have one of these too. */
export const ADDRESS6 = { bind: 'fd00:70::2', secondary: 'fd00:70::6' } as const;

/** Each zone's primary server. The exec publisher's command uses updates to Knot. */
export const ZONES = {
  bind: ADDRESS.bind,
  knot: ADDRESS.knot,
  exec: ADDRESS.knot,
  pdns: ADDRESS.pdns,
  pdnsapi: ADDRESS.pdns,
  snippet: ADDRESS.nsd,
} as const;
export type ZoneName = keyof typeof ZONES;
export const ZONE_NAMES = Object.keys(ZONES) as ZoneName[];

export const SECRET = {
  'hmac-sha256': Buffer.alloc(32, 1).toString('base64'),
  'hmac-sha384': Buffer.alloc(48, 2).toString('base64'),
  'hmac-sha512': Buffer.alloc(64, 3).toString('base64'),
} as const;
export const API_KEY = 'an-api-key';

/** Plain, before it is signed. TTLs are short: nothing here is kept long. */
export function zoneText(zone: ZoneName): string {
  const sixth = zone === 'bind' ? `ns1 AAAA ${ADDRESS6.bind}\nns2 AAAA ${ADDRESS6.secondary}\n` : '';
  return `$ORIGIN ${zone}.
$TTL 60
@ SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
@ NS ns2
ns1 A ${ZONES[zone]}
ns2 A ${ADDRESS.secondary}
${sixth}@ MX 10 mx1
mx1 A 127.0.70.25
_25._tcp.alias CNAME _25._tcp.mx1
below NS ns.below
ns.below A ${ADDRESS.nobody}
`;
}

export interface ServerSetting {
  readonly folder: string;
  readonly namespace: string;
}

export function folderOf({ folder }: ServerSetting, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

function must(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** What docs/publishing.md prints for `example.org`. */
export const bindConfiguration = (zone: string, secret: string): string => `key "mail" {
	algorithm hmac-sha256;
	secret "${secret}";
};
zone "${zone}" {
	type primary;
	file "${zone}.zone";
	dnssec-policy default;
	inline-signing yes;
	update-policy { grant mail zonesub TLSA; };
};
`;

export function startBind(setting: ServerSetting): void {
  const folder = folderOf(setting, 'bind');
  writeFileSync(join(folder, 'bind.zone'), zoneText('bind'));
  writeFileSync(
    join(folder, 'named.conf'),
    `options { directory "${folder}"; listen-on { ${ADDRESS.bind}; }; listen-on-v6 { ${ADDRESS6.bind}; }; recursion no;
  allow-transfer { any; }; notify no; dnssec-validation no;
  pid-file none; session-keyfile none; lock-file none; };
controls { };
${bindConfiguration('bind', SECRET['hmac-sha256'])}`,
  );
  startIn(setting.namespace, ['named', '-g', '-n', '1', '-c', join(folder, 'named.conf')]);
}

export const knotConfiguration = (zone: string, secret: string): string => `key:
  - id: mail
    algorithm: hmac-sha384
    secret: ${secret}
acl:
  - id: mail
    key: mail
    action: update
    update-type: [TLSA]
  - id: secondaries
    address: 127.0.0.0/8
    action: transfer
zone:
  - domain: ${zone}
    file: ${zone}.zone
    dnssec-signing: on
    acl: [mail, secondaries]
`;

export function startKnot(setting: ServerSetting): void {
  const folder = folderOf(setting, 'knot');
  writeFileSync(join(folder, 'knot.zone'), zoneText('knot'));
  writeFileSync(join(folder, 'exec.zone'), zoneText('exec'));
  writeFileSync(
    join(folder, 'knot.conf'),
    `server:
  rundir: ${folder}
  listen: ${ADDRESS.knot}@53
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: ${folder}
template:
  - id: default
    storage: ${folder}
${knotConfiguration('knot', SECRET['hmac-sha384'])}  - domain: exec
    file: exec.zone
    dnssec-signing: on
    acl: [mail, secondaries]
`,
  );
  startIn(setting.namespace, ['knotd', '-c', join(folder, 'knot.conf')]);
}

export const powerDnsConfiguration = (apiKey: string): string => `launch=gsqlite3
gsqlite3-dnssec=yes
primary=yes
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
api=yes
api-key=${apiKey}
webserver=yes
`;

/** Of pdnsutil: for updates, and for the API. */
export const powerDnsUpdateCommands = (zone: string, secret: string): readonly string[] => [
  `secure-zone ${zone}`,
  `set-kind ${zone} primary`,
  `import-tsig-key mail hmac-sha512 ${secret}`,
  `set-meta ${zone} TSIG-ALLOW-DNSUPDATE mail`,
  `set-meta ${zone} SOA-EDIT-DNSUPDATE INCREASE`,
];
export const powerDnsApiCommands = (zone: string): readonly string[] => [
  `secure-zone ${zone}`,
  `set-kind ${zone} primary`,
  `set-meta ${zone} SOA-EDIT-API INCREASE`,
];

export function startPowerDns(setting: ServerSetting): void {
  const folder = folderOf(setting, 'pdns');
  const database = join(folder, 'pdns.sqlite3');
  const schema = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';
  must('sqlite3', database, `.read ${schema}`);
  writeFileSync(
    join(folder, 'pdns.conf'),
    `${powerDnsConfiguration(API_KEY)}gsqlite3-database=${database}
local-address=${ADDRESS.pdns}
webserver-address=${ADDRESS.pdns}
webserver-allow-from=127.0.0.0/8
allow-axfr-ips=127.0.0.0/8
socket-dir=${folder}
setuid=root
setgid=root
`,
  );
  const pdnsutil = (...args: readonly string[]) => must('pdnsutil', '--config-dir', folder, ...args);
  for (const zone of ['pdns', 'pdnsapi'] as const) {
    writeFileSync(join(folder, `${zone}.zone`), zoneText(zone));
    pdnsutil('load-zone', zone, join(folder, `${zone}.zone`));
  }
  const commands = [
    ...powerDnsUpdateCommands('pdns', SECRET['hmac-sha512']),
    ...powerDnsApiCommands('pdnsapi'),
  ];
  for (const command of commands) pdnsutil(...command.split(' '));
  startIn(setting.namespace, ['pdns_server', `--config-dir=${folder}`, '--daemon=no', '--guardian=no']);
}

/** Signs the zone again with what the snippet holds, and has NSD read it. Its first argument is the folder. */
export const nsdReloadScript = (zone: string): string => `#!/bin/sh
# Zone and snippet to one file with the next serial, signed, read by NSD. Fails where any part of it does.
set -eu
cd "$1"
serial=$(($(cat serial 2>/dev/null || echo 0) + 1))
sed "s/SERIAL/$serial/" plain.zone > whole.zone
cat tlsa.inc >> whole.zone
ldns-signzone -n -o ${zone} -f signed.new whole.zone $(cat keys)
mv signed.new signed.zone
echo "$serial" > serial
nsd-control -c nsd.conf reload ${zone} > reload.out || { cat reload.out >&2; exit 1; }
`;

export function startSnippetNsd(setting: ServerSetting): void {
  const folder = folderOf(setting, 'nsd');
  writeFileSync(
    join(folder, 'plain.zone'),
    zoneText('snippet').replace('hostmaster 1 ', 'hostmaster SERIAL '),
  );
  writeFileSync(join(folder, 'tlsa.inc'), '');
  const key = spawnSync('ldns-keygen', ['-a', 'ECDSAP256SHA256', '-k', 'snippet'], {
    cwd: folder,
    encoding: 'utf8',
  });
  writeFileSync(join(folder, 'keys'), key.stdout);
  writeFileSync(join(folder, 'reload.sh'), nsdReloadScript('snippet').replace(/^nsd-control.*$/m, ''), {
    mode: 0o755,
  });
  must(join(folder, 'reload.sh'), folder);
  writeFileSync(join(folder, 'reload.sh'), nsdReloadScript('snippet'), { mode: 0o755 });
  const zone = 'zone:\n  name: "snippet"\n  zonefile: "signed.zone"\n  provide-xfr: 127.0.0.0/8 NOKEY\n';
  startNsd(setting, folder, [ADDRESS.nsd], zone);
}

/** It has every zone from its primary, and asks for changes where it is told to (`nsd-control transfer`). */
export function startSecondary(setting: ServerSetting): void {
  const folder = folderOf(setting, 'secondary');
  const zones = ZONE_NAMES.map(
    (zone) => `zone:\n  name: "${zone}"\n  request-xfr: AXFR ${ZONES[zone]} NOKEY\n`,
  );
  startNsd(setting, folder, [ADDRESS.secondary, ADDRESS6.secondary], zones.join(''));
}

export function startRoot(setting: ServerSetting, file: string): void {
  const folder = folderOf(setting, 'root-server');
  startNsd(setting, folder, [ADDRESS.root], `zone:\n  name: "."\n  zonefile: "${file}"\n`);
}

/** With its remote control at a socket in `folder`. */
export function startNsd(
  setting: ServerSetting,
  folder: string,
  addresses: readonly string[],
  zones: string,
): void {
  writeFileSync(
    join(folder, 'nsd.conf'),
    `server:
${addresses.map((address) => `  ip-address: ${address}\n`).join('')}  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "${folder}"
  pidfile: ""
  xfrdfile: ""
  xfrdir: "${folder}"
  zonelistfile: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: yes
  control-interface: ${folder}/control
${zones}`,
  );
  startIn(setting.namespace, ['nsd', '-d', '-c', join(folder, 'nsd.conf')]);
}
