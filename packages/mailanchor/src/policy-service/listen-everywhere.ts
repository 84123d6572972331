/** Opens what the settings and systemd have chosen. */
import type { Environment } from '../options/sources.ts';
import { namedSockets } from '../resolver-service/activation.ts';
import type { Log } from '../resolver-service/log.ts';
import { listenAt, listenPassed } from './listen.ts';
import type { Protocol } from './protocol.ts';
import type { PolicySettings } from './settings.ts';
import { SOCKETMAP } from './socketmap.ts';
import type { StreamServer } from './stream-server.ts';
import { TCP_TABLE } from './tcp-table.ts';

/** Throws `UsageError` where one cannot be opened. */
export async function listenEverywhere(
  streams: StreamServer,
  { listen, listenIsDefault, tcpTable }: PolicySettings,
  environment: Environment,
  log: Log,
): Promise<void> {
  const tell = ({ name }: Protocol, place: string) =>
    log.event('listen', `listening on ${place}, ${name}`, { place, protocol: name });
  const passed = namedSockets(environment);
  for (const { fd, name } of passed) {
    const protocol = name === TCP_TABLE.name ? TCP_TABLE : SOCKETMAP;
    tell(protocol, await listenPassed(streams.create(protocol), fd));
  }
  const places = passed.length > 0 && listenIsDefault ? [] : listen;
  for (const place of places) tell(SOCKETMAP, await listenAt(streams.create(SOCKETMAP), place));
  for (const place of tcpTable) tell(TCP_TABLE, await listenAt(streams.create(TCP_TABLE), place));
}
