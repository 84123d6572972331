/** A destination for tests: DNS from a table, mail hosts in the process, and the two joined. */
import * as net from 'node:net';
import { FakeResolver, type FakeTable } from '@mailanchor/dnssec';
import { checkDestination } from '../src/check-destination.ts';
import type { CheckOptions } from '../src/check-options.ts';
import type { DomainCheck, Finding } from '../src/verdict.ts';
import { type MadeCertificate, makeCertificate } from './certificates.ts';
import { type MailHost, type MailHostScript, startMailHost } from './fake-mail-host.ts';

/** The certificates that tests share. The clock of tests stands at 2026-11-24. */
export const NOW = Date.UTC(2026, 10, 24);
export const root = makeCertificate({ cn: 'Test Root', ca: true });
export const intermediate = makeCertificate({ cn: 'Test Intermediate', ca: true, issuer: root });
export const leaf = makeCertificate({
  cn: 'mx.example.net',
  names: ['mx.example.net'],
  issuer: intermediate,
});
export const other = makeCertificate({ cn: 'other.example', names: ['other.example'], issuer: intermediate });

export const ee = ({ spkiSha256 }: MadeCertificate): string => `3 1 1 ${spkiSha256}`;
export const ta = ({ spkiSha256 }: MadeCertificate): string => `2 1 1 ${spkiSha256}`;

/** Milliseconds of a session that is to succeed, however busy the machine is. */
export const PATIENT = { connectMs: 5_000, replyMs: 5_000, tlsMs: 5_000 } as const;

export interface World {
  /** Zone text. */
  readonly zone: string;
  readonly table?: Omit<FakeTable, 'zone'>;
  /** By address; a null refuses connections. Others have no route. */
  readonly servers?: Readonly<Record<string, MailHostScript | null>>;
  readonly target?: string;
  readonly options?: Partial<CheckOptions>;
}

export interface WorldResult {
  readonly check: DomainCheck;
  readonly asked: readonly string[];
  /** Commands by address. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly servernames: Readonly<Record<string, readonly string[]>>;
  /** Connections to each address, and the most that were open at a time. */
  readonly counts: Readonly<Record<string, { readonly connections: number; readonly most: number }>>;
  readonly codes: readonly string[];
  finding(code: string): Finding;
}

/** One domain `example.org` with one host `mx.example.net` at 192.0.2.1 with the given TLSA records. */
export function zoneOf(...tlsa: string[]): string {
  return [
    'example.org. 300 IN MX 10 mx.example.net.',
    'mx.example.net. 300 IN A 192.0.2.1',
    ...tlsa.map((record) => `_25._tcp.mx.example.net. 300 IN TLSA ${record}`),
  ].join('\n');
}

export async function run(world: World): Promise<WorldResult> {
  const { zone, table = {}, servers = { '192.0.2.1': {} }, target = 'example.org', options = {} } = world;
  const hosts = new Map<string, MailHost>();
  try {
    for (const [address, script] of Object.entries(servers)) {
      const host = await startMailHost({ chain: [leaf, intermediate], ...script });
      if (script === null) await host.close();
      hosts.set(address, host);
    }
    const counts: Record<string, { connections: number; most: number; open: number }> = {};
    const dial = ({ host: address }: net.TcpNetConnectOpts): net.Socket => {
      const host = hosts.get(address ?? '');
      if (host) return counted(net.connect({ host: host.address, port: host.port }), counts, address ?? '');
      const error = Object.assign(new Error(`connect ENETUNREACH ${address}`), { code: 'ENETUNREACH' });
      return new net.Socket().destroy(error);
    };
    const resolver = new FakeResolver({ zone, ...table });
    const check = await checkDestination(target, {
      resolver,
      dial,
      clock: () => NOW,
      random: () => 0,
      helo: 'checker.test',
      // What commands an address sees is told by tests; those of further connections have their own.
      probes: false,
      besideDane: false,
      ...options,
      sessionLimits: { replyMs: 500, tlsMs: 500, connectMs: 500, quitMs: 100, ...options.sessionLimits },
    });
    const codes = check.findings.map(({ code }) => code);
    return {
      check,
      asked: resolver.asked.map(({ name, type }) => `${name} ${type}`),
      commands: Object.fromEntries([...hosts].map(([address, { commands }]) => [address, commands])),
      servernames: Object.fromEntries([...hosts].map(([address, { servernames }]) => [address, servernames])),
      counts,
      codes,
      finding(code) {
        const found = check.findings.find((finding) => finding.code === code);
        if (!found) throw new Error(`no finding ${code} among: ${codes.join(' ') || 'none'}`);
        return found;
      },
    };
  } finally {
    await Promise.all([...hosts].map(([address, host]) => servers[address] !== null && host.close()));
  }
}

function counted(
  socket: net.Socket,
  counts: Record<string, { connections: number; most: number; open: number }>,
  address: string,
): net.Socket {
  counts[address] ??= { connections: 0, most: 0, open: 0 };
  const count = counts[address];
  count.connections++;
  count.most = Math.max(count.most, ++count.open);
  return socket.once('close', () => count.open--);
}
