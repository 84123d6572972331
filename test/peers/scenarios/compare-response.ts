/** What a CHECK_ANSWER demands of a response, as a client sees it: code, AD bit, reason, answer. */
import {
  Ede,
  type ExtendedError,
  extendedErrors,
  type Message,
  Rcode,
  RRType,
  rcodeToText,
} from '@mailanchor/dns';
import { compareRecords, expectedEde, type Verdict } from '../../../packages/dnssec/test/rpl/compare.ts';
import type { Entry } from '../../../packages/dnssec/test/rpl/parse.ts';

/** EDE codes by which a resolver says that it got no answer, rather than one that does not hold (rfc8914#section-4). */
const UNANSWERED: ReadonlySet<number> = new Set([
  Ede.NOT_READY,
  Ede.NOT_AUTHORITATIVE,
  Ede.NO_REACHABLE_AUTHORITY,
  Ede.NETWORK_ERROR,
]);

/** What is wrong with the response, a line each; none where it is as expected. */
export function compareResponse(
  expected: Entry,
  verdict: Verdict | undefined,
  query: Entry,
  response: Message,
): string[] {
  const problems: string[] = [];
  if (response.rcode !== expected.rcode)
    problems.push(`rcode ${rcodeToText(response.rcode)}, expected ${rcodeToText(expected.rcode)}`);
  if (response.ad !== (verdict === 'SECURE'))
    problems.push(`AD ${response.ad ? 'set' : 'clear'}, expected ${verdict}`);
  const reasons = extendedErrors(response);
  // Unless the recording itself names such a reason.
  const fits = ({ infoCode }: ExtendedError) =>
    !UNANSWERED.has(infoCode) || infoCode === expectedEde(expected);
  if (verdict === 'BOGUS' && !reasons.some(fits)) {
    const said = reasons.map(({ infoCode, extraText }) => `${infoCode} ${extraText}`).join('; ');
    problems.push(`SERVFAIL for another reason than validation: ${said || 'none given'}`);
  }
  const signatures = query.flags.has('DO') || query.question?.type === RRType.RRSIG;
  if (response.rcode !== Rcode.SERVFAIL)
    problems.push(...compareRecords(expected, response.answers, signatures));
  return problems;
}
