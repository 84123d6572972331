/** From one check to what was seen of each problem of its target: pure. */
import type { DomainCheck, Finding, HostCheck, Severity } from '@mailanchor/smtp';
import { summary } from '../check/words.ts';
import { isGraver, type Look, type Seen } from './problem.ts';

export interface ObservationOptions {
  /** Findings below this severity are kept in the history and told to nobody. */
  readonly least: Severity;
  /** Codes of findings that nobody wants to be told of. */
  readonly ignore: ReadonlySet<string>;
}

/** Problems that were seen, by their keys. */
export function problemsOf(check: DomainCheck, options: ObservationOptions): Map<string, Seen> {
  const problems = new Map<string, Seen>();
  for (const found of check.findings) {
    if (!isTold(found, options)) continue;
    const seen = seenOf(found);
    const key = keyOf(seen);
    const known = problems.get(key);
    // Two findings of a code on one subject are one problem with two texts.
    problems.set(key, known ? joined(known, seen) : seen);
  }
  const verdict = verdictProblem(check);
  if (verdict && problems.size === 0 && isTold(verdict, options)) problems.set(keyOf(verdict), verdict);
  return problems;
}

export function keyOf({ code, subject }: Pick<Seen, 'code' | 'subject'>): string {
  return `${code} ${subject}`;
}

function isTold(
  { code, severity }: Pick<Seen, 'code' | 'severity'>,
  { least, ignore }: ObservationOptions,
): boolean {
  return !ignore.has(code) && !isGraver(least, severity);
}

function seenOf({ severity, code, subject, text, effect = '', fix }: Finding): Seen {
  return { severity, code, subject, text, effect, ...(fix !== undefined && { fix }) };
}

/** Texts of one problem that are told together. */
const MAX_TEXT = 4000;

function joined(one: Seen, other: Seen): Seen {
  const graver = isGraver(other.severity, one.severity) ? other : one;
  const text = `${one.text}\n${other.text}`.slice(0, MAX_TEXT);
  const fix = [one.fix, other.fix].filter((part) => part !== undefined).join('\n');
  return { ...graver, text, ...(fix !== '' && { fix: fix.slice(0, MAX_TEXT) }) };
}

/** A verdict that no finding explains: nobody is to be kept in the belief that all is well. */
function verdictProblem(check: DomainCheck): Seen | undefined {
  const { verdict, target } = check;
  if (verdict === 'protected') return undefined;
  return {
    severity: verdict === 'broken' ? 'error' : 'warning',
    code: `verdict-${verdict}`,
    subject: target,
    text: `${target} is ${verdict}: ${summary(check)}.`,
    effect: '',
    fix: `mailanchor check ${target}`,
  };
}

/**
 * What a check says of a problem that was there before and that it does not show: gone, or out of sight. An error of the network is
 * never good news.
 */
export function lookOf(check: DomainCheck, problem: Seen, now: ReadonlyMap<string, Seen>): Look {
  const seen = now.get(keyOf(problem));
  if (seen) return { kind: 'present', seen };
  // A check that has ended says what that one could not.
  if (problem.code === 'check-failed') return { kind: 'absent' };
  if (problem.code.startsWith('verdict-')) {
    // The same verdict, which a finding explains by now, is not over.
    const same = problem.code === `verdict-${check.verdict}`;
    return { kind: same || check.verdict === 'unknown' ? 'blind' : 'absent' };
  }
  return { kind: isOutOfSight(check, problem) ? 'blind' : 'absent' };
}

/** Codes that a check finds by the very fact that it cannot see: where it does not find them, they are gone. */
const BY_FAILURE: ReadonlySet<string> = new Set(['host-unreachable', 'mx-lookup-fails', 'srv-lookup-fails']);

function isOutOfSight(check: DomainCheck, { code, subject }: Seen): boolean {
  const { dns, hosts, findings } = check;
  if (dns.status === 'indeterminate') return true;
  if (BY_FAILURE.has(code)) return false;
  // A subject is `host`, or `host [address]`.
  const host = hosts.find(({ host: name }) => subject === name || subject.startsWith(`${name} [`));
  if (host) return isHidden(host, subject);
  if (findings.some(({ code: other, subject: of }) => other === 'check-incomplete' && of === subject))
    return true;
  // Problems of the domain as a whole rest on all of its hosts.
  return check.verdict === 'unknown';
}

function isHidden({ policy, problem, sessions, host }: HostCheck, subject: string): boolean {
  if (policy === 'unreachable' || problem) return true;
  if (sessions.length === 0) return false;
  const own = sessions.filter(({ address }) => subject === `${host} [${address}]`);
  const looked = own.length > 0 ? own : sessions;
  return !looked.some(({ outcome, chain }) => outcome === 'established' || chain.length > 0);
}
