/** Sockets of the service, and what to do where one cannot be had. */
import { createListener, type DnsListener, type ListenerOptions, type TlsCredentials } from '@mailanchor/dns';
import { messageOf, UsageError } from '../errors.ts';
import type { PassedSockets } from './activation.ts';
import { type Place, placeToText, type ServiceSettings } from './settings.ts';

export interface OpenListener {
  readonly listener: DnsListener;
  readonly protocols: ListenerOptions['protocols'];
  /** Where it listens, in words. */
  readonly text: string;
}

/** Told of a place that is left out. */
export type LeftOut = (place: Place) => void;

/** Opens all that the settings name and all that was passed, or nothing. Throws `UsageError` that says what to do. */
export async function listenAll(
  settings: Pick<ServiceSettings, 'listen' | 'listenIsDefault' | 'listenTls'>,
  passed: PassedSockets,
  tls: TlsCredentials | undefined,
  handlers: Pick<ListenerOptions, 'onQuery' | 'onError'>,
  leftOut: LeftOut,
): Promise<OpenListener[]> {
  const open: OpenListener[] = [];
  const inherit = async (fds: readonly number[], options: Pick<ListenerOptions, 'protocols' | 'tls'>) => {
    if (fds.length === 0) return;
    const listener = await createListener({ ...handlers, ...options, fds }).catch((error: unknown) => {
      throw new UsageError(`the sockets passed by systemd: ${messageOf(error)}`, { cause: error });
    });
    const text = `${fds.length} ${fds.length === 1 ? 'socket' : 'sockets'} of systemd`;
    open.push({ listener, protocols: options.protocols, text });
  };
  const bind = async (place: Place, option: string, options: Pick<ListenerOptions, 'protocols' | 'tls'>) => {
    try {
      const listener = await createListener({ ...handlers, ...options, ...place });
      open.push({ listener, protocols: options.protocols, text: placeToText(listener) });
    } catch (error) {
      // A machine without IPv6 has no [::1]: that is no reason not to serve on 127.0.0.1.
      const absent = /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(systemCode(error));
      if (!settings.listenIsDefault || place.address !== '::1' || !absent)
        throw cannotListen(option, place, error);
      leftOut(place);
    }
  };
  try {
    await inherit(passed.plain, { protocols: ['udp', 'tcp'] });
    if (tls) await inherit(passed.tls, { protocols: ['tls'], tls });
    else if (passed.tls.length > 0) throw new UsageError('a socket named tls needs --tls-cert and --tls-key');
    // Sockets of systemd stand in for the default places, not for those that the user names.
    if (!settings.listenIsDefault || passed.plain.length === 0) {
      for (const place of settings.listen) await bind(place, '--listen', { protocols: ['udp', 'tcp'] });
    }
    if (tls)
      for (const place of settings.listenTls) await bind(place, '--listen-tls', { protocols: ['tls'], tls });
  } catch (error) {
    await closeAll(open);
    throw error;
  }
  return open;
}

export async function closeAll(open: readonly OpenListener[]): Promise<void> {
  await Promise.all(open.map(({ listener }) => listener.close()));
}

/** The system's code below an error, such as EADDRINUSE; empty where there is none. */
function systemCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (code !== undefined && /^E[A-Z]+$/.test(code)) return code;
  }
  return '';
}

export function cannotListen(option: string, place: Place, error: unknown): UsageError {
  const what = `cannot listen on ${placeToText(place)}`;
  const elsewhere = `${option} ${placeToText({ ...place, port: (place.port + 5000) % 65536 })}`;
  const options = { cause: error };
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new UsageError(
        `${what}: another server is there (ss -lntup sport = :${place.port} shows which). Stop it, or listen elsewhere: ${elsewhere}`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
      return new UsageError(
        `${what}: ports below 1024 take a right that this process lacks. Use the systemd socket (docs/resolver.md), run "setcap cap_net_bind_service=+ep" on the node binary, or listen elsewhere: ${elsewhere}`,
        options,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new UsageError(`${what}: this machine has no such address`, options);
    default:
      return new UsageError(`${what}: ${messageOf(error)}`, options);
  }
}
