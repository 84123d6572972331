/**
 * A signed message to a server over TCP and its answer, verified. Not a `Transport`: those send a query again when a connection ends under
 * it, and what is changed here must be asked for once.
 */
import { connect, isIP, type Socket } from 'node:net';
import { DnsFormatError, TransportError } from '../errors.ts';
import type { Message } from '../message.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { FrameReader, frame } from '../transport/frame-reader.ts';
import { socketErrorCode } from '../transport/pending-exchange.ts';
import { RandomNumbers } from '../transport/random.ts';
import type { Endpoint, ExchangeOptions } from '../transport/transport.ts';
import type { TsigKey } from './key.ts';
import { signMessage } from './sign.ts';
import { type TsigVerdict, verifyTsig } from './verify.ts';

export interface SignedExchangeOptions extends ExchangeOptions {
  readonly key: TsigKey;
  /** Milliseconds since the epoch; default the system's clock. */
  readonly clock?: () => number;
}

export interface SignedReply {
  readonly message: Message;
  readonly verdict: TsigVerdict;
}

/**
 * Rejects with `TransportError`, and with `DnsFormatError` for what cannot be sent. From the moment that the connection stands, whatever goes wrong leaves open whether the server has done what
 * it was asked; `refused` and `unreachable` mean that it never heard of it.
 */
export async function exchangeSigned(
  message: Message,
  server: Endpoint,
  options: SignedExchangeOptions,
): Promise<SignedReply> {
  const { key, clock = Date.now, timeoutMs, signal } = options;
  const id = new RandomNumbers().u16();
  const plain = encodeMessage({ ...message, id });
  if ((plain[2]! & 0x02) !== 0) throw new DnsFormatError('too-large', 'message longer than 65535 octets');
  if (isIP(server.address) === 0)
    throw new DnsFormatError('bad-endpoint', `"${server.address}" is no IP address`);
  const seconds = () => Math.floor(clock() / 1000);

  return new Promise((resolve, reject) => {
    let requestMac: Uint8Array | undefined;
    const frames = new FrameReader();
    const socket: Socket = connect({ host: server.address, port: server.port, noDelay: true });
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      socket.destroy();
    };
    const fail = (code: TransportError['code'], text: string, cause?: unknown) => {
      end();
      reject(
        new TransportError(
          code,
          `${text} (server ${server.address} port ${server.port})`,
          cause === undefined ? undefined : { cause },
        ),
      );
    };
    const aborted = () => fail('aborted', 'the exchange was aborted', signal?.reason);
    const timer = setTimeout(() => fail('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted);
    socket.on('connect', () => {
      // Signed when it can be sent: connecting takes time, and the time counts.
      const signed = signMessage(plain, key, { timeSigned: seconds() });
      requestMac = signed.mac;
      socket.write(frame(signed.octets));
    });
    socket.on('data', (chunk) => {
      frames.push(chunk);
      const octets = frames.next();
      if (octets === undefined || requestMac === undefined) return;
      try {
        const answer = decodeMessage(octets);
        if (!answer.qr || answer.id !== id || answer.opcode !== message.opcode)
          return fail('malformed', 'the answer does not belong to what was sent');
        const verdict = verifyTsig(octets, answer, { key, requestMac, now: seconds() });
        end();
        resolve({ message: answer, verdict });
      } catch (error) {
        if (!(error instanceof DnsFormatError)) throw error;
        fail('malformed', error.message, error);
      }
    });
    socket.on('error', (error) => fail(socketErrorCode(error), error.message, error));
    const closed = () => fail('closed', 'the connection was closed before the answer was complete');
    socket.on('end', closed);
    socket.on('close', closed);
  });
}
