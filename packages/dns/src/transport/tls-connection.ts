/** A TLS connection to a DNS server that has to prove who it is (rfc8310#section-5, the strict profile; there is no other here). */
import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { Endpoint } from './transport.ts';

export interface TlsServerOptions {
  /**
   * DNS name or IP address that the certificate has to be for. Default: the address that is asked. A name is also sent to the server
   * (SNI).
   */
  readonly servername?: string;
  /**
   * PEM of the certification authorities that are believed, and no others. Default: those of Node and those of the system.
   * Certificates are judged by the machine's clock.
   */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
}

export class TlsConnector {
  readonly #options: TlsServerOptions;
  #context: SecureContext | undefined;

  constructor(options: TlsServerOptions) {
    this.#options = options;
  }

  /** Begins a connection; 'secureConnect' means that the server has proved itself. */
  connect({ address, port }: Endpoint, protocols: string[]): TLSSocket {
    const name = (this.#options.servername ?? address).replace(/\.$/, '');
    const options: ConnectionOptions = {
      host: address,
      port,
      secureContext: this.#secureContext(),
      minVersion: 'TLSv1.2',
      ALPNProtocols: protocols,
      rejectUnauthorized: true,
      // An address is no server name (RFC 6066): without one, Node would check the certificate for the address connected to.
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    };
    if (isIP(name) === 0) options.servername = name;
    const socket = connect(options);
    socket.setNoDelay(true);
    return socket;
  }

  /** Made at the first connection: reading hundreds of certificates takes its time. */
  #secureContext(): SecureContext {
    this.#context ??= createSecureContext({ minVersion: 'TLSv1.2', ca: authorities(this.#options.ca) });
    return this.#context;
  }
}

function authorities(ca: TlsServerOptions['ca']): (string | Buffer)[] {
  if (ca === undefined)
    return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  const given = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca;
  return given.map((each) => (typeof each === 'string' ? each : Buffer.from(each)));
}
