/** Why no server of a zone gave an answer. */
import { Ede, type Name, Rcode, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import type { RawAnswer } from '../source.ts';

/** What went wrong with each server of a zone, told as one reason. */
export class ServerFailures {
  readonly #zone: Name;
  readonly #question: string;
  #last = 'no server has an address';
  #rcode: number | undefined;

  constructor(zone: Name, name: Name, type: number) {
    this.#zone = zone;
    this.#question = `${rrTypeToText(type)} of ${name}`;
  }

  transport(server: string, text: string): void {
    this.#last = `${server}: ${text}`;
  }

  rcode(server: string, rcode: number): void {
    this.#rcode ??= rcode;
    this.#last = `${server} answers ${rcodeToText(rcode)}`;
  }

  lame(server: string): void {
    this.#last = `${server} does not serve the zone`;
  }

  verdict(): Extract<RawAnswer, { kind: 'failure' }> {
    const ede = this.#rcode === undefined ? Ede.NO_REACHABLE_AUTHORITY : Ede.NETWORK_ERROR;
    const text = `no server of ${this.#zone} answers for ${this.#question} (${this.#last})`;
    return { kind: 'failure', rcode: this.#rcode ?? Rcode.SERVFAIL, reason: { ede, text, zone: this.#zone } };
  }
}
