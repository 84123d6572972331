/**
 * A DNS of zones signed by BIND's and ldns's tools, served by three NSDs (root, top-level zones, what lies below), with Unbound
 * beside, in a network namespace of its own.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RaisedNetwork } from './bed.ts';
import { makeNamespace, namespaceName, removeNamespace, runIn, startIn } from './namespace.ts';
import { type Signing, signZone } from './zone-signer.ts';

const ROOT_SERVER = '127.0.60.1';
const TOP_SERVER = '127.0.60.2';
const LOW_SERVER = '127.0.60.3';
const UNBOUND = '127.0.60.10';

/** Top-level zones by name; each has the same contents, a signed child and an unsigned one. */
export const ZONES: Readonly<Record<string, Signing>> = {
  'bind-nsec': { tool: 'bind', algorithm: 'ECDSAP256SHA256', denial: 'nsec' },
  'bind-nsec3': { tool: 'bind', algorithm: 'RSASHA256', denial: 'nsec3' },
  'bind-salted': {
    tool: 'bind',
    algorithm: 'ECDSAP384SHA384',
    denial: 'nsec3',
    salt: 'c0ffee',
    iterations: 12,
  },
  'bind-optout': { tool: 'bind', algorithm: 'ED25519', denial: 'opt-out' },
  'ldns-nsec': { tool: 'ldns', algorithm: 'RSASHA512', denial: 'nsec' },
  'ldns-nsec3': { tool: 'ldns', algorithm: 'ECDSAP256SHA256', denial: 'nsec3', salt: 'ab', iterations: 1 },
  'ldns-optout': { tool: 'ldns', algorithm: 'ED448', denial: 'opt-out' },
  'bind-expired': { tool: 'bind', algorithm: 'ECDSAP256SHA256', denial: 'nsec', expired: true },
  'ldns-expired': { tool: 'ldns', algorithm: 'ECDSAP256SHA256', denial: 'nsec3', expired: true },
};

const ROOT_SIGNING: Signing = { tool: 'bind', algorithm: 'ECDSAP256SHA256', denial: 'nsec' };

const head = (ns: string): string => `$TTL 3600
@ SOA ${ns} hostmaster 1 7200 3600 1209600 300
@ NS ${ns}
`;

const LOW_ZONE = `${head('ns')}ns A ${LOW_SERVER}
www A 192.0.2.80
@ MX 10 mx
mx A 192.0.2.25
_25._tcp.mx TLSA 3 1 1 ${'ab'.repeat(32)}
`;

const topZone = (ds: string): string => `${head('ns')}ns A ${TOP_SERVER}
@ MX 10 mx
mx A 192.0.2.25
mx AAAA 2001:db8::25
_25._tcp.mx TLSA 3 1 1 ${'cd'.repeat(32)}
www A 192.0.2.80
a\\.b TXT "a dot in a label"
sp\\032ace TXT "a space in a label"
alias CNAME www
alias2 CNAME alias
lost CNAME absent
toplain CNAME www.plain
tochild CNAME www.child
*.wild A 192.0.2.7
*.wild MX 10 mx
*.wildalias CNAME www
dn DNAME target
x.target A 192.0.2.9
a.b.deep TXT "below empty names"
plain NS ns.plain
ns.plain A ${LOW_SERVER}
child NS ns.child
ns.child A ${LOW_SERVER}
${ds}`;

function nsdConfiguration(address: string, zones: readonly ServedZone[]): string {
  const server = `server:\n  ip-address: ${address}\n  server-count: 1\n  username: ""\n  chroot: ""\n  database: ""\n`;
  const files = `  pidfile: ""\n  xfrdfile: ""\n  zonelistfile: ""\n  rrl-ratelimit: 0\nremote-control:\n  control-enable: no\n`;
  return `${server}${files}${zones.map(({ name, file }) => `zone:\n  name: "${name}"\n  zonefile: "${file}"\n`).join('')}`;
}

const unboundConfiguration = (folder: string): string => `server:
  interface: ${UNBOUND}
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
`;

async function waitFor(namespace: string, server: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { stdout } = await runIn(namespace, ['dig', '+time=1', '+tries=1', `@${server}`, '.', 'SOA']);
    if (stdout.includes('status: ')) return;
    await delay(50);
  }
  throw new Error(`no answer from ${server}`);
}

interface ServedZone {
  readonly name: string;
  readonly file: string;
}

/** Makes and signs every zone, root.hints and root.key in the folder. Returns the zones by the server that has them. */
function signZones(folder: string): Readonly<Record<string, readonly ServedZone[]>> {
  const low: ServedZone[] = [];
  const top: ServedZone[] = [];
  let rootZone = `${head('a.rootns.')}a.rootns. A ${ROOT_SERVER}\n`;
  for (const [name, signing] of Object.entries(ZONES)) {
    const keys = join(folder, name);
    mkdirSync(keys);
    const plain = join(keys, 'plain.zone');
    writeFileSync(plain, LOW_ZONE);
    const child = signZone(keys, `child.${name}`, LOW_ZONE, { ...signing, expired: false });
    const zone = signZone(keys, name, topZone(child.ds), signing);
    low.push(child, { name: `plain.${name}`, file: plain });
    top.push(zone);
    rootZone += `${name}. NS ns.${name}.\nns.${name}. A ${TOP_SERVER}\n${zone.ds}\n`;
  }
  const root = signZone(folder, '.', rootZone, ROOT_SIGNING);
  writeFileSync(join(folder, 'root.hints'), `. 3600 IN NS a.rootns.\na.rootns. 3600 IN A ${ROOT_SERVER}\n`);
  writeFileSync(join(folder, 'root.key'), root.dnskey);
  return { [ROOT_SERVER]: [root], [TOP_SERVER]: top, [LOW_SERVER]: low };
}

/** Signs the zones and starts the servers: some three seconds. Throws, and leaves nothing behind, when a part does not start. */
export async function raiseSignedNetwork(): Promise<RaisedNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-zones-'));
  const namespace = namespaceName('zones');
  const lower = (): void => {
    process.removeListener('exit', lower);
    removeNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', lower);
  try {
    const zones = signZones(folder);
    makeNamespace(namespace);
    for (const [address, served] of Object.entries(zones)) {
      const file = join(folder, `nsd-${address}.conf`);
      writeFileSync(file, nsdConfiguration(address, served));
      startIn(namespace, ['nsd', '-d', '-c', file]);
      await waitFor(namespace, address);
    }
    writeFileSync(join(folder, 'unbound.conf'), unboundConfiguration(folder));
    startIn(namespace, ['unbound', '-d', '-c', join(folder, 'unbound.conf')]);
    await waitFor(namespace, UNBOUND);
  } catch (error) {
    lower();
    throw error;
  }
  return { network: { folder, namespace, unbound: UNBOUND }, lower };
}
