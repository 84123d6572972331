/**
 * The TLS handshake of a session. It authenticates nobody: it collects what was presented, for `@mailanchor/dane` to judge. The
 * system's CA store plays no part.
 */
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { printable } from './printable.ts';
import { TLS_OFFERS, type TlsOffer } from './tls-offer.ts';

/** Certificates taken from a handshake; node's own limit is about 100 kB of them. */
const MAX_CERTIFICATES = 256;

export interface HandshakeOptions {
  /** SNI: the TLSA base domain (rfc7672#section-8.1). Left out for an address. */
  readonly servername?: string | undefined;
  readonly timeoutMs: number;
  /** Protocols to offer by ALPN, e.g. `http/1.1`. */
  readonly alpn?: readonly string[] | undefined;
  /** PEM, in place of the public CAs, for whoever looks at `stream.authorized`. */
  readonly ca?: readonly string[] | undefined;
  /** Default 'delivery'. */
  readonly offer?: TlsOffer | undefined;
}

export type Handshake =
  | {
      readonly kind: 'secured';
      readonly stream: tls.TLSSocket;
      readonly protocol: string;
      readonly cipher: string;
      /** DER, in the order of the wire: the leaf first, all that was presented and nothing else. */
      readonly chain: readonly Uint8Array[];
    }
  | { readonly kind: 'failed'; readonly text: string; readonly code?: string }
  | { readonly kind: 'timeout' };

const CONTEXTS = new Map<TlsOffer, tls.SecureContext>();

/**
 * One context for all handshakes with the same offer: to make one costs as much as a handshake. It holds no session: none is ever offered for
 * resumption, since a resumed one presents no chain.
 */
function contextOf({ offer = 'delivery', ca }: HandshakeOptions): tls.SecureContext {
  if (ca !== undefined) return tls.createSecureContext({ ...TLS_OFFERS[offer], ca: [...ca] });
  let context = CONTEXTS.get(offer);
  if (!context) {
    context = tls.createSecureContext(TLS_OFFERS[offer]);
    CONTEXTS.set(offer, context);
  }
  return context;
}

/** Takes the connection over. The caller destroys `socket` whatever the outcome. */
export function handshake(socket: Socket, options: HandshakeOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    let stream: tls.TLSSocket;
    try {
      stream = tls.connect({
        socket,
        ...(options.servername === undefined ? {} : { servername: options.servername }),
        ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
        // TLSA decides, see above.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        secureContext: contextOf(options),
      });
    } catch (error) {
      resolve(failed(error));
      return;
    }
    const timer = setTimeout(() => settle({ kind: 'timeout' }), options.timeoutMs);
    const onError = (error: Error): void => settle(failed(error));
    const onClose = (): void =>
      settle({ kind: 'failed', text: 'the server closed the connection during the TLS handshake' });
    stream.on('error', onError);
    stream.once('close', onClose);
    stream.once('secureConnect', () => {
      settle({
        kind: 'secured',
        stream,
        protocol: stream.getProtocol() ?? 'unknown',
        cipher: stream.getCipher().standardName,
        chain: presentedChain(stream),
      });
    });

    function settle(outcome: Handshake): void {
      clearTimeout(timer);
      stream.off('close', onClose);
      // An error after this point has nobody else to go to until the next reader listens; it must not be thrown.
      if (outcome.kind === 'secured') stream.on('error', () => {});
      else stream.destroy();
      resolve(outcome);
    }
  });
}

/**
 * The certificates as the server sent them. `getPeerCertificate(true)` would not do: it leaves out those that are no issuer of the one
 * before, and adds issuers from the local store.
 */
function presentedChain(stream: tls.TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = stream.getPeerX509Certificate();
  while (certificate && chain.length < MAX_CERTIFICATES) {
    chain.push(Uint8Array.from(certificate.raw));
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function failed(error: unknown): Handshake {
  if (!(error instanceof Error)) return { kind: 'failed', text: printable(String(error)) };
  const { code, reason } = error as NodeJS.ErrnoException & { reason?: string };
  // OpenSSL's own words without the address of the error in memory and the source line.
  const text = printable(reason ?? error.message.replace(/^[0-9A-F]+:error:[0-9A-F]+:/, ''));
  return { kind: 'failed', text, ...(code === undefined ? {} : { code }) };
}
