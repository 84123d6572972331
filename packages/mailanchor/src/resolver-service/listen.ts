/** Sockets of the service, and what to do where one cannot be had. */
import { messageOf, UsageError } from '../errors.ts';
import { createListener, type DnsListener } from './plain-listener.ts';
import type { ResolverService } from './service.ts';
import { type Place, placeToText } from './settings.ts';

/** Opens all, or none. Throws `UsageError` that says what to do. */
export async function listenAll(
  places: readonly Place[],
  service: ResolverService,
  optional: (place: Place, code: string) => boolean,
): Promise<DnsListener[]> {
  const listeners: DnsListener[] = [];
  try {
    for (const place of places) {
      try {
        listeners.push(await createListener({ ...place, onQuery: service.handle.bind(service) }));
      } catch (error) {
        if (!optional(place, codeOf(error))) throw cannotListen('--listen', place, error);
      }
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
  return listeners;
}

export function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (code !== undefined && /^E[A-Z]+$/.test(code)) return code;
  }
  return '';
}

export function cannotListen(option: string, place: Place, error: unknown): UsageError {
  const what = `cannot listen on ${placeToText(place)}`;
  const elsewhere = `${option} ${placeToText({ ...place, port: place.port + 5000 })}`;
  const options = { cause: error };
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new UsageError(
        `${what}: another server is there (ss -lnptu sport = :${place.port} shows which). Stop it, or listen elsewhere: ${elsewhere}`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
      return new UsageError(
        `${what}: ports below 1024 take a right that this process lacks. Use the systemd socket, run "setcap cap_net_bind_service=+ep" on the node binary, or listen elsewhere: ${elsewhere}`,
        options,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return new UsageError(`${what}: this machine has no such address`, options);
    default:
      return new UsageError(`${what}: ${messageOf(error)}`, options);
  }
}
