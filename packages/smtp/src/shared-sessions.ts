/**
 * Sessions that many checks share: thousands of domains have the same mail hosts, and each host is asked once. What a session depends on
 * is its key: address, port, protocol, names given, kind of handshake. What its chain means for a domain is judged for each domain by
 * itself, since records and reference names differ.
 *
 * It is also where politeness is: no more than a few connections at a time to one address, and a pause after each.
 */
import { type Gate, gates } from './address-gate.ts';
import { type OpenSession, openSession, type SessionOptions, type SessionResult } from './session.ts';

export interface SharedSessionsOptions {
  /** Connections at a time to one address. Default 2. */
  readonly perAddress?: number;
  /** Milliseconds between the end of a connection to an address and the next in its place. Default 100. */
  readonly pauseMs?: number;
  /** Milliseconds for a session, whatever the first who asks for it has left; the others wait as long as they can. Default 30000. */
  readonly timeoutMs?: number;
  /** Milliseconds for which an established session is taken for the state of the server. Default one hour. */
  readonly keepMs?: number;
  /** The same for one that failed: what is wrong may be so for a moment. Default five minutes. */
  readonly keepFailedMs?: number;
  /** Octets of results that are kept, those longest unused given up first. Default 32 MiB. */
  readonly maxOctets?: number;
  /** Ends every session. */
  readonly signal?: AbortSignal;
  /** Milliseconds on a clock that never jumps. Default performance.now. */
  readonly now?: () => number;
  /** Default `openSession`. */
  readonly open?: OpenSession;
}

interface Entry {
  readonly result: Promise<SessionResult>;
  /** Settles when the connection stands, or with the session. */
  readonly connected: Promise<boolean>;
  /** Infinity while the session is under way. */
  expires: number;
  octets: number;
}

export class SharedSessions {
  /** Sessions really opened so far. */
  opened = 0;
  readonly #options: SharedSessionsOptions;
  readonly #now: () => number;
  readonly #gates: (address: string) => Gate;
  /** Those longest unused first. */
  readonly #entries = new Map<string, Entry>();
  #octets = 0;

  constructor(options: SharedSessionsOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#gates = gates(options.perAddress ?? 2, options.pauseMs ?? 100);
  }

  /** As `openSession`; a session that others began, or that has been, counts. */
  readonly open: OpenSession = async (options) => {
    options.signal?.throwIfAborted();
    const key = keyOf(options);
    const entry = this.#fresh(key) ?? this.#begin(key, options);
    if (options.onConnect) {
      const { onConnect } = options;
      void entry.connected.then((connected) => connected && onConnect());
    }
    return within(entry.result, options);
  };

  #fresh(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.expires <= this.#now()) {
      this.#octets -= entry.octets;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry;
  }

  #begin(key: string, options: SessionOptions): Entry {
    const connected = Promise.withResolvers<boolean>();
    const result = this.#session(options, () => connected.resolve(true));
    const entry: Entry = {
      result,
      connected: connected.promise,
      expires: Number.POSITIVE_INFINITY,
      octets: 0,
    };
    this.#entries.set(key, entry);
    result
      .then(
        (done) => this.#keep(key, entry, done),
        () => this.#entries.delete(key),
      )
      .finally(() => connected.resolve(false));
    return entry;
  }

  #session(options: SessionOptions, onConnect: () => void): Promise<SessionResult> {
    const { signal, timeoutMs = 30_000, open = openSession } = this.#options;
    return this.#gates(options.address)(signal, () => {
      this.opened++;
      const limits = { ...options.limits, totalMs: timeoutMs };
      return open({ ...options, limits, signal, onConnect });
    });
  }

  #keep(key: string, entry: Entry, result: SessionResult): void {
    const { keepMs = 3_600_000, keepFailedMs = 300_000, maxOctets = 33_554_432 } = this.#options;
    // It says nothing about the server.
    if (result.kind === 'deadline') {
      this.#entries.delete(key);
      return;
    }
    entry.expires = this.#now() + (result.kind === 'established' ? keepMs : keepFailedMs);
    entry.octets = sizeOf(result);
    this.#octets += entry.octets;
    for (const [oldest, { octets }] of this.#entries) {
      if (this.#octets <= maxOctets) break;
      // One that is under way has no size yet, and others wait for it.
      if (octets === 0) continue;
      this.#entries.delete(oldest);
      this.#octets -= octets;
    }
  }
}

/** All that the server gets to see of the client; not who asks, nor how long he waits. */
function keyOf({ signal: _, connect: _c, limits: _l, onConnect: _o, ...seen }: SessionOptions): string {
  return JSON.stringify(Object.entries(seen).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Roughly, with what JavaScript adds. */
function sizeOf({ chain, text, greeting = '' }: SessionResult): number {
  const certificates = chain.reduce((sum, der) => sum + der.length + 2_000, 0);
  return certificates + 2 * (text.length + greeting.length) + 1_000;
}

/** The result in the time that the caller has. */
function within(result: Promise<SessionResult>, { limits, signal }: SessionOptions): Promise<SessionResult> {
  const totalMs = limits?.totalMs;
  if (totalMs === undefined && !signal) return result;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => done(() => reject(signal?.reason));
    const timer =
      totalMs === undefined ? undefined : setTimeout(() => done(() => resolve(LATE)), Math.max(0, totalMs));
    function done(settle: () => void): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    result.then(
      (value) => done(() => resolve(value)),
      (error: unknown) => done(() => reject(error)),
    );
  });
}

const LATE: SessionResult = {
  kind: 'deadline',
  text: 'no time left while waiting for a connection to the address',
  starttls: null,
  tls: null,
  chain: [],
  capabilities: [],
  durationMs: 0,
};
