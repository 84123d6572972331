/**
 * A small signed Internet whose zone takes changes and whose mail hosts take new certificates: for rollovers as they really go. A script
 * beside it is publisher and deployer, as an operator's own command would be.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import {
  certificatesFromPem,
  keyRecords,
  recordTexts,
  tlsaFromCertificate,
  tlsaFromText,
  tlsaToText,
} from '@mailanchor/dane';
import {
  encodeTlsa,
  Name,
  parseZoneFile,
  type ResourceRecord,
  RRClass,
  RRType,
  recordToText,
} from '@mailanchor/dns';
import {
  AuthorityNetwork,
  createSigningKey,
  dsRecords,
  issueCertificate,
  type LabCertificate,
  MailHost,
  Seed,
  ServedZone,
  serveDns,
  toPem,
} from '@mailanchor/lab';

const ROOT = '127.57.0.1';
const OPERATORS = ['127.57.0.3', '127.57.0.4'] as const;
export const MAIL_ADDRESSES = ['127.57.1.1', '127.57.1.2'] as const;
export const HOST = 'mx1.example';
const DAY_MS = 86_400_000;

const seed = new Seed('rollovers');

export interface Pair {
  readonly chain: readonly LabCertificate[];
  readonly certificatePem: string;
  readonly keyPem: string;
  /** `3 1 1 ...` */
  readonly record: string;
}

export interface StageOptions {
  /** Seconds, of the TLSA records. */
  readonly ttl: number;
  readonly folder: string;
  /** What the mail hosts present to those who ask for RSA. */
  readonly rsa?: Pick<Pair, 'chain'>;
}

interface ConfigOptions {
  readonly host?: string;
  readonly more?: string;
  readonly name?: string;
  /** Whether the program deploys. */
  readonly deploy?: boolean;
  readonly certificate?: string;
  readonly key?: string;
  /** In place of certificate and key. */
  readonly pairs?: string;
  readonly publisher?: boolean;
}

export type RollStage = Awaited<ReturnType<typeof raiseStage>>;

export async function raiseStage({ ttl, folder, rsa }: StageOptions) {
  const [rootKey, zoneKey] = await Promise.all([
    createSigningKey('ecdsa-p256', 'csk', seed, 'root'),
    createSigningKey('ecdsa-p256', 'csk', seed, 'example'),
  ]);
  const hosts = MAIL_ADDRESSES.map(
    (address) =>
      new MailHost({ name: HOST, address, chain: [makeCa(seed)], ...(rsa && { rsaChain: rsa.chain }) }),
  );
  const mail = [await hosts[0]!.listen(0)];
  for (const host of hosts.slice(1)) mail.push(await host.listen(mail[0]!.port));
  const port = mail[0]!.port;
  const present = (chain: readonly LabCertificate[], which = hosts): void => {
    for (const host of which) host.present(chain);
  };

  const network = new AuthorityNetwork();
  const clock = Date.now;
  const parse = (origin: Name, text: string) =>
    parseZoneFile(text, { origin, source: `zone ${origin}`, defaultTtl: 60 });
  const soa = '@ 60 SOA ns1.example. hostmaster.example. 1 3600 600 86400 1\n';
  const example = Name.fromText('example');
  const delegation = 'example. NS ns1.example.\nexample. NS ns2.example.\n';
  const glue = `ns1.example. A ${OPERATORS[0]}\nns2.example. A ${OPERATORS[1]}\n`;
  const root = new ServedZone(
    Name.root,
    [
      ...parse(Name.root, `${soa}. NS a.root-servers.\na.root-servers. A ${ROOT}\n${delegation}${glue}`),
      ...dsRecords(example, [zoneKey]),
    ],
    { keys: [rootKey], clock },
  );
  network.server(ROOT).zones.push(root);

  const fixed = parse(
    example,
    `${soa}${delegation}${glue}${MAIL_ADDRESSES.map((address) => `${HOST}. A ${address}\n`).join('')}` +
      `alias A ${MAIL_ADDRESSES[0]}\nmail CNAME mx1\n_${port}._tcp.shared CNAME dane.example.\nshared A ${MAIL_ADDRESSES[0]}\n` +
      `*.mx A ${MAIL_ADDRESSES[0]}\n`,
  );
  const published = new Map<string, readonly string[]>();
  const records = (): ResourceRecord[] => [
    ...fixed,
    ...[...published].flatMap(([owner, texts]) =>
      texts.map((text) => ({
        name: Name.fromText(owner),
        type: RRType.TLSA,
        class: RRClass.IN,
        ttl,
        rdata: encodeTlsa(tlsaFromText(text)),
      })),
    ),
  ];
  const zones = OPERATORS.map((address) => {
    const zone = new ServedZone(example, records(), { keys: [zoneKey], clock });
    network.server(address).zones.push(zone);
    return zone;
  });
  /** Seconds that the second server is behind the first. */
  let lag = 0;
  const show = (): void => {
    const now = records();
    zones[0]!.publish(now);
    if (lag === 0) zones[1]!.publish(now);
    else if (Number.isFinite(lag)) setTimeout(() => zones[1]!.publish(records()), lag * 1000).unref();
  };
  const dns = await serveDns(network);

  /** What the script beside the stage was told. */
  const told: { readonly what: string; readonly body: string }[] = [];
  /** Set to have the publisher refuse or lose a change. */
  let publishing: 'done' | 'refused' | 'lost' | 'lost-applied' = 'done';
  const publishStatus = (body: string): number => {
    // Of a program that was killed before it had said all.
    if (body === '') return 1;
    const change = JSON.parse(body) as { owner: string; expected: string[]; result: string[] };
    const owner = change.owner.toLowerCase();
    const now = recordTexts((published.get(owner) ?? []).map(tlsaFromText)).join();
    if (publishing === 'refused') return 4;
    if (publishing === 'lost') return 1;
    if (now !== recordTexts(change.expected.map(tlsaFromText)).join()) return 3;
    published.set(owner, change.result);
    show();
    return publishing === 'lost-applied' ? 1 : 0;
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const what = request.url ?? '';
      told.push({ what, body });
      if (what === '/publish') return response.end(String(publishStatus(body)));
      const { certificate, key } = JSON.parse(body) as { certificate: string; key: string };
      present(chainOf(certificate, key));
      return response.end('0');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const script = join(folder, 'tell.mjs');
  writeFileSync(script, SCRIPT);
  writeFileSync(
    join(folder, 'root.hints'),
    `. 3600 IN NS a.root-servers.\na.root-servers. 3600 IN A ${ROOT}\n`,
  );
  writeFileSync(
    join(folder, 'anchor.ds'),
    `${dsRecords(Name.root, [rootKey]).map(recordToText).join('\n')}\n`,
  );

  return {
    port,
    told,
    hosts,
    network,
    present,
    /** `2 1 1 ...` of the CA that issues all pairs. */
    issuerRecord: tlsaToText(tlsaFromCertificate(issuer.der, { usage: 2 })),
    presentFiles: (certificate: string, key: string) => present(chainOf(certificate, key)),
    makePair,
    /** What an ACME client would do. */
    writePair({ certificatePem, keyPem }: Pair): void {
      writeFileSync(join(folder, 'key.pem'), keyPem, { mode: 0o600 });
      writeFileSync(join(folder, 'cert.pem'), certificatePem);
    },
    publish(owner: string, ...texts: string[]): void {
      published.set(owner, texts);
      show();
    },
    /** The second server signs with a key that its parent does not know. */
    async breakSignatures(): Promise<void> {
      const key = await createSigningKey('ecdsa-p256', 'csk', seed, 'nobody');
      network
        .server(OPERATORS[1])
        .zones.splice(0, 1, new ServedZone(example, records(), { keys: [key], clock }));
    },
    published: (owner: string): readonly string[] => published.get(owner) ?? [],
    set lag(seconds: number) {
      lag = seconds;
    },
    set publishing(how: 'done' | 'refused' | 'lost' | 'lost-applied') {
      publishing = how;
    },
    /** `mailanchor.yaml`; `host` and `more` are lines of the host and of the section. */
    writeConfig({
      host = '',
      more = '',
      name = HOST,
      deploy = true,
      certificate = 'cert.pem',
      key = 'key.pem',
      pairs,
      publisher = true,
    }: ConfigOptions = {}): string {
      const file = join(folder, 'mailanchor.yaml');
      const node = JSON.stringify(process.execPath);
      writeFileSync(
        file,
        `root-hints: root.hints
trust-anchor: anchor.ds
dns-port: ${dns.port}
timeout: 10
publishers:
  own: { kind: exec, command: [${node}, tell.mjs, ${url}/publish] }
tlsa:
  state: state
  settle: 0
${more}  hosts:
    - name: '${name}'
      ports: [${port}]
${publisher ? '      publisher: own\n' : ''}      ttl: ${ttl}
${pairs ?? `      certificate: ${certificate}\n      key: ${key}\n`}${deploy ? `      deploy: [${node}, ${JSON.stringify(script)}, ${url}/deploy]\n` : ''}${host}`.replaceAll(
          'tell.mjs, http',
          `${JSON.stringify(script)}, http`,
        ),
      );
      return file;
    },
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await Promise.all([dns.close(), ...mail.map((listener) => listener.close())]);
    },
  };
}

const issuer = makeCa(seed);
let serial = 0;

/** A new pair, or a new certificate for a key; it ends in so many days. */
export function makePair(keyPem?: string, names: readonly string[] = [HOST], days = 60): Pair {
  const privateKey = keyPem
    ? createPrivateKey(keyPem)
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const spki = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  const leaf = issueCertificate(seed, `leaf ${serial++}`, {
    subject: HOST,
    names,
    issuer,
    notBefore: Date.now() - 2 * DAY_MS,
    notAfter: Date.now() + days * DAY_MS,
    key: { privateKey, spki },
  });
  const chain = [leaf, issuer];
  return {
    chain,
    certificatePem: toPem(chain),
    keyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    record: recordTexts(keyRecords(spki))[0]!,
  };
}

function makeCa(seed: Seed): LabCertificate {
  return issueCertificate(seed, 'stage CA', {
    subject: 'Stage CA',
    ca: true,
    notBefore: Date.now() - DAY_MS,
    notAfter: Date.now() + 365 * DAY_MS,
  });
}

function chainOf(certificate: string, key: string): LabCertificate[] {
  const privateKey = createPrivateKey(readFileSync(key));
  const spki = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  return certificatesFromPem(readFileSync(certificate)).map((der) => ({
    der,
    key: { privateKey, spki },
    subject: new Uint8Array(),
  }));
}

/** Tells the stage what it is told, and ends as the stage says. */
const SCRIPT = `const { MAILANCHOR_CERT: certificate, MAILANCHOR_KEY: key } = process.env;
let body = '';
for await (const chunk of process.stdin) body += chunk;
if (certificate) body = JSON.stringify({ certificate, key });
const { request } = await import('node:http');
request(process.argv[2], { method: 'POST' }, (reply) => {
  let text = '';
  reply.on('data', (more) => (text += more));
  reply.on('end', () => process.exit(Number(text)));
}).end(body);
`;
