/** What the answers of this machine's resolvers mean for DANE. */
import { rcodeToText } from '@mailanchor/dns';
import { type SendingFinding, sendingFinding } from './finding-table.ts';
import type { ResolverProbe } from './resolver-probe.ts';

const OWN_RESOLVER =
  'Run a validating resolver on this machine and name it alone in resolv.conf:\nnameserver 127.0.0.1';

export function resolverFindings(
  probes: readonly ResolverProbe[],
  bogusName: string | undefined,
): SendingFinding[] {
  const noneAnswers = probes.every(({ state }) => state !== 'answers');
  return probes.flatMap((probe) =>
    probe.state === 'answers' ? judge(probe, bogusName) : [noAnswer(probe, noneAnswers)],
  );
}

function noAnswer(
  { address, state, problem, rcode = 0, answersUnchecked }: ResolverProbe,
  noneAnswers: boolean,
): SendingFinding {
  const severity = noneAnswers ? 'error' : 'warning';
  if (state === 'silent') {
    return sendingFinding('resolver-no-answer', address, `No usable answer from this resolver: ${problem}.`, {
      severity,
      fix: 'See that it runs and lets this machine in, or take it out of resolv.conf.',
    });
  }
  const text = `Asked for the SOA record of the root this resolver answers ${rcodeToText(rcode)} and no record`;
  if (!answersUnchecked) return sendingFinding('resolver-no-answer', address, `${text}.`, { severity });
  return sendingFinding(
    'resolver-no-answer',
    address,
    `${text}; it has one for those who tell it not to validate. To it the root is bogus.`,
    { severity, fix: 'See to the trust anchor of the resolver and to the clock of its machine.' },
  );
}

function judge({ address, ad, signed, acceptsBogus }: ResolverProbe, bogusName?: string): SendingFinding[] {
  if (!signed) {
    const text = 'This resolver leaves out the signature of the SOA record of the root, though asked for it';
    return [
      ad
        ? sendingFinding('resolver-strips', address, `${text}, but says that the record is secure.`, {
            severity: 'warning',
            effect: 'Its word has to be taken: nobody behind it can validate.',
            fix: OWN_RESOLVER,
          })
        : sendingFinding('resolver-strips', address, `${text}, and does not call the record secure.`, {
            fix: OWN_RESOLVER,
          }),
    ];
  }
  if (!ad) {
    const text = 'This resolver gives the signature of the SOA record of the root and does not validate it.';
    return [
      sendingFinding('resolver-not-validating', address, text, {
        fix: `Switch validation on there. ${OWN_RESOLVER}`,
      }),
    ];
  }
  if (acceptsBogus) {
    const text = `This resolver says of answers that they are secure, and answers for ${bogusName}, which is bogus.`;
    return [sendingFinding('resolver-not-validating', address, text, { fix: OWN_RESOLVER })];
  }
  return [];
}
