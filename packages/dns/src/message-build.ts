/** Queries and responses made from their parts. */
import { RRClass } from './iana/rr-class.ts';
import type { Edns, EdnsOption, Message } from './message.ts';
import type { Name } from './name.ts';
import type { ResourceRecord } from './record.ts';

/** Octets of UDP payload that pass everywhere without fragments (rfc9715, and DNS flag day 2020). */
export const DEFAULT_UDP_PAYLOAD_SIZE = 1232;

export interface QueryOptions {
  /** Default IN. */
  readonly class?: number;
  /** Recursion desired; default false. */
  readonly rd?: boolean;
  /** Checking disabled (rfc4035#section-3.2.2); default false. */
  readonly cd?: boolean;
  /** Whether the AD bit of the answer is understood (rfc6840#section-5.7); default false. */
  readonly ad?: boolean;
  /** DNSSEC OK (rfc3225); default false. */
  readonly do?: boolean;
  /** Default 1232. */
  readonly udpPayloadSize?: number;
  readonly options?: readonly EdnsOption[];
  /** Default 0: transports choose their own. */
  readonly id?: number;
  /** False: no OPT record, and `do`, `udpPayloadSize` and `options` say nothing. Default true. */
  readonly edns?: boolean;
}

export function makeQuery(name: Name, type: number, options: QueryOptions = {}): Message {
  const query: Message = {
    id: options.id ?? 0,
    qr: false,
    opcode: 0,
    aa: false,
    tc: false,
    rd: options.rd ?? false,
    ra: false,
    ad: options.ad ?? false,
    cd: options.cd ?? false,
    rcode: 0,
    questions: [{ name, type, class: options.class ?? RRClass.IN }],
    answers: [],
    authorities: [],
    additionals: [],
  };
  if (options.edns === false) return query;
  const edns: Edns = {
    udpPayloadSize: options.udpPayloadSize ?? DEFAULT_UDP_PAYLOAD_SIZE,
    version: 0,
    do: options.do ?? false,
    options: options.options ?? [],
  };
  return { ...query, edns };
}

export interface ResponseOptions {
  readonly aa?: boolean;
  readonly ra?: boolean;
  readonly ad?: boolean;
  /** Default: as in the query. */
  readonly cd?: boolean;
  /** Default 0. */
  readonly rcode?: number;
  readonly answers?: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
  /** What differs from the default: OPT where the query has one, DO as there, size 1232, no options. */
  readonly edns?: Partial<Edns>;
}

/** A response to `query`: its id, opcode, RD and questions; EDNS only if the query has it (rfc6891#section-6.1.1). */
export function responseTo(query: Message, options: ResponseOptions = {}): Message {
  const response: Message = {
    id: query.id,
    qr: true,
    opcode: query.opcode,
    aa: options.aa ?? false,
    tc: false,
    rd: query.rd,
    ra: options.ra ?? false,
    ad: options.ad ?? false,
    cd: options.cd ?? query.cd,
    rcode: options.rcode ?? 0,
    questions: query.questions,
    answers: options.answers ?? [],
    authorities: options.authorities ?? [],
    additionals: options.additionals ?? [],
  };
  if (query.edns === undefined) return response;
  const edns: Edns = {
    udpPayloadSize: DEFAULT_UDP_PAYLOAD_SIZE,
    version: 0,
    do: query.edns.do,
    options: [],
    ...options.edns,
  };
  return { ...response, edns };
}
