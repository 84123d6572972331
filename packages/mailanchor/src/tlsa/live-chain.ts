/** The chain that a running server presents. */
import { isIP } from 'node:net';
import { decodeA, decodeAaaa, Name, RRType } from '@mailanchor/dns';
import type { Status } from '@mailanchor/dnssec';
import { openSession, protocolOfPort } from '@mailanchor/smtp';
import { MailanchorError } from '../errors.ts';
import { openLookup } from '../lookup.ts';
import type { LookupSettings } from '../options/lookup.ts';
import type { Server } from './server-option.ts';

export interface LiveChain {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly address: string;
  /** How far the address itself can be trusted; undefined where the user gave it. */
  readonly status: Status | undefined;
}

/** Asks each address in turn until one presents a chain. Throws `MailanchorError` with the last address's words. */
export async function liveChain(
  server: Server,
  settings: LookupSettings,
  signal: AbortSignal,
): Promise<LiveChain> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]);
  try {
    const { addresses, status } = await addressesOf(server.host, settings, deadline);
    let problem = '';
    for (const address of addresses) {
      const result = await openSession({
        address,
        port: server.port,
        protocol: protocolOfPort(server.port),
        signal: deadline,
        ...(isIP(server.host) === 0 && { servername: server.host }),
      });
      if (result.chain.length > 0) return { chain: result.chain, address, status };
      problem = `${server.host} [${address}] port ${server.port}: ${result.text}`;
    }
    throw new MailanchorError('no-chain', `no certificate to be had: ${problem}`);
  } catch (error) {
    if (deadline.aborted && !signal.aborted) {
      const seconds = settings.timeoutMs / 1000;
      throw new MailanchorError(
        'timeout',
        `${server.host} port ${server.port} gave no certificate within ${seconds} s`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

async function addressesOf(
  host: string,
  settings: LookupSettings,
  signal: AbortSignal,
): Promise<{ addresses: string[]; status: Status | undefined }> {
  if (isIP(host) !== 0) return { addresses: [host], status: undefined };
  const lookup = await openLookup(settings);
  try {
    const name = Name.fromText(host);
    const [v6, v4] = await Promise.all([
      lookup.resolver.resolve(name, RRType.AAAA, { signal, timeoutMs: settings.timeoutMs }),
      lookup.resolver.resolve(name, RRType.A, { signal, timeoutMs: settings.timeoutMs }),
    ]);
    const addresses = [
      ...v4.records.map((record) => decodeA(record.rdata)),
      ...v6.records.map((record) => decodeAaaa(record.rdata)),
    ];
    if (addresses.length > 0) {
      const weak = [v4, v6].some((answer) => answer.records.length > 0 && answer.status !== 'secure');
      return { addresses, status: weak ? 'insecure' : 'secure' };
    }
    const failure = [v4, v6].find((answer) => answer.kind === 'failure');
    throw new MailanchorError(
      'no-address',
      failure?.kind === 'failure' ? `address of ${host}: ${failure.reason.text}` : `${host} has no address`,
    );
  } finally {
    await lookup.close();
  }
}
