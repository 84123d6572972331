/** A log line where we close a connection: once a minute for each reason, however many there are. */
import type { Log } from '../resolver-service/log.ts';
import type { CloseReason } from './connection.ts';

/** Complete "closed: ". Who only asks nothing is no news. */
const WORDS: Readonly<Partial<Record<CloseReason, string>>> = {
  malformed: 'what it says is no request of this protocol',
  unread: 'it does not read its answers',
  flood: 'it sends on and on behind a question that is being looked up',
  unfinished: 'it does not finish its request',
  evicted: 'it was idle longest, and there is no room (--max-connections)',
  refused: 'it is in none of the networks that may ask (--allow)',
};
const EVERY_MS = 60_000;

export class ClosingLog {
  readonly #log: Log;
  readonly #running: () => number;
  readonly #told = new Map<CloseReason, { at: number; more: number }>();

  constructor(log: Log, running: () => number = () => performance.now()) {
    this.#log = log;
    this.#running = running;
  }

  /** `address`: undefined over a unix socket. */
  note(reason: CloseReason, address: string | undefined): void {
    const why = WORDS[reason];
    if (why === undefined) return;
    const now = this.#running();
    const told = this.#told.get(reason);
    if (told && now - told.at < EVERY_MS) {
      told.more++;
      return;
    }
    const who = address === undefined ? 'a client of a unix socket' : `the client ${address}`;
    const more = told && told.more > 0 ? ` (and ${told.more} others since the last such line)` : '';
    this.#told.set(reason, { at: now, more: 0 });
    this.#log.problem('closed', `${who} is closed: ${why}${more}`, { reason });
  }
}
