/**
 * What the resolvers of this machine do with DNSSEC, found out by asking each of them as a mail server does: DO, no CD. The question is the
 * SOA record of the root: it is signed, everybody has it, and it needs no test domain of somebody else's.
 */
import { decodeRrsig, type Message, makeQuery, Name, Rcode, RRType, type Transport } from '@mailanchor/dns';
import { messageOf } from '../errors.ts';

/** Milliseconds for one question, and how often it is asked: packets get lost. */
const ASK_MS = 2000;
const ATTEMPTS = 2;

export interface ResolverProbe {
  readonly address: string;
  /** 'answers': with the record. 'fails': with another response. 'silent': with nothing usable. */
  readonly state: 'answers' | 'fails' | 'silent';
  /** The AD bit: the resolver says that it has validated. */
  readonly ad: boolean;
  /** Whether the signature came with the record. */
  readonly signed: boolean;
  readonly rcode?: number;
  /** Where it fails: whether it has an answer for those who tell it not to validate (CD). */
  readonly answersUnchecked?: boolean;
  /** Of the known-bogus name, where one was given: whether there was an answer. */
  readonly acceptsBogus?: boolean;
  /** Why it is silent. */
  readonly problem?: string;
  /** Signatures over the record, undecoded. */
  readonly signatures: readonly Uint8Array[];
}

export interface ProbeOptions {
  readonly transport: Transport;
  readonly port: number;
  readonly signal: AbortSignal;
  /** A name whose A record does not validate. */
  readonly bogusName?: Name | undefined;
  /** Default 2000. */
  readonly askMs?: number;
}

/** Rejects only when the signal aborts. */
export async function probeResolver(address: string, options: ProbeOptions): Promise<ResolverProbe> {
  const ask = (name: Name, type: number, cd: boolean) => exchange(address, name, type, cd, options);
  const response = await ask(Name.root, RRType.SOA, false);
  const nothing = { address, ad: false, signed: false, signatures: [] };
  if (typeof response === 'string') return { ...nothing, state: 'silent', problem: response };
  if (!hasSoa(response)) {
    const unchecked = response.rcode === Rcode.SERVFAIL ? await ask(Name.root, RRType.SOA, true) : '';
    return {
      ...nothing,
      state: 'fails',
      rcode: response.rcode,
      answersUnchecked: typeof unchecked !== 'string' && hasSoa(unchecked),
      signatures: typeof unchecked === 'string' ? [] : soaSignatures(unchecked),
    };
  }
  const signatures = soaSignatures(response);
  const bogus = options.bogusName && (await ask(options.bogusName, RRType.A, false));
  const judged = typeof bogus === 'object' ? { acceptsBogus: isAnswer(bogus) } : {};
  return {
    address,
    state: 'answers',
    ad: response.ad,
    signed: signatures.length > 0,
    rcode: response.rcode,
    signatures,
    ...judged,
  };
}

/** The response, or why there is none. */
async function exchange(
  address: string,
  name: Name,
  type: number,
  cd: boolean,
  { transport, port, signal, askMs = ASK_MS }: ProbeOptions,
): Promise<Message | string> {
  const query = makeQuery(name, type, { rd: true, do: true, cd });
  let problem = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await transport.exchange(query, { address, port }, { timeoutMs: askMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      problem = messageOf(error);
    }
  }
  return problem;
}

function hasSoa({ rcode, answers }: Message): boolean {
  return rcode === Rcode.NOERROR && answers.some(({ type, name }) => type === RRType.SOA && name.isRoot);
}

/** A denial is an answer too: only SERVFAIL and the like refuse. */
function isAnswer({ rcode }: Message): boolean {
  return rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN;
}

function soaSignatures({ answers }: Message): readonly Uint8Array[] {
  return answers.flatMap(({ type, rdata }) => {
    if (type !== RRType.RRSIG) return [];
    try {
      return decodeRrsig(rdata).typeCovered === RRType.SOA ? [rdata] : [];
    } catch {
      return [];
    }
  });
}
