/** The whole: root, primaries and secondary in a network namespace, the chain of trust between them, and Mailanchor's configuration. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNamespace, namespaceName, removeNamespace } from '../namespace.ts';
import { signZone } from '../zone-signer.ts';
import { dsAt, mustIn, serialAt, until } from './asking.ts';
import { writeConfiguration } from './configuration.ts';
import {
  ADDRESS,
  ADDRESS6,
  type ServerSetting,
  startBind,
  startKnot,
  startPowerDns,
  startRoot,
  startSecondary,
  startSnippetNsd,
  ZONE_NAMES,
  ZONES,
} from './servers.ts';

export interface PublishingNetwork extends ServerSetting {
  /** The secondary asks its primary for the zone, and has it when this resolves. */
  catchUp(zone: string): Promise<void>;
  /** From now on the secondary is dead. */
  stopSecondary(): Promise<void>;
  lower(): void;
}

/** Some four seconds. Throws, and leaves nothing behind, where a part does not start. */
export async function raisePublishing(purpose: string): Promise<PublishingNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-publishing-'));
  const namespace = namespaceName(purpose);
  const setting = { folder, namespace };
  const lower = (): void => {
    process.removeListener('exit', lower);
    removeNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', lower);
  try {
    makeNamespace(namespace);
    // BIND listens where an interface has the address, not at any of the network 127.
    for (const address of [`${ADDRESS.bind}/8`, ...Object.values(ADDRESS6).map((each) => `${each}/128`)])
      await mustIn(namespace, 'ip', 'addr', 'add', address, 'dev', 'lo');
    startBind(setting);
    startKnot(setting);
    startPowerDns(setting);
    startSnippetNsd(setting);
    const delegations = await Promise.all(ZONE_NAMES.map((zone) => delegationOf(namespace, zone)));
    const root = join(folder, 'root');
    mkdirSync(root);
    const signed = signZone(root, '.', rootZone(delegations), {
      tool: 'bind',
      algorithm: 'ECDSAP256SHA256',
      denial: 'nsec',
    });
    startRoot(setting, signed.file);
    // Last: it finds the zones at its first asking.
    startSecondary(setting);
    writeFileSync(
      join(folder, 'root.hints'),
      `. 3600 IN NS a.rootns.\na.rootns. 3600 IN A ${ADDRESS.root}\n`,
    );
    writeFileSync(join(folder, 'root.key'), signed.dnskey);
    writeConfiguration(setting);
    await until(async () => (await serialAt(namespace, ADDRESS.root, '.')) !== undefined, 'root');
    for (const zone of ZONE_NAMES)
      await until(async () => {
        const secondary = await serialAt(namespace, ADDRESS.secondary, zone);
        return secondary !== undefined && secondary === (await serialAt(namespace, ZONES[zone], zone));
      }, `the secondary of ${zone}`);
  } catch (error) {
    lower();
    throw error;
  }
  return {
    ...setting,
    lower,
    catchUp: (zone) => catchUp(setting, zone),
    async stopSecondary() {
      await controlSecondary(setting, 'stop');
      await until(
        async () => (await serialAt(namespace, ADDRESS.secondary, 'bind')) === undefined,
        'its end',
      );
    },
  };
}

function controlSecondary(
  { folder, namespace }: ServerSetting,
  ...command: readonly string[]
): Promise<string> {
  return mustIn(namespace, 'nsd-control', '-c', join(folder, 'secondary', 'nsd.conf'), ...command);
}

async function catchUp(setting: ServerSetting, zone: string): Promise<void> {
  const { namespace } = setting;
  const primary = ZONES[zone as keyof typeof ZONES];
  await controlSecondary(setting, 'transfer', zone);
  await until(
    async () =>
      (await serialAt(namespace, ADDRESS.secondary, zone)) === (await serialAt(namespace, primary, zone)),
    `the secondary of ${zone}`,
  );
}

const rootZone = (delegations: readonly string[]): string => `$TTL 60
@ SOA a.rootns. hostmaster 1 3600 600 86400 60
@ NS a.rootns.
a.rootns. A ${ADDRESS.root}
${delegations.join('\n')}
`;

/** The delegation of a zone: servers, glue, DS of the key that its server has made. */
async function delegationOf(namespace: string, zone: keyof typeof ZONES): Promise<string> {
  const primary = ZONES[zone];
  const sixth =
    zone === 'bind' ? [`ns1.bind. AAAA ${ADDRESS6.bind}`, `ns2.bind. AAAA ${ADDRESS6.secondary}`] : [];
  return [
    `${zone}. NS ns1.${zone}.`,
    `${zone}. NS ns2.${zone}.`,
    `ns1.${zone}. A ${primary}`,
    `ns2.${zone}. A ${ADDRESS.secondary}`,
    ...sixth,
    await dsAt(namespace, primary, zone),
  ].join('\n');
}
