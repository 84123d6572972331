/** A destination for `connectMx`: DNS from a table, mail hosts in the process. */
import * as net from 'node:net';
import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { connectMx } from '../src/deliver/connect-mx.ts';
import type { ConnectMxOptions, MxConnected, MxConnection, MxDeferred } from '../src/deliver/types.ts';
import type { StsPolicy } from '../src/mta-sts/policy.ts';
import type { StsSource } from '../src/mta-sts/sts-cache.ts';
import { type MailHost, type MailHostScript, startMailHost } from './fake-mail-host.ts';
import { ee, intermediate, leaf, NOW, zoneOf } from './world.ts';

export interface Scene {
  readonly tlsa?: readonly string[];
  /** In place of `tlsa`. */
  readonly zone?: string;
  readonly table?: Omit<FakeTable, 'zone'>;
  /** By address; null refuses. Others have no route. */
  readonly hosts?: Readonly<Record<string, MailHostScript | null>>;
  readonly sts?: StsPolicy;
  readonly to?: string;
  readonly options?: ConnectMxOptions;
}

export interface Played {
  readonly result: MxConnection;
  readonly hosts: ReadonlyMap<string, MailHost>;
  readonly resolver: FakeResolver;
  /** Addresses in the order in which they were dialled. */
  readonly dialled: readonly string[];
}

const open: MailHost[] = [];

export async function closeScenes(): Promise<void> {
  await Promise.all(open.splice(0).map((host) => host.close()));
}

export function stsOf(policy: StsPolicy | undefined): StsSource {
  const discovery = policy ? ({ kind: 'policy', id: '1', policy } as const) : ({ kind: 'absent' } as const);
  return { find: async () => ({ policy, discovery }) };
}

/** example.org with the host mx.example.net at 192.0.2.1, unless the scene says otherwise. */
export async function play(scene: Scene = {}): Promise<Played> {
  const started = new Map<string, MailHost>();
  for (const [address, script] of Object.entries(scene.hosts ?? { '192.0.2.1': {} })) {
    const host = await startMailHost({ chain: [leaf, intermediate], ...script });
    started.set(address, host);
    if (script === null) await host.close();
    else open.push(host);
  }
  const resolver = new FakeResolver({
    zone: scene.zone ?? zoneOf(...(scene.tlsa ?? [ee(leaf)])),
    ...scene.table,
  });
  const dialled: string[] = [];
  const result = await connectMx(scene.to ?? 'example.org', {
    resolver,
    sts: stsOf(scene.sts),
    clock: () => NOW,
    random: () => 0,
    helo: 'client.test',
    timeoutMs: 5_000,
    dial: ({ host: address = '' }: net.TcpNetConnectOpts) => {
      dialled.push(address);
      const host = started.get(address);
      if (host) return net.connect({ host: host.address, port: host.port });
      const error = Object.assign(new Error(`connect ENETUNREACH ${address}`), { code: 'ENETUNREACH' });
      return new net.Socket().destroy(error);
    },
    ...scene.options,
  });
  return { result, hosts: started, resolver, dialled };
}

/** The session, its socket destroyed. */
export function connected({ result }: Played): MxConnected {
  if (result.kind !== 'connected') throw new Error(`${result.kind}: ${result.reason}: ${result.text}`);
  result.socket.destroy();
  return result;
}

export function deferred({ result }: Played): MxDeferred {
  if (result.kind === 'deferred') return result;
  if (result.kind === 'connected') result.socket.destroy();
  throw new Error(`${result.kind}, not deferred`);
}
