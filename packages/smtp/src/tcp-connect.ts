/** A TCP connection, or why there is none. */
import * as net from 'node:net';
import type { End } from './conversation.ts';
import { printable } from './printable.ts';

/** Opens a TCP connection, as `net.connect`. Tests and labs send it elsewhere. */
export type Connect = (options: net.TcpNetConnectOpts) => net.Socket;

export interface TcpOptions {
  /** IPv4 or IPv6, no brackets. */
  readonly address: string;
  readonly port: number;
  readonly localAddress?: string | undefined;
  readonly connect?: Connect | undefined;
}

/**
 * Resolves with the connected socket. `onSocket` has it from the beginning, so that the caller can destroy it: that ends the attempt.
 * The socket has a listener for errors for good.
 */
export function connectTcp(
  { address, port, localAddress, connect = net.connect }: TcpOptions,
  timeoutMs: number,
  onSocket: (socket: net.Socket) => void,
): Promise<{ readonly socket: net.Socket } | End> {
  return new Promise((resolve) => {
    let socket: net.Socket;
    try {
      socket = connect({ host: address, port, ...(localAddress === undefined ? {} : { localAddress }) });
    } catch (error) {
      resolve(connectFailure(error as Error, localAddress));
      return;
    }
    onSocket(socket);
    const timer = setTimeout(
      () => settle({ kind: 'connect-timeout', text: 'no answer to the connection' }),
      timeoutMs,
    );
    const onClose = (): void => settle({ kind: 'connect-failed', text: 'the connection was closed' });
    const settle = (outcome: { readonly socket: net.Socket } | End): void => {
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(outcome);
    };
    socket.setNoDelay(true);
    // Stays for the life of the socket: an error without a listener would end the process.
    socket.on('error', (error) => settle(connectFailure(error, localAddress)));
    socket.once('close', onClose);
    socket.once('connect', () => settle({ socket }));
  });
}

/** Codes that speak of this machine, not of the server. */
const LOCAL_FAULTS = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'EACCES', 'EPERM']);

function connectFailure(error: Error, localAddress: string | undefined): End {
  const { code } = error as NodeJS.ErrnoException;
  const text = printable(error.message);
  if (code === 'ECONNREFUSED')
    return { kind: 'connect-refused', text: 'connection refused', errorCode: code };
  if (code === 'ETIMEDOUT') return { kind: 'connect-timeout', text: 'connection timed out', errorCode: code };
  if (code !== undefined && LOCAL_FAULTS.has(code)) {
    return { kind: 'no-route', text: localFault(code, localAddress) ?? text, errorCode: code };
  }
  return { kind: 'connect-failed', text, errorCode: code };
}

/** In words, where the system's error is one that everybody meets. */
function localFault(code: string, localAddress: string | undefined): string | undefined {
  switch (code) {
    case 'ENETUNREACH':
      return 'no route from this machine';
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
      return localAddress === undefined ? undefined : `${localAddress} is no address of this machine`;
    case 'EAFNOSUPPORT':
      return 'this machine does not speak that family of addresses';
    default:
      return undefined;
  }
}
