/** The lab on loopback: a signed Internet, raised in about a second, with the destinations of the table. */
import { serveDns } from './authority/dns-server.ts';
import type { BuiltHost } from './build-hosts.ts';
import { POLICY_ADDRESS } from './build-sts.ts';
import { LabError } from './errors.ts';
import { type LabNetwork, type LabNetworkOptions, LabPlan } from './lab-network.ts';
import { toPem } from './mail/certificate.ts';
import { MailHost } from './mail/mail-host.ts';
import { listenPolicyHost, type ServedPolicy } from './mail/policy-host.ts';
import { openPort } from './port.ts';

export interface LabOptions extends LabNetworkOptions {
  /** Of the mail hosts; default one that is free. */
  readonly port?: number;
  /** Of the name servers; default one that is free. */
  readonly dnsPort?: number;
}

export interface Lab extends LabNetwork {
  /** Of every name server, for `--dns-port`. */
  readonly dnsPort: number;
  /** Of every mail host, for `--port`. */
  readonly mailPort: number;
  /** Where MTA-STS policies are served over HTTPS, in place of 443. */
  readonly policyPort: number;
  /** PEM: the CA of the policy hosts. */
  readonly ca: string;
  /** The servers of a mail host, one for each address; none where nothing listens. Throws {@link LabError} 'unknown-name'. */
  mailHost(name: string): readonly MailHost[];
  /** The host presents a new key from now on; its TLSA records stay. Throws {@link LabError} 'unknown-name'. */
  renewKey(name: string): void;
  /** The policy host of the domain serves this from now on. Throws {@link LabError} 'unknown-name' where it has none. */
  servePolicy(domain: string, served: Partial<ServedPolicy>): void;
  /** Closes every socket. */
  close(): Promise<void>;
}

/** Rejects with {@link LabError} 'no-port' where the sockets cannot be opened; nothing stays open then. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const plan = new LabPlan(options);
  const { hosts, builder } = plan;
  // Keeps the port for the lab where every host that was chosen is one at which nothing listens.
  const keeper = new MailHost({
    name: 'nobody',
    address: '127.53.0.5',
    chain: [builder.ca.root],
    fault: 'greeting-refused',
  });
  const servers = [keeper, ...hosts.flatMap((host) => host.servers)];
  const mail = await openPort(
    servers.map((server) => (port) => server.listen(port)),
    options.port,
  );
  const listeners = [...mail.listeners];
  const closeMail = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    const policies = plan.policies();
    const certificateFor = builder.policyChain.bind(builder);
    const policyHost = await listenPolicyHost({ address: POLICY_ADDRESS, policies, certificateFor }, 0);
    listeners.push(policyHost);
    const network = await plan.network(mail.port);
    const dns = await serveDns(network.network, options.dnsPort);
    let closed: Promise<unknown> | undefined;
    return {
      ...network,
      dnsPort: dns.port,
      mailPort: mail.port,
      policyPort: policyHost.port,
      ca: toPem([builder.ca.root]),
      mailHost: (name) => findHost(hosts, name).servers,
      renewKey(name) {
        for (const server of findHost(hosts, name).servers)
          server.present(builder.chain(name, { key: 'next' }));
      },
      servePolicy(domain, served) {
        const host = `mta-sts.${domain}`;
        const before = policies.get(host);
        if (!before) throw new LabError('unknown-name', `the lab has no policy host ${host}`);
        policies.set(host, { ...before, ...served });
      },
      async close() {
        closed ??= Promise.all([dns.close(), closeMail()]);
        await closed;
      },
    };
  } catch (error) {
    await closeMail();
    throw error;
  }
}

function findHost(hosts: readonly BuiltHost[], name: string): BuiltHost {
  const host = hosts.find(({ spec }) => spec.name === name);
  if (!host) throw new LabError('unknown-name', `the lab has no mail host ${name}`);
  return host;
}
