/** Whether this machine gets out to mail servers at all: many networks let nobody connect to port 25. Connections are opened and closed, nothing is said. */
import * as net from 'node:net';
import type { Resolver } from '@mailanchor/dnssec';
import { planDestination } from '@mailanchor/smtp';
import { incomplete, type SendingFinding, sendingFinding } from './finding-table.ts';

const CONNECT_MS = 5000;
/** What is tried of all targets together, and of one host. */
const MAX_CONNECTIONS = 12;
const MAX_ADDRESSES = 2;

export interface ConnectionTried {
  readonly host: string;
  readonly address: string;
  /** 'no-route': this machine has none, which says nothing of filters. */
  readonly outcome: 'connected' | 'refused' | 'timeout' | 'no-route' | 'failed';
}

export interface PortOptions {
  readonly resolver: Resolver;
  /** 25, but in a lab. */
  readonly port: number;
  readonly signal: AbortSignal;
  /** Milliseconds for the lookups of a target. */
  readonly timeoutMs: number;
  /** Default 5000. */
  readonly connectMs?: number;
}

/** The first addresses of the mail hosts of each target. Throws `SmtpError` for what is no mail domain. */
export async function tryMailHosts(
  targets: readonly string[],
  options: PortOptions,
): Promise<readonly ConnectionTried[]> {
  const plans = await Promise.all(targets.map((target) => planDestination(target, options)));
  const places = new Map<string, string>();
  for (const plan of plans) {
    if (plan.kind === 'address-literal') places.set(plan.address, plan.address);
    if (plan.kind !== 'hosts') continue;
    for (const { host, addresses } of plan.hosts) {
      for (const address of firstOfEach(addresses)) places.set(address, host);
    }
  }
  return Promise.all(
    [...places].slice(0, MAX_CONNECTIONS).map(async ([address, host]) => ({
      host,
      address,
      outcome: await connect(address, options),
    })),
  );
}

/** One address of each family where there are both: a machine may have a route for one only. */
function firstOfEach(addresses: readonly string[]): readonly string[] {
  const first = [4, 6].flatMap((family) => addresses.find((address) => net.isIP(address) === family) ?? []);
  return [...new Set([...first, ...addresses])].slice(0, MAX_ADDRESSES);
}

function connect(
  address: string,
  { port, signal, connectMs = CONNECT_MS }: PortOptions,
): Promise<ConnectionTried['outcome']> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port });
    const timer = setTimeout(() => settle('timeout'), connectMs);
    const stop = () => {
      clearTimeout(timer);
      socket.destroy();
      reject(signal.reason);
    };
    const settle = (outcome: ConnectionTried['outcome']) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(outcome);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => settle('connected'));
    // Stays: an error without a listener would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => settle(outcomeOf(error.code)));
  });
}

function outcomeOf(code: string | undefined): ConnectionTried['outcome'] {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ETIMEDOUT') return 'timeout';
  return code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'
    ? 'no-route'
    : 'failed';
}

export function portFindings(tried: readonly ConnectionTried[], port: number): SendingFinding[] {
  const subject = `port ${port}`;
  const told = tried.filter(({ outcome }) => outcome !== 'no-route');
  if (told.length === 0) {
    const why =
      tried.length === 0 ? 'no address of a mail host was found' : 'there is no route to any mail host';
    return [incomplete(subject, `Whether mail gets out was not seen: ${why}.`)];
  }
  if (!told.every(({ outcome }) => outcome === 'refused' || outcome === 'timeout')) return [];
  const which = told.map(({ host, address, outcome }) => `${host} [${address}] ${WORDS[outcome]}`).join(', ');
  const hosts = new Set(told.map(({ host }) => host)).size;
  return [
    sendingFinding('port-25-blocked', subject, `No mail host takes a connection: ${which}.`, {
      // Of a single host the fault may be its own.
      severity: hosts > 1 ? 'error' : 'warning',
      fix: `${hosts > 1 ? '' : 'Try domains of other operators as well. '}Have port ${port} opened by whoever runs the network, or send through a relay.`,
    }),
  ];
}

const WORDS: Readonly<Record<ConnectionTried['outcome'], string>> = {
  connected: 'connects',
  refused: 'refuses',
  timeout: 'does not answer',
  'no-route': 'has no route',
  failed: 'fails',
};
