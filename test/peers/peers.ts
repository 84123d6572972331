/** Whether this machine can raise real peers: root, network namespaces, Debian's packages, the bed's scripts. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Under MAILANCHOR_TEST_PEERS=required what is absent fails the run; otherwise the tests are skipped and say why. */
export const REQUIRED = process.env['MAILANCHOR_TEST_PEERS'] === 'required';

/** The scripts that raise the bed: MAILANCHOR_BED, or beside the repository. */
export const BED_SCRIPTS =
  process.env['MAILANCHOR_BED'] ?? fileURLToPath(new URL('../../../shared/bed', import.meta.url));

/** Programs by the Debian package that brings them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  nsd: ['nsd'],
  unbound: ['unbound'],
  bind9: ['named'],
  knot: ['knotd'],
  'knot-dnsutils': ['knsupdate'],
  'pdns-server': ['pdns_server', 'pdnsutil'],
  sqlite3: ['sqlite3'],
  'bind9-utils': ['dnssec-keygen', 'dnssec-signzone', 'dnssec-dsfromkey'],
  'bind9-dnsutils': ['dig'],
  ldnsutils: ['ldns-keygen', 'ldns-signzone', 'ldns-key2ds'],
  postfix: ['postfix', 'posttls-finger'],
  openssl: ['openssl'],
  iproute2: ['ip', 'ss'],
};

/** Daemons live where an ordinary PATH may not lead. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function isInstalled(program: string): boolean {
  return FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canMakeNamespaces(): boolean {
  const name = `mailanchor-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return false;
  const works = spawnSync('ip', ['netns', 'exec', name, 'ip', 'link', 'set', 'lo', 'up']).status === 0;
  spawnSync('ip', ['netns', 'del', name]);
  return works;
}

/** Why there can be no real peers here; undefined where there can. */
export function whyNoPeers(): string | undefined {
  if (process.getuid?.() !== 0) return 'real peers need root (ports below 1024, network namespaces)';
  const absent = Object.entries(PROGRAMS).filter(([, programs]) => !programs.every(isInstalled));
  if (absent.length > 0) return `not installed: ${absent.map(([name]) => name).join(' ')} (Debian packages)`;
  if (!existsSync(join(BED_SCRIPTS, 'bed-up.sh')))
    return `no bed-up.sh in ${BED_SCRIPTS}: set MAILANCHOR_BED to the folder of the bed's scripts`;
  if (!canMakeNamespaces()) return 'this machine allows no network namespaces';
  return undefined;
}
