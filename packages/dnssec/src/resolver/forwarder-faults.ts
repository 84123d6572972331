/**
 * What is wrong with a forwarder, in one sentence: many home routers, and some resolvers, remove or mangle DNSSEC on the way, and then every
 * signed zone looks forged. A zone can be at fault as well; so what the server has done before counts: one that has ever handed out a
 * kind of record does not remove it.
 */
import { Ede, type Message, type Name, Rcode, RRType, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import { BoundedMap } from '../bounded-map.ts';
import type { Reason } from '../proof.ts';
import type { Exchanged } from './exchange.ts';

/** What a server has shown that it can do. */
interface Seen {
  answers: boolean;
  keys: boolean;
  denials: boolean;
}

/** The last answer to a question, as far as it tells of the server's faults. */
type Response = Extract<Exchanged, { kind: 'response' }>;

/** Codes of reasons that a server which removes DNSSEC records brings about. */
const BLAMED: ReadonlySet<number> = new Set([
  Ede.DNSSEC_BOGUS,
  Ede.DNSKEY_MISSING,
  Ede.RRSIGS_MISSING,
  Ede.NSEC_MISSING,
]);

export class ForwarderFaults {
  readonly #seen = new BoundedMap<Seen>(100);

  /** Takes note of an answer. */
  note(server: string, { message }: Response): void {
    const seen = this.#of(server);
    if (message.rcode !== Rcode.NOERROR && message.rcode !== Rcode.NXDOMAIN) return;
    seen.answers = true;
    const types = new Set([...message.answers, ...message.authorities].map(({ type }) => type));
    if (types.has(RRType.DNSKEY) && types.has(RRType.RRSIG)) seen.keys = true;
    if (types.has(RRType.NSEC) || types.has(RRType.NSEC3)) seen.denials = true;
  }

  #of(server: string): Seen {
    let seen = this.#seen.get(server);
    if (!seen) {
      seen = { answers: false, keys: false, denials: false };
      this.#seen.set(server, seen);
    }
    return seen;
  }

  /** Why an answer was not good enough, where that is the server's fault rather than the zone's. */
  ofAnswer(
    server: string,
    { message, ednsRefused }: Response,
    name: Name,
    type: number,
    reason: Reason,
  ): string | undefined {
    if (!BLAMED.has(reason.ede)) return undefined;
    const what = `${rrTypeToText(type)} of ${name}`;
    if (ednsRefused) {
      return `${server} does not understand EDNS (it answers FORMERR): no DNSSEC records can be had of it`;
    }
    if (!message.edns) return `${server} ignores EDNS: no DNSSEC records can be had of it`;
    const seen = this.#of(server);
    if (type === RRType.DNSKEY && !seen.keys) {
      const without = message.answers.some((record) => record.type === RRType.DNSKEY);
      return `${server} removes DNSSEC records: it answers for ${what} ${without ? 'without signatures' : 'without keys'}`;
    }
    const unproven = reason.ede === Ede.NSEC_MISSING || reason.ede === Ede.RRSIGS_MISSING;
    if (unproven && !seen.denials && isBareDenial(message)) {
      return `${server} removes DNSSEC records: it denies ${what} without NSEC or NSEC3 records, as it does everything`;
    }
    return undefined;
  }

  /** Why there is no answer, where that is because it is about DNSSEC. `response` is absent where the server was silent. */
  ofFailure(server: string, response: Response | undefined, name: Name, type: number): string | undefined {
    const what = `${rrTypeToText(type)} of ${name}`;
    // CD comes back as it was sent (rfc4035#section-3.1.6): who clears it has validated all the same.
    if (response && response.message.rcode === Rcode.SERVFAIL && !response.message.cd) {
      return `${server} clears the CD bit and answers SERVFAIL for ${what}: it validates by itself, and what it rejects cannot be examined`;
    }
    if ((type !== RRType.DNSKEY && type !== RRType.DS) || !this.#of(server).answers) return undefined;
    if (type === RRType.DNSKEY && this.#of(server).keys) return undefined;
    const how = response ? `says ${rcodeToText(response.message.rcode)}` : 'is silent';
    return `${server} does not support DNSSEC: it answers other questions and ${how} to ${what}`;
  }
}

function isBareDenial({ answers, authorities }: Message): boolean {
  return (
    answers.length === 0 && !authorities.some(({ type }) => type === RRType.NSEC || type === RRType.NSEC3)
  );
}
