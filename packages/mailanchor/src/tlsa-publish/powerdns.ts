/**
 * Publishes through the HTTP API of PowerDNS. The API replaces an RRset whatever it was: it has no prerequisites. So the RRset is read and compared,
 * replaced, and read again: between the first two somebody else's change can be overwritten (a few milliseconds), and what somebody changes
 * right afterwards is told as a conflict. Where that is too much, PowerDNS takes updates (rfc2136) too.
 */
import type { Name, TlsaData } from '@mailanchor/dns';
import { printable } from '../terminal/printable.ts';
import { type JsonReply, RequestError, requestJson } from './json-request.ts';
import { errorText, type PowerDnsZone, readZone } from './powerdns-reply.ts';
import type { Publisher, PublishOutcome, TlsaChange } from './publisher.ts';
import { resultOf, sameTlsaSet, tlsaSetText, tlsaText } from './tlsa-set.ts';

export interface PowerDnsOptions {
  readonly name: string;
  /** Of the web server; https, or http on loopback. */
  readonly url: URL;
  readonly apiKey: string;
  readonly serverId: string;
  /** PEM of CAs for https in place of the system's. */
  readonly ca?: string;
  /** Milliseconds for a whole change. */
  readonly timeoutMs: number;
}

export function createPowerDnsPublisher(options: PowerDnsOptions): Publisher {
  return {
    name: options.name,
    describe: (change) =>
      [`PATCH ${zoneUrl(options, change.zone)}`, JSON.stringify(patchOf(change), null, 2)].join('\n'),
    publish: (change, signal) => new PowerDnsChange(options, change, signal).publish(),
  };
}

class PowerDnsChange {
  readonly #options: PowerDnsOptions;
  readonly #change: TlsaChange;
  readonly #signal: AbortSignal;
  readonly #deadline: number;
  /** Whether it was asked to change anything. */
  #asked = false;

  constructor(options: PowerDnsOptions, change: TlsaChange, signal: AbortSignal) {
    this.#options = options;
    this.#change = change;
    this.#signal = signal;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  async publish(): Promise<PublishOutcome> {
    try {
      return await this.#publish();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const unknown = this.#asked ? 'Whether it was changed is not known' : 'Nothing was sent to be changed';
      return this.#told('failed', `${printable(error.message)}. ${unknown}`);
    }
  }

  async #publish(): Promise<PublishOutcome> {
    const change = this.#change;
    const before = await this.#readZone();
    if ('text' in before) return before;
    const unfit = unfitness(before, change);
    if (unfit) return this.#told('refused', unfit);
    const result = resultOf(change);
    if (isThere(before, result, change.ttl)) return { kind: 'unchanged' };
    if (!sameTlsaSet(before.records, change.expected)) return this.#conflict(before.records, change.expected);
    this.#asked = true;
    const reply = await this.#request('PATCH', '', patchOf(change));
    if (reply.status !== 204 && reply.status !== 200) return this.#refusal(reply);
    if (before.signed && !before.rectifies) {
      // The names that have records have changed: denials of others need it (api_rectify does it by itself).
      const rectified = await this.#request('PUT', '/rectify', {});
      if (rectified.status !== 200)
        return this.#told('failed', `changed, but not rectified: ${errorText(rectified)}`);
    }
    const after = await this.#readZone();
    if ('text' in after) return { ...after, kind: 'failed' };
    return sameTlsaSet(after.records, result) ? { kind: 'done' } : this.#conflict(after.records, result);
  }

  async #readZone(): Promise<PowerDnsZone | Extract<PublishOutcome, { text: string }>> {
    const { owner } = this.#change;
    const reply = await this.#request('GET', `?rrset_name=${encodeURIComponent(owner.toString())}`);
    if (reply.status !== 200) return this.#refusal(reply);
    return readZone(reply.body, owner) ?? this.#told('failed', 'it answers with something that is no zone');
  }

  /** Of a reply that says no: the codes are those of the API's description. */
  #refusal(reply: JsonReply): Extract<PublishOutcome, { text: string }> {
    const { zone } = this.#change;
    if (reply.status === 401 || reply.status === 403)
      return this.#told('refused', `it does not take the API key (${reply.status})`);
    if (reply.status === 404) return this.#told('refused', `it does not have the zone ${zone} (404)`);
    if (reply.status >= 400 && reply.status < 500) return this.#told('refused', errorText(reply));
    return this.#told('failed', errorText(reply));
  }

  #conflict(there: readonly TlsaData[], wanted: readonly TlsaData[]): PublishOutcome {
    return this.#told(
      'conflict',
      `has ${tlsaSetText(there)} at ${this.#change.owner}, not ${tlsaSetText(wanted)}: changed meanwhile by somebody else`,
    );
  }

  #told<K extends 'conflict' | 'refused' | 'failed'>(
    kind: K,
    text: string,
  ): { readonly kind: K; readonly text: string } {
    return { kind, text: `${this.#options.url.origin}: ${text}` };
  }

  #request(method: 'GET' | 'PATCH' | 'PUT', path: string, body?: unknown): Promise<JsonReply> {
    const { apiKey, ca } = this.#options;
    return requestJson({
      method,
      url: new URL(`${zoneUrl(this.#options, this.#change.zone)}${path}`),
      headers: { 'x-api-key': apiKey },
      ...(body !== undefined && { body }),
      ...(ca !== undefined && { ca }),
      timeoutMs: Math.max(1, Math.round(this.#deadline - performance.now())),
      signal: this.#signal,
    });
  }
}

/** Why records cannot be changed there; undefined where they can. */
function unfitness(zone: PowerDnsZone, { owner }: TlsaChange): string | undefined {
  if (zone.role === 'Slave' || zone.role === 'Secondary')
    return 'it is a secondary server of the zone: changes belong on the primary';
  if (zone.presigned)
    return 'the zone is signed elsewhere (presigned): what is changed here has no signature';
  if (zone.hasAlias) return `${owner} is an alias (CNAME): TLSA records belong where it points`;
  return undefined;
}

function isThere({ records, ttl }: PowerDnsZone, result: readonly TlsaData[], wanted: number): boolean {
  return sameTlsaSet(records, result) && (result.length === 0 || ttl === wanted);
}

function patchOf(change: TlsaChange): unknown {
  const set = { name: change.owner.toString(), type: 'TLSA' };
  const result = resultOf(change);
  const rrset =
    result.length === 0
      ? { ...set, changetype: 'DELETE' }
      : {
          ...set,
          ttl: change.ttl,
          changetype: 'REPLACE',
          records: result.map((record) => ({ content: tlsaText(record), disabled: false })),
        };
  return { rrsets: [rrset] };
}

function zoneUrl({ url, serverId }: PowerDnsOptions, zone: Name): string {
  const base = url.href.replace(/\/$/, '');
  return `${base}/api/v1/servers/${encodeURIComponent(serverId)}/zones/${zoneId(zone)}`;
}

/** A zone's name in a path, as the API has it: `=2F` for what is no plain letter of a name. */
function zoneId(zone: Name): string {
  return zone
    .toString()
    .toLowerCase()
    .replace(
      /[^a-z0-9._-]/g,
      (character) => `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}
