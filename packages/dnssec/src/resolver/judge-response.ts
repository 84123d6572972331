/**
 * One server's own response judged by the chain of trust that the resolver knows: what a diagnosis asks of every authoritative server.
 * The resolver's cache plays no part in it but for the zone's keys, and nothing of the response gets into the cache of answers.
 */
import { Ede, type Message, type Name, Rcode, RRType } from '@mailanchor/dns';
import { BudgetExceeded, type Work } from '../budget.ts';
import type { Reason, Status } from '../proof.ts';
import { readSegments } from '../segment.ts';
import type { Validator } from '../validator.ts';

export interface ResponseQuestion {
  readonly name: Name;
  readonly type: number;
  /** The zone that the server was asked for: nothing outside of it is believed. */
  readonly zone: Name;
}

/** What the response says of the name that was asked for; aliases are not followed. */
export interface ResponseJudgement {
  readonly kind: 'answer' | 'alias' | 'nodata' | 'nxdomain' | 'referral' | 'failure';
  readonly status: Status;
  /** The name that an alias leads to. */
  readonly target?: Name;
  /** Why it is bogus or indeterminate, or insecure where that is worth telling. */
  readonly reason?: Reason;
}

/** Never rejects: what cannot be judged is a failure. */
export async function judgeResponse(
  validator: Validator,
  message: Message,
  { name, type, zone }: ResponseQuestion,
  work: Work,
): Promise<ResponseJudgement> {
  if (message.rcode !== Rcode.NOERROR && message.rcode !== Rcode.NXDOMAIN && message.rcode !== Rcode.YXDOMAIN)
    return failure('indeterminate', Ede.OTHER, `response code ${message.rcode}`, zone);
  // A delegation says nothing of the question; whoever is delegated to does.
  if (isReferral(message)) return { kind: 'referral', status: 'indeterminate' };
  const [segment] = readSegments(message, name, type, zone);
  if (!segment || segment.outside)
    return failure('indeterminate', Ede.INVALID_DATA, 'answers something else than was asked', zone);
  try {
    const validated = await validator.validate(segment, type, work);
    const { kind, status, reason } = validated;
    const target = validated.kind === 'alias' ? validated.target : undefined;
    return { kind, status, ...(target && { target }), ...(reason && { reason }) };
  } catch (error) {
    if (error instanceof BudgetExceeded) return failure('indeterminate', Ede.OTHER, error.message, zone);
    throw error;
  }
}

/** Nothing but the name servers of a zone further down (rfc1034#section-4.3.2). */
function isReferral({ aa, answers, authorities }: Message): boolean {
  return (
    !aa &&
    answers.length === 0 &&
    authorities.some(({ type }) => type === RRType.NS) &&
    !authorities.some(({ type }) => type === RRType.SOA)
  );
}

function failure(
  status: 'bogus' | 'indeterminate',
  ede: number,
  text: string,
  zone: Name,
): ResponseJudgement {
  return { kind: 'failure', status, reason: { ede, text, zone } };
}
