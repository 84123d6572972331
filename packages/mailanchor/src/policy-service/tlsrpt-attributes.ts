/**
 * What Postfix 3.10 and later wants to know of an MTA-STS policy besides what it must enforce (its TLSRPT_README): for its TLS reports, and
 * from 3.10.5 on to connect to no other hosts than the policy names. Every other answer goes without: Postfix knows DANE by itself, and takes
 * the attributes for an error there. Older versions take any attribute that they do not know for an error, and the mail waits.
 *
 * Whoever owns a domain writes its policy, and an attribute more could weaken what the policy asks for. So nothing is copied: the strings are
 * made anew of what was parsed, each value must be of the few characters that it can have, and one that is not leaves all attributes out.
 */
import type { StsPolicy } from '@mailanchor/smtp';
import type { Answer } from './answer.ts';

/** Octets; Postfix takes socketmap replies of up to 100000. */
const LONGEST = 90_000;

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`);

/** Whether Postfix can be given it as a name: nothing that ends a word, and more than one label, since `hostname` and `nexthop` mean something else. */
export function isHostName(name: string): boolean {
  return name.length <= 253 && HOST.test(name) && !/^[0-9.]+$/.test(name);
}

/** Likewise, or `*.` and a name. */
export function isHostPattern(pattern: string): boolean {
  return isHostName(pattern.replace(/^\*\./, ''));
}

/**
 * `match`: the hosts or patterns that may get mail now, which can be fewer than the policy has; Postfix connects to no others.
 * Undefined where they cannot be said.
 */
export function stsAttributes(
  domain: string,
  policy: StsPolicy,
  match: readonly string[],
): string | undefined {
  if (!isHostName(domain) || ![...policy.mx, ...match].every(isHostPattern)) return undefined;
  // Postfix wants at least one of each kind: it looks for both without asking whether they are there.
  if (policy.mx.length === 0 || match.length === 0) return undefined;
  const strings = [
    'version: STSv1',
    `mode: ${policy.mode}`,
    ...policy.mx.map((pattern) => `mx: ${pattern}`),
    `max_age: ${policy.maxAge}`,
  ];
  const text = [
    `policy_type=sts policy_domain=${domain}`,
    ...strings.map((value) => `{ policy_string = ${value} }`),
    ...match.map((pattern) => `mx_host_pattern=${pattern}`),
  ].join(' ');
  return text.length <= LONGEST ? text : undefined;
}

/** The answer as it is without them. */
export function withoutAttributes(answer: Answer): Answer {
  const { attributes, ...rest } = answer;
  if (attributes === undefined || !answer.text.endsWith(` ${attributes}`)) return answer;
  return { ...rest, text: answer.text.slice(0, -attributes.length - 1) };
}

const withThem = new WeakMap<Answer, Answer>();

/** The answer for who wants the attributes; the same object each time. */
export function withAttributes(answer: Answer): Answer {
  if (answer.attributes === undefined) return answer;
  let longer = withThem.get(answer);
  if (!longer) {
    longer = { ...answer, text: `${answer.text} ${answer.attributes}` };
    withThem.set(answer, longer);
  }
  return longer;
}
