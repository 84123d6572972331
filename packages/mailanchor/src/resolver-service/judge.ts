/**
 * What is to become of a query before anybody is asked: thrown away, answered at once, or looked up. Pure.
 */
import {
  DnsFormatError,
  decodeMessage,
  Ede,
  encodeExtendedError,
  type Message,
  type Question,
  Rcode,
  RRClass,
  RRType,
  responseTo,
  rrTypeToText,
} from '@mailanchor/dns';

export type Judgement =
  /** Not a query at all: an answer to it could be the start of a loop. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'reply'; readonly message: Message }
  | { readonly kind: 'ask'; readonly query: Message; readonly question: Question };

const HEADER_OCTETS = 12;
const TKEY = 249;
const MAILB = 253;
const MAILA = 254;
/** A signal inside NSEC records, never a question (RFC 9824). */
const NXNAME = 128;

/** Types that are no data of a zone: transfers, transactions, pseudo-records. */
const NOT_DATA: ReadonlySet<number> = new Set([
  0,
  RRType.OPT,
  NXNAME,
  TKEY,
  RRType.TSIG,
  RRType.IXFR,
  RRType.AXFR,
  MAILB,
  MAILA,
]);

const DROP: Judgement = { kind: 'drop' };

export function judge(octets: Uint8Array): Judgement {
  if (octets.length < HEADER_OCTETS || (octets[2]! & 0x80) !== 0) return DROP;
  if (((octets[2]! >> 3) & 15) !== 0) return reply(bare(octets, Rcode.NOTIMP));
  let query: Message;
  try {
    query = decodeMessage(octets);
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error;
    return reply(bare(octets, Rcode.FORMERR));
  }
  // The version that we know is said by the OPT of the response (rfc6891#section-6.1.3).
  if (query.edns && query.edns.version !== 0) {
    return reply(responseTo({ ...query, questions: [] }, { ra: true, rcode: Rcode.BADVERS, cd: false }));
  }
  const question = query.questions[0];
  // One question (RFC 9619); and a query has nothing to tell.
  const plain =
    query.questions.length === 1 &&
    query.answers.length === 0 &&
    query.authorities.length === 0 &&
    !query.tc &&
    query.rcode === 0;
  if (!plain || !question)
    return reply(responseTo({ ...query, questions: [] }, { ra: true, rcode: Rcode.FORMERR }));
  if (question.class !== RRClass.IN) {
    return reply(refusal(query, Rcode.REFUSED, Ede.NOT_SUPPORTED, 'only class IN is served'));
  }
  if (NOT_DATA.has(question.type)) {
    const text = `${rrTypeToText(question.type)} is no type of data that a resolver looks up`;
    return reply(refusal(query, Rcode.REFUSED, Ede.NOT_SUPPORTED, text));
  }
  return { kind: 'ask', query, question };
}

/** A response without data, with the reason where the client understands it (rfc8914#section-2). */
export function refusal(query: Message, rcode: number, ede: number, text: string): Message {
  return responseTo(query, { ra: true, rcode, edns: { options: [encodeExtendedError(ede, text)] } });
}

/** A header alone, to a query of which more than its header may not be readable. Not for octets without a header. */
export function bare(octets: Uint8Array, rcode: number): Message {
  return {
    id: (octets[0]! << 8) | octets[1]!,
    qr: true,
    opcode: (octets[2]! >> 3) & 15,
    aa: false,
    tc: false,
    rd: (octets[2]! & 1) !== 0,
    ra: true,
    ad: false,
    cd: false,
    rcode,
    questions: [],
    answers: [],
    authorities: [],
    additionals: [],
  };
}

function reply(message: Message): Judgement {
  return { kind: 'reply', message };
}
