/**
 * A rule set as data: each rule says which findings must be absent and, where it matters, which verdicts satisfy it. A profile turns a check
 * into pass, fail or not judged by rule, never into a guess; the verdict and the exit status of the check stay what they are.
 */
import { type DomainCheck, FINDINGS, oldVersions } from '@mailanchor/smtp';
import { z } from 'zod';

const code = z.string().refine((value) => value in FINDINGS, { error: 'no finding of this code' });
const verdict = z.enum(['protected', 'broken', 'unprotected', 'partial', 'unknown']);

const rule = z
  .strictObject({
    id: z.string().min(1).max(80).describe("the rule's own number"),
    source: z.string().min(1).max(300).describe('document and section, or URL'),
    title: z.string().min(1).max(300),
    without: z.array(code).default([]).describe('findings, none of which may be there'),
    errorsOnly: z.boolean().default(false).describe('whether only findings of severity error count'),
    verdicts: z.array(verdict).min(1).optional().describe('verdicts that satisfy the rule; default any'),
    connected: z
      .boolean()
      .default(false)
      .describe('whether it can be judged only where a server was talked to'),
    tlsVersions: z
      .boolean()
      .default(false)
      .describe(
        'whether it is of versions of TLS: each host is asked for older ones, and it is judged where that is known',
      ),
    verified: z
      .boolean()
      .default(false)
      .describe('whether somebody has compared this with the text of the source'),
    unjudged: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe('what of the rule no check can see: it may fail, and never passes'),
  })
  .refine(
    ({ without, verdicts, unjudged }) =>
      without.length > 0 || verdicts !== undefined || unjudged !== undefined,
    { error: 'a rule needs "without", "verdicts" or "unjudged"' },
  );

export const profileSchema = z.strictObject({
  name: z.string().min(1).max(80),
  title: z.string().min(1).max(300),
  rules: z.array(rule).min(1).max(500),
});

export type Profile = z.infer<typeof profileSchema>;
type Rule = Profile['rules'][number];

export interface RuleResult {
  readonly id: string;
  readonly source: string;
  readonly title: string;
  readonly verified: boolean;
  readonly outcome: 'pass' | 'fail' | 'not-judged';
  /** Codes of the findings, or the verdict, that fail it. */
  readonly because: readonly string[];
  /** Why it was not judged; null where it was. */
  readonly reason: string | null;
}

export interface ProfileResult {
  readonly name: string;
  readonly title: string;
  /** 'fail' if any rule fails, else 'not-judged' if any could not be judged. */
  readonly outcome: RuleResult['outcome'];
  readonly rules: readonly RuleResult[];
}

export function judgeProfile({ name, title, rules }: Profile, check: DomainCheck): ProfileResult {
  const results = rules.map((each) => judgeRule(each, check));
  const has = (outcome: RuleResult['outcome']): boolean =>
    results.some((result) => result.outcome === outcome);
  const outcome = has('fail') ? 'fail' : has('not-judged') ? 'not-judged' : 'pass';
  return { name, title, outcome, rules: results };
}

function judgeRule(rule: Rule, check: DomainCheck): RuleResult {
  const { id, source, title, verified, without, errorsOnly, verdicts, connected, tlsVersions, unjudged } =
    rule;
  const counted = check.findings.filter(({ severity }) => !errorsOnly || severity === 'error');
  const found = [...new Set(counted.map((finding) => finding.code))].filter((each) => without.includes(each));
  const wrong = verdicts && !verdicts.includes(check.verdict) ? [`verdict ${check.verdict}`] : [];
  const because = [...found, ...(check.verdict === 'unknown' ? [] : wrong)];
  const told = { id, source, title, verified };
  // What is found is found; that nothing is found means little where nothing could be looked at.
  if (because.length > 0) return { ...told, outcome: 'fail', because, reason: null };
  const reason =
    check.verdict === 'unknown'
      ? 'the check came to no verdict'
      : connected && !wasConnected(check)
        ? 'not every host was talked to'
        : ((tlsVersions ? versionsUnseen(check) : null) ?? notLookedFor(without, check) ?? unjudged ?? null);
  return { ...told, outcome: reason === null ? 'pass' : 'not-judged', because, reason };
}

/** Of an address that cannot be reached from here the check tells by itself; a host without any such session has not been seen. */
function wasConnected({ hosts }: DomainCheck): boolean {
  const talked = hosts.map(({ sessions }) =>
    sessions.some(({ starttls, tls }) => starttls !== null || tls !== null),
  );
  return talked.length > 0 && talked.every((each) => each);
}

/** Where an address was not talked to, another one may know more; where it was, all of its versions count. */
function versionsUnseen({ hosts }: DomainCheck): string | null {
  const seen = hosts.flatMap(({ sessions }) => sessions.filter(({ tls }) => tls !== null));
  if (seen.length === 0) return 'no host spoke TLS';
  return seen.some((session) => oldVersions(session.tlsVersions) === null)
    ? 'it was not found out of every host whether older versions of TLS are accepted'
    : null;
}

/** MTA-STS and TLSRPT are not always looked for, and a lookup may fail: that nothing was found of them then says nothing. */
function notLookedFor(codes: readonly string[], { beside }: DomainCheck): string | null {
  const unseen = (prefix: string, kind: string | undefined): boolean =>
    codes.some((each) => each.startsWith(prefix)) && (kind === undefined || kind === 'unknown');
  if (unseen('sts-', beside?.sts.kind)) return 'MTA-STS was not looked for, or the lookup failed';
  if (unseen('tlsrpt-', beside?.tlsrpt.kind)) return 'TLSRPT was not looked for, or the lookup failed';
  return null;
}
