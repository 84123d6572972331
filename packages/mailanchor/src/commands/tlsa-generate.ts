/** `mailanchor tlsa generate`: the record for a certificate, a chain, a key or a running server. */
import { type TlsaRecord, tlsaFromCertificate, tlsaFromPublicKey } from '@mailanchor/dane';
import type { Context, Voice } from '../context.ts';
import { messageOf, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { readCommon } from '../options/common.ts';
import { type Given, parseInteger, parsePort } from '../options/given.ts';
import { parseHostName } from '../options/host-name.ts';
import { optional, readLookupSettings } from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';
import { toHex } from '../tlsa/hex.ts';
import {
  certificateMaterial,
  certificates,
  chainMaterial,
  keyMaterial,
  type Material,
  onlyName,
} from '../tlsa/material.ts';
import { parseServerOption, type Server } from '../tlsa/server-option.ts';

const SOURCES = ['cert', 'chain', 'key', 'from'] as const;

export async function runTlsaGenerate(options: Record<string, unknown>, context: Context): Promise<number> {
  const { sources, voice } = await readCommon(context, options);
  const source = theSource(options);
  const number = (key: string, max: number) =>
    optional(sources.one(key), (given) => parseInteger(given, 0, max));
  const usage = number('usage', 3) ?? 3;
  const selector = number('selector', 1) ?? 1;
  const matching = number('matching', 2) ?? 1;
  const ttl = number('ttl', 604_800) ?? 3600;
  const server = source.from === '--from' ? parseServerOption(source) : undefined;
  const port = optional(sources.one('port'), parsePort) ?? server?.port ?? 25;
  const given = optional(sources.one('name'), parseHostName);

  const material = await readMaterial(source, server, usage, sources, voice);
  const name = given ?? nameOf(server, material.leaf);
  let record: TlsaRecord;
  try {
    const parameters = { usage, selector, matching };
    record =
      material.kind === 'key'
        ? tlsaFromPublicKey(material.spki, parameters)
        : tlsaFromCertificate(material.der, parameters);
  } catch (error) {
    throw new UsageError(`${source.from}: ${messageOf(error)}`, { cause: error });
  }

  if (name === undefined) voice.warn('the record is relative to the name of the host: give it with --name');
  if (usage < 2 && port === 25)
    voice.warn(`usage ${usage} does not apply to SMTP: senders ignore the record`);
  if (matching === 0)
    voice.warn('matching type 0 puts the whole certificate or key into the DNS; 1 is what works best');
  print(record, name, port, ttl, voice);
  return ExitCode.ok;
}

function print(record: TlsaRecord, name: string | undefined, port: number, ttl: number, voice: Voice): void {
  const { usage, selector, matching } = record;
  const owner = name === undefined ? `_${port}._tcp` : `_${port}._tcp.${name}.`;
  const data = toHex(record.data);
  const line = `${owner} ${ttl} IN TLSA ${usage} ${selector} ${matching} ${data}`;
  if (voice.json) {
    voice.printJson({ name: owner, type: 'TLSA', ttl, usage, selector, matching, data, line });
  } else voice.print([line]);
}

/** Exactly one of --cert, --chain, --key and --from. */
function theSource(options: Record<string, unknown>): Given {
  const given = SOURCES.flatMap((key) => {
    const value = options[key];
    return typeof value === 'string' ? [{ value, from: `--${key}` }] : [];
  });
  if (given.length !== 1 || !given[0]) {
    throw new UsageError(
      'tlsa generate: give one of --cert FILE, --chain FILE, --key FILE or --from HOST[:PORT]',
    );
  }
  return given[0];
}

/** `leaf`: the certificate whose names may tell the host. */
type Found = Material & { readonly leaf?: Uint8Array | undefined };

async function readMaterial(
  source: Given,
  server: Server | undefined,
  usage: number,
  sources: Sources,
  voice: Voice,
): Promise<Found> {
  if (server) {
    voice.progress.show(`connecting to ${server.host} port ${server.port}`);
    const { liveChain } = await import('../tlsa/live-chain.ts');
    const live = await liveChain(server, readLookupSettings(sources), voice.context.signal).finally(() =>
      voice.progress.end(),
    );
    if (live.status !== undefined && live.status !== 'secure') {
      voice.warn(
        `the address of ${server.host} is not signed: make sure that the server at ${live.address} is yours`,
      );
    }
    return { ...chainMaterial(live.chain, source, usage), leaf: live.chain[0] };
  }
  if (source.from === '--key') return keyMaterial(source);
  if (source.from === '--chain') {
    const chain = await certificates(source);
    return { ...chainMaterial(chain, source, usage), leaf: chain[0] };
  }
  const material = await certificateMaterial(source, usage);
  return { ...material, leaf: material.kind === 'certificate' ? material.der : undefined };
}

function nameOf(server: Server | undefined, leaf: Uint8Array | undefined): string | undefined {
  if (server && !/^[0-9.]+$|:/.test(server.host)) return server.host;
  return leaf && onlyName(leaf);
}
