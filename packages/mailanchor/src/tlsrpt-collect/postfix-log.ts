/**
 * From the lines of smtp(8) to what became of each TLS session. A process serves one delivery at a time: what it says of its sessions is kept
 * until it names a recipient, whose domain they were for. Several recipients of one delivery share its sessions, which count once.
 *
 * What a line does not say is not made up: it is counted as unclear, by its reason.
 */
import { type PostfixLine, parsePostfixLine } from './postfix-line.ts';
import { type Cause, type LoggedHost, type PostfixMessage, parsePostfixMessage } from './postfix-message.ts';
import { handshakeEnd, policyEnd, type SessionEnd, starttlsEnd, unverifiedEnd } from './session-end.ts';
import { type Reason, reasonOf } from './verify-reason.ts';

/** One TLS session, or one that should have been. */
export interface LoggedSession {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The recipient's, A-labels. */
  readonly domain: string;
  /** The address is unknown where there was no connection. */
  readonly host: { readonly name: string; readonly address?: string; readonly port: number };
  readonly end: SessionEnd;
}

export const UNCLEAR_LOG = [
  /** Delivered, and no line about TLS: cleartext, or Postfix logs none. */
  'no-tls-line',
  /** The recipient has no domain, or one that cannot be read. */
  'no-domain',
  /** The sender's own settings are at fault. */
  'own-settings',
  /** The delivery that a session was for was never told. */
  'no-delivery',
] as const;

export type UnclearLog = (typeof UNCLEAR_LOG)[number];

export interface LogSink {
  session(session: LoggedSession): void;
  unclear(reason: UnclearLog): void;
}

interface Pending {
  readonly at: number;
  readonly host: LoggedSession['host'];
  end: SessionEnd;
  /** Why the certificate was not verified; counts only if the session was given up for it. */
  readonly unverified: Reason | undefined;
}

/** Plain data: it is kept with the position in the log, so that a process whose delivery straddles a restart is still understood. */
interface ProcessState {
  at: number;
  pending: Pending[];
  unverified?: { readonly host: string; readonly why: string };
  /** The delivery that its last sessions were counted for. */
  queueId?: string;
  relay?: string;
  /** Hosts whose policy was told to be unknown in this delivery. */
  told: string[];
}

export interface PostfixLogState {
  readonly processes: readonly (readonly [string, ProcessState])[];
  /** What tlsproxy(8) said of a certificate, by machine and server, until smtp(8) says that TLS stands. */
  readonly proxied: readonly (readonly [string, { readonly at: number; readonly why: string }])[];
}

/** Processes remembered; Postfix runs some hundreds. */
const MAX_PROCESSES = 4_096;
/** Sessions of one delivery; Postfix tries no more than smtp_mx_session_limit, 2 unless set otherwise. */
const MAX_PENDING = 64;
/** Process ids are given out again. */
const FORGOTTEN_MS = 3_600_000;
/** Between the words of tlsproxy(8) and those of smtp(8). */
const PROXIED_MS = 10_000;
const MAX_PROXIED = 1_024;
/** Between the lines of the recipients of one delivery, which come at once. */
const RECIPIENTS_MS = 10_000;

const text = (host: LoggedHost) => `${host.name}[${host.address}]:${host.port}`;

export class PostfixLog {
  readonly #sink: LogSink;
  readonly #processes: Map<string, ProcessState>;
  readonly #proxied: Map<string, { readonly at: number; readonly why: string }>;

  constructor(sink: LogSink, state: PostfixLogState = { processes: [], proxied: [] }) {
    this.#sink = sink;
    this.#processes = new Map(state.processes);
    this.#proxied = new Map(state.proxied);
  }

  /** Whether the line is one of smtp(8) or tlsproxy(8). `now`: milliseconds since the epoch. */
  line(line: string, now: number): boolean {
    const parsed = parsePostfixLine(line, now);
    if (!parsed) return false;
    const message = parsePostfixMessage(parsed.message);
    if (message && parsed.program === 'smtp') this.#take(parsed, message);
    // All else that it says smtp(8) says as well.
    if (message?.kind === 'unverified' && parsed.program === 'tlsproxy') this.#proxy(parsed, message);
    return true;
  }

  /** What is not settled yet; JSON as it stands. */
  state(): PostfixLogState {
    const latest = Math.max(...[...this.#processes.values()].map(({ at }) => at));
    const open = ({ at, pending, told, unverified }: ProcessState) =>
      pending.length > 0 || told.length > 0 || unverified !== undefined || at >= latest - RECIPIENTS_MS;
    return structuredClone({
      processes: [...this.#processes].filter(([, state]) => open(state)),
      proxied: [...this.#proxied],
    });
  }

  #proxy({ at, machine }: PostfixLine, { host, why }: Extract<PostfixMessage, { kind: 'unverified' }>): void {
    const key = `${machine} ${text(host)}`;
    this.#proxied.delete(key);
    this.#proxied.set(key, { at, why });
    if (this.#proxied.size > MAX_PROXIED) this.#proxied.delete(this.#proxied.keys().next().value!);
  }

  /** Why the certificate of a server was not verified, by the process itself or by the one that handshakes for it. */
  #unverified({ at, machine }: PostfixLine, state: ProcessState, host: LoggedHost): Reason | undefined {
    const own = state.unverified?.host === text(host) ? state.unverified : undefined;
    delete state.unverified;
    const key = `${machine} ${text(host)}`;
    const proxied = own ? undefined : this.#proxied.get(key);
    if (proxied) this.#proxied.delete(key);
    const said = own ?? (proxied && Math.abs(at - proxied.at) <= PROXIED_MS ? proxied : undefined);
    return said && reasonOf(said.why);
  }

  #take(line: PostfixLine, message: PostfixMessage): void {
    const { at } = line;
    const state = this.#stateOf(`${line.machine} ${line.process}`, at);
    switch (message.kind) {
      case 'unverified':
        state.unverified = { host: text(message.host), why: message.why };
        return;
      case 'established': {
        const { host, word } = message;
        const unverified = this.#unverified(line, state, host);
        const verified = word === 'Verified';
        const end: SessionEnd = { kind: 'established', verified, trusted: verified || word === 'Trusted' };
        this.#add(state, { at, host, end, unverified });
        return;
      }
      case 'handshake-failed':
        this.#add(state, { at, host: message.host, end: handshakeEnd(message.why), unverified: undefined });
        return;
      case 'library': {
        const last = state.pending.at(-1);
        // Postfix's own word for it is only a number.
        if (last?.end.kind === 'failed' && /^-?\d+$/.test(last.end.reasonCode ?? ''))
          last.end = handshakeEnd(message.why);
        return;
      }
      case 'policy':
        this.#policy(state, at, message);
        return;
      case 'passed':
        this.#settle(state, at, message.cause, undefined);
        return;
      case 'delivery':
        this.#delivery(state, at, message);
    }
  }

  #stateOf(process: string, at: number): ProcessState {
    let state = this.#processes.get(process);
    if (state && Math.abs(at - state.at) > FORGOTTEN_MS) {
      this.#drop(state);
      state = undefined;
    }
    state ??= { at, pending: [], told: [] };
    state.at = at;
    // The one that was heard of longest ago goes first.
    this.#processes.delete(process);
    this.#processes.set(process, state);
    if (this.#processes.size > MAX_PROCESSES) {
      for (const [oldest, gone] of this.#processes) {
        this.#processes.delete(oldest);
        this.#drop(gone);
        break;
      }
    }
    return state;
  }

  #drop(state: ProcessState): void {
    for (const _ of state.pending) this.#sink.unclear('no-delivery');
  }

  #add(state: ProcessState, session: Pending): void {
    if (state.pending.length >= MAX_PENDING) {
      state.pending.shift();
      this.#sink.unclear('no-delivery');
    }
    state.pending.push(session);
  }

  #policy(state: ProcessState, at: number, message: Extract<PostfixMessage, { kind: 'policy' }>): void {
    const { domain, host, problem } = message;
    // Once for each address of the host, and again for each recipient's delivery.
    if (state.told.includes(host)) return;
    if (state.told.length < MAX_PENDING) state.told.push(host);
    if (problem === 'own') this.#sink.unclear('own-settings');
    else if (domain === undefined) this.#sink.unclear('no-domain');
    else this.#sink.session({ at, domain, host: { name: host, port: 25 }, end: policyEnd(problem) });
  }

  /** What a cause says of the sessions so far. `relay`: where the delivery ended. */
  #settle(state: ProcessState, at: number, cause: Cause, relay: LoggedHost | undefined): void {
    const last = state.pending.at(-1);
    switch (cause.kind) {
      case 'not-verified':
        if (last?.end.kind === 'established')
          last.end = unverifiedEnd(last.unverified, cause.trusted ?? last.end.trusted);
        else if (relay)
          this.#add(state, {
            at,
            host: relay,
            end: unverifiedEnd(undefined, cause.trusted),
            unverified: undefined,
          });
        return;
      case 'handshake':
        if (last?.end.kind !== 'failed' && relay)
          this.#add(state, {
            at,
            host: relay,
            end: handshakeEnd('handshake-failure'),
            unverified: undefined,
          });
        return;
      case 'starttls': {
        const host = relay ?? cause.host;
        if (host) this.#add(state, { at, host, end: starttlsEnd(cause.refused), unverified: undefined });
      }
    }
  }

  #delivery(state: ProcessState, at: number, message: Extract<PostfixMessage, { kind: 'delivery' }>): void {
    const { queueId, domain, relay, reused, sent, cause } = message;
    const another =
      state.queueId === queueId && state.relay === (relay && text(relay)) && state.pending.length === 0;
    state.told = [];
    // The next recipient of the same delivery.
    if (another) return;
    this.#settle(state, at, cause, relay);
    const sessions = state.pending;
    state.pending = [];
    state.queueId = queueId;
    if (relay) state.relay = text(relay);
    else delete state.relay;
    for (const session of sessions) {
      if (domain === undefined) this.#sink.unclear('no-domain');
      else this.#sink.session({ at: session.at, domain, host: session.host, end: session.end });
    }
    const silent = sent && !reused && !sessions.some((session) => relay && sameHost(session.host, relay));
    if (silent) this.#sink.unclear('no-tls-line');
  }
}

function sameHost(host: LoggedSession['host'], relay: LoggedHost): boolean {
  return host.name === relay.name && host.address === relay.address && host.port === relay.port;
}
