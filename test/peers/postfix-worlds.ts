/**
 * Two Internets in one network namespace, the bed's (NSD, destinations of a receiving Postfix) and the lab's, each with our resolver and our policy
 * server, and sending Postfixes between them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type RaisedNetwork, raiseBed, readTable } from './bed.ts';
import { runIn } from './namespace.ts';
import { PostfixSender, type SenderOptions } from './postfix-sender.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const LAB = fileURLToPath(new URL('./lab-process.ts', import.meta.url));

export type WorldName = 'bed' | 'lab';

export interface Destination {
  readonly world: WorldName;
  readonly domain: string;
  /** What is special about it. */
  readonly title: string;
}

/** What is special about the destinations of the bed. */
const CASES: Readonly<Record<string, string>> = {
  good: '3 1 1',
  bad: '3 1 1 of another key',
  ta: '2 1 1',
  nostarttls: '3 1 1, no STARTTLS',
  notlsa: 'signed, no TLSA records',
  expired: '3 1 1, expired certificate',
  taname: '2 1 1, certificate for another name',
  unusable: 'only a record that no sender can use',
  roll: '3 1 1 of another key and of this one',
  fullcert: '3 0 1',
  sha512: '3 1 2',
  tanochain: '2 1 1, CA not sent',
  eename: '3 1 1, certificate for another name',
  alias: 'the MX host is an alias',
  failover: 'the first host has a wrong key, the second is good',
  nullmx: 'null MX',
  bogustlsa: 'TLSA records with a wrong signature',
  bogusdenial: 'no TLSA records, with a wrong proof',
};

/** Addresses of our resolvers, ports of our socketmaps. */
const PLACES = {
  bed: { resolver: '127.0.53.60', port: 8461 },
  lab: { resolver: '127.0.53.61', port: 8471 },
} as const;

/** A program of ours in the namespace, and what it says on standard error. */
export class Service {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  constructor(namespace: string, args: readonly string[]) {
    this.child = spawn('ip', ['netns', 'exec', namespace, process.execPath, PROGRAM, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  async ready(): Promise<this> {
    for await (const line of createInterface({ input: this.child.stderr! })) {
      this.lines.push(line);
      if (line.endsWith(': ready')) break;
    }
    if (this.child.exitCode !== null) throw new Error(this.lines.join('\n'));
    this.child.stderr!.resume();
    return this;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill(signal);
    await closed;
  }
}

export class PostfixWorlds {
  readonly namespace: string;
  /** User postfix can enter it. */
  readonly folder: string;
  readonly destinations: readonly Destination[];
  readonly policies = new Map<WorldName, Service>();
  readonly #bed: RaisedNetwork;
  readonly #lab: ChildProcess;
  readonly #labLines: Interface;
  readonly #services: Service[] = [];
  readonly #senders: PostfixSender[] = [];
  #addresses = 2;

  /** Takes some fifteen seconds. */
  static async raise(): Promise<PostfixWorlds> {
    const bed = raiseBed(10, 3);
    try {
      const { namespace, folder } = bed.network;
      const lab = spawn('ip', ['netns', 'exec', namespace, process.execPath, LAB, join(folder, 'lab')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: lab.stdout });
      const [list] = (await once(lines, 'line')) as [string];
      const worlds = new PostfixWorlds(bed, lab, lines, list);
      await Promise.all(
        (['bed', 'lab'] as const).flatMap((world) => [worlds.#resolver(world), worlds.startPolicy(world)]),
      );
      return worlds;
    } catch (error) {
      bed.lower();
      throw error;
    }
  }

  private constructor(bed: RaisedNetwork, lab: ChildProcess, lines: Interface, list: string) {
    this.#bed = bed;
    this.#lab = lab;
    this.#labLines = lines;
    this.namespace = bed.network.namespace;
    this.folder = dirname(bed.network.folder);
    const cases = readTable(bed.network, 'cases.tsv');
    const all = JSON.parse(list) as { domain: string; title: string; slow: boolean }[];
    this.destinations = [
      ...cases.map(([domain = '']) => ({
        world: 'bed' as const,
        domain,
        title: CASES[domain.split('.')[0]!] ?? 'not described',
      })),
      ...all
        .filter(({ slow }) => !slow)
        .map(({ domain, title }) => ({ world: 'lab' as const, domain, title })),
    ];
  }

  /** Settings by which a program of ours finds the world. */
  roots(world: WorldName): readonly string[] {
    const { folder } = this.#bed.network;
    if (world === 'lab') return ['--config', join(folder, 'lab/mailanchor.yaml')];
    return ['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')];
  }

  /** PEM: the CA of the lab. */
  get ca(): string {
    return join(this.#bed.network.folder, 'lab/lab-ca.pem');
  }

  get state(): string {
    return join(this.folder, 'policy-state');
  }

  async #resolver(world: WorldName): Promise<void> {
    const args = ['resolver', ...this.roots(world), '--listen', PLACES[world].resolver];
    this.#services.push(await new Service(this.namespace, args).ready());
  }

  /** `more`: places besides, in the words of the command line. */
  async startPolicy(world: WorldName, ...more: readonly string[]): Promise<Service> {
    const args = ['policy', ...this.roots(world), '--listen', `127.0.0.1:${PLACES[world].port}`];
    const state = ['--state', join(this.state, world), '--control', this.#control(world)];
    const service = await new Service(this.namespace, [...args, ...state, ...more]).ready();
    this.policies.set(world, service);
    return service;
  }

  #control(world: WorldName): string {
    return join(this.folder, `control-${world}`);
  }

  /** What the server has answered and keeps, by destination: the policy, or a status. */
  async answers(world: WorldName): Promise<ReadonlyMap<string, string>> {
    const command = [process.execPath, PROGRAM, 'policy', 'dump', '--json', '--server', this.#control(world)];
    const { stdout } = await runIn(this.namespace, command);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return new Map(
      lines.map((line) => {
        const { key, status, policy } = JSON.parse(line) as { key: string; status: string; policy: string };
        return [key, status === 'OK' ? policy : status];
      }),
    );
  }

  /** `smtp_tls_policy_maps` by which Postfix asks our server over TCP. */
  maps(world: WorldName): string {
    return `smtp_tls_policy_maps = socketmap:inet:127.0.0.1:${PLACES[world].port}:policy\n`;
  }

  /** Started. Its resolver is ours. */
  async sender(
    world: WorldName,
    settings: string,
    options: Partial<Pick<SenderOptions, 'chroot'>> = {},
  ): Promise<PostfixSender> {
    const number = this.#addresses++;
    const sender = new PostfixSender({
      namespace: this.namespace,
      folder: join(this.folder, `sender-${number}`),
      address: `127.4.0.${number}`,
      resolver: PLACES[world].resolver,
      settings: `smtp_tls_CAfile = ${this.ca}\n${settings}`,
      ...options,
    });
    this.#senders.push(sender);
    await sender.start();
    return sender;
  }

  /** What the policy host of a domain of the lab serves from now on. */
  async servePolicy(domain: string, served: object): Promise<void> {
    this.#lab.stdin!.write(`policy ${domain} ${JSON.stringify(served)}\n`);
    await once(this.#labLines, 'line');
  }

  async lower(): Promise<void> {
    await Promise.all(this.#senders.map((sender) => sender.stop().catch(() => {})));
    await Promise.all([...this.#services, ...this.policies.values()].map((service) => service.stop()));
    this.#lab.kill();
    this.#bed.lower();
  }
}
