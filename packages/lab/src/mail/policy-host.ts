/** Serves the MTA-STS policies of the lab over HTTPS (rfc8461#section-3.3), a certificate for each policy host, and what is wrong with some. */
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { PolicyFault } from '../destination-spec.ts';
import type { Listener } from '../port.ts';
import { type LabCertificate, toPem } from './certificate.ts';

export interface ServedPolicy {
  readonly body: string;
  readonly fault?: PolicyFault | undefined;
}

export interface PolicyHostOptions {
  readonly address: string;
  /** By policy host: `mta-sts.<domain>`; looked at for each request. */
  readonly policies: ReadonlyMap<string, ServedPolicy>;
  /** Leaf first. */
  readonly certificateFor: (host: string, selfSigned: boolean) => readonly LabCertificate[];
}

/** Octets of a policy that is too large: RFC 8461 suggests 64 kB as the limit. */
const HUGE = 100_000_000;
const LINES = Buffer.from('mx: a.example\n'.repeat(4_000));

function* lines(octets: number): IterableIterator<Buffer> {
  for (let made = 0; made < octets; made += LINES.length) yield LINES;
}

export function listenPolicyHost(
  { address, policies, certificateFor }: PolicyHostOptions,
  port: number,
): Promise<Listener> {
  const contexts = new Map<string, SecureContext>();
  const contextOf = (host: string): SecureContext => {
    const chain = certificateFor(host, policies.get(host)?.fault === 'self-signed');
    const key = String(chain[0]!.key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const context = contexts.get(host) ?? createSecureContext({ key, cert: toPem(chain) });
    contexts.set(host, context);
    return context;
  };
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      SNICallback: (host, done) =>
        policies.has(host) ? done(null, contextOf(host)) : done(new Error('no such host')),
    },
    (request, response) => {
      const host = String(request.headers.host).replace(/:\d+$/, '');
      const served = policies.get(host);
      const plain = { 'content-type': 'text/plain' };
      if (served?.fault === 'closed') {
        request.socket.destroy();
      } else if (!served || served.fault === 'not-found' || request.url !== '/.well-known/mta-sts.txt') {
        response.writeHead(404, plain).end('nothing here\n');
      } else if (served.fault === 'redirect') {
        response.writeHead(301, { location: `https://www.${host}/policy.txt` }).end();
      } else if (served.fault === 'html') {
        response.writeHead(200, { 'content-type': 'text/html' }).end(`<pre>${served.body}</pre>`);
      } else if (served.fault === 'huge') {
        response.writeHead(200, plain).write(served.body);
        pipeline(Readable.from(lines(HUGE)), response, () => {});
      } else {
        response.writeHead(200, plain).end(served.body);
      }
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve({
        port: typeof bound === 'object' && bound ? bound.port : port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
