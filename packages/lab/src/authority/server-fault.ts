/** What can be wrong with a name server, whatever its zones are like. */
import { type Message, type Name, Rcode, RRType, responseTo } from '@mailanchor/dns';

export type ServerFaultKind =
  /** No answer at all. */
  | 'silent'
  /** This response code and nothing else, e.g. SERVFAIL for TLSA. */
  | { readonly rcode: number }
  /** The right response, so many milliseconds late; in memory, where no time passes, at once. */
  | { readonly delayMs: number }
  /** Over UDP, an empty response with TC set. */
  | 'truncate'
  /** No RRSIG, NSEC, NSEC3, and no DS in referrals, whatever the DO bit: an old server. */
  | 'strip-dnssec'
  /** The right response, but for the code: NXDOMAIN for a name that exists. */
  | 'nxdomain'
  /** A response with another id, which the client must not take. */
  | 'wrong-id'
  /** FORMERR to every query that has EDNS: a server older than that (rfc6891#section-7). */
  | 'no-edns';

export interface ServerFault {
  readonly kind: ServerFaultKind;
  /** Only questions of these types; default all. */
  readonly types?: readonly number[];
  /** Only names at or below this one; default all. */
  readonly below?: Name;
  /** Only this name; default all. */
  readonly at?: Name;
}

export type ServerReply =
  | { readonly kind: 'silence' }
  /** `truncated`: over UDP the response is cut to its question. */
  | {
      readonly kind: 'message';
      readonly message: Message;
      readonly truncated: boolean;
      readonly delayMs?: number;
    };

const DNSSEC_TYPES: ReadonlySet<number> = new Set([RRType.RRSIG, RRType.NSEC, RRType.NSEC3]);

/** The first of the faults that touches the query. */
export function serverFaultOf(faults: readonly ServerFault[], query: Message): ServerFault | undefined {
  const question = query.questions[0];
  if (!question) return undefined;
  return faults.find(
    ({ types, below, at }) =>
      (types === undefined || types.includes(question.type)) &&
      (below === undefined || question.name.isAtOrBelow(below)) &&
      (at === undefined || question.name.equals(at)),
  );
}

/** What becomes of the right response. */
export function applyServerFault(fault: ServerFault, query: Message, response: Message): ServerReply {
  const reply = (message: Message, truncated = false): ServerReply => ({
    kind: 'message',
    message,
    truncated,
  });
  if (typeof fault.kind === 'object' && 'delayMs' in fault.kind)
    return { kind: 'message', message: response, truncated: false, delayMs: fault.kind.delayMs };
  if (typeof fault.kind === 'object') return reply(responseTo(query, { rcode: fault.kind.rcode }));
  switch (fault.kind) {
    case 'silent':
      return { kind: 'silence' };
    case 'truncate':
      return reply(response, true);
    case 'nxdomain':
      return reply({ ...response, rcode: Rcode.NXDOMAIN });
    case 'wrong-id':
      return reply({ ...response, id: response.id ^ 1 });
    case 'no-edns': {
      if (!query.edns) return reply(response);
      const { edns: _, ...plain } = query;
      return reply(responseTo(plain, { rcode: Rcode.FORMERR }));
    }
    case 'strip-dnssec': {
      const asked = query.questions[0]?.type;
      const strip = (records: Message['answers'], referral: boolean): Message['answers'] =>
        records.filter(
          ({ type }) => !DNSSEC_TYPES.has(type) && !(referral && type === RRType.DS && asked !== RRType.DS),
        );
      return reply({
        ...response,
        answers: strip(response.answers, false),
        authorities: strip(response.authorities, true),
        additionals: strip(response.additionals, false),
      });
    }
  }
}
