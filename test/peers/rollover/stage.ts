/** A mail platform of real parts in a namespace of its own, and a sender that mails to it all the while. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNamespace, namespaceName, removeForsaken, removeNamespace } from '../namespace.ts';
import { PRIMARY, startNameServers, UNBOUND } from './name-servers.ts';
import { type Instance, SENDER, startReceiver, startSender, stopPostfix } from './postfix.ts';

export const DOMAIN = 'platform.example';
export const HOST = `mx1.${DOMAIN}`;
export const HOST_ADDRESS = '127.0.62.25';

export interface Stage {
  readonly folder: string;
  readonly namespace: string;
  readonly sender: Instance;
  readonly receiver: Instance;
  /** What the receiving Postfix presents: key and chain in one file. */
  readonly chainFile: string;
  lower(): Promise<void>;
}

export interface StageOptions {
  /** Seconds: TTL of the TLSA records. */
  readonly ttl: number;
  /** Seconds that the secondary may lag behind. */
  readonly lag: number;
}

/** The host starts with a key of its own, and the matching record. Throws, and leaves nothing behind, where a part does not start. */
export async function raiseStage({ ttl, lag }: StageOptions): Promise<Stage> {
  removeForsaken();
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-rollover-'));
  chmodSync(folder, 0o755);
  const namespace = namespaceName('rollover');
  const instance = (name: string): Instance => ({ namespace, folder: join(folder, name) });
  const [sender, receiver] = [instance('sender'), instance('receiver')];
  const lower = async (): Promise<void> => {
    process.removeListener('exit', remove);
    await Promise.all([stopPostfix(sender), stopPostfix(receiver)]);
    remove();
  };
  const remove = (): void => {
    removeNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', remove);
  try {
    makeNamespace(namespace);
    // BIND and Postfix listen only on addresses that an interface has.
    for (const address of [HOST_ADDRESS, PRIMARY, SENDER])
      spawnSync('ip', ['netns', 'exec', namespace, 'ip', 'addr', 'add', `${address}/32`, 'dev', 'lo']);
    mkdirSync(`/etc/netns/${namespace}`, { recursive: true });
    writeFileSync(`/etc/netns/${namespace}/resolv.conf`, `nameserver ${UNBOUND}\noptions edns0 trust-ad\n`);
    makeKey(folder, 'current');
    const chainFile = join(folder, 'served.pem');
    serve(chainFile, join(folder, 'current.key'), join(folder, 'current.pem'));
    const tlsa = spki(join(folder, 'current.pem'));
    const records = `@ MX 10 mx1\nmx1 A ${HOST_ADDRESS}\n_25._tcp.mx1 TLSA 3 1 1 ${tlsa}\n`;
    await startNameServers({ folder, namespace, zone: DOMAIN, records, ttl, lag });
    await startReceiver(receiver, { host: HOST, address: HOST_ADDRESS, chainFile });
    await startSender(sender);
    return { folder, namespace, sender, receiver, chainFile, lower };
  } catch (error) {
    await lower();
    throw error;
  }
}

/** A key and a certificate of it, self-signed, as `name.key` and `name.pem`. */
export function makeKey(folder: string, name: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
  const { status, stderr } = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']
      .concat(['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`])
      .concat(files),
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`openssl req: ${stderr}`);
}

export function serve(chainFile: string, key: string, chain: string): void {
  writeFileSync(`${chainFile}.new`, readFileSync(key, 'utf8') + readFileSync(chain, 'utf8'), { mode: 0o600 });
  renameSync(`${chainFile}.new`, chainFile);
}

/** Hexadecimal SHA-256 of the certificate's public key, by OpenSSL. */
export function spki(certificate: string): string {
  const command = `openssl x509 -in ${certificate} -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256 -r`;
  return spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout.slice(0, 64);
}
