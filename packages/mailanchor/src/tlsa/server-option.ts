/** `--from HOST[:PORT]`: a server to ask. */
import { isIP } from 'node:net';
import { bad, type Given, parsePort } from '../options/given.ts';
import { parseHostName } from '../options/host-name.ts';

export interface Server {
  /** A host name, or an address. */
  readonly host: string;
  readonly port: number;
}

/** `HOST`, `HOST:PORT`, `ADDRESS`, `[V6]:PORT`. */
export function parseServerOption(given: Given): Server {
  const text = given.value.trim();
  if (isIP(text) !== 0) return { host: text, port: 25 };
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::([0-9]+))?$/i.exec(text);
  if (!parts) throw bad(given, 'HOST or HOST:PORT');
  const port = parts[3] === undefined ? 25 : parsePort({ ...given, value: parts[3] });
  const address = parts[1] ?? parts[2] ?? '';
  if (isIP(address) !== 0) return { host: address, port };
  if (parts[1] !== undefined) throw bad(given, 'HOST or HOST:PORT');
  return { host: parseHostName({ ...given, value: address }), port };
}
