import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { check, host, MISMATCH, session } from '../../test/fixtures/sample-checks.ts';
import { temporaryFolder } from '../../test/program.ts';
import { createPaint } from '../terminal/paint.ts';
import { loadProfile } from './load.ts';
import { judgeProfile, profileSchema } from './profile.ts';
import { renderProfile } from './render.ts';

const own = (rule: object) =>
  profileSchema.parse({ name: 'own', title: 'Own', rules: [{ id: '1', source: 's', title: 't', ...rule }] });
const outcome = (rule: object, over: Parameters<typeof check>[0] = {}) =>
  judgeProfile(own(rule), check(over)).rules[0];

test('findings and verdicts', () => {
  const mismatch = { findings: [MISMATCH] };
  expect(outcome({ without: ['tlsa-mismatch'] })).toMatchObject({ outcome: 'pass', because: [] });
  expect(outcome({ without: ['tlsa-mismatch'] }, mismatch)).toMatchObject({
    outcome: 'fail',
    because: ['tlsa-mismatch'],
  });
  expect(outcome({ without: ['tls-old'] }, mismatch)).toMatchObject({ outcome: 'pass' });
  const mild = { findings: [{ ...MISMATCH, severity: 'warning' as const }] };
  expect(outcome({ without: ['tlsa-mismatch'], errorsOnly: true }, mild)).toMatchObject({ outcome: 'pass' });
  expect(outcome({ verdicts: ['protected'] })).toMatchObject({ outcome: 'pass' });
  expect(outcome({ verdicts: ['protected'] }, { verdict: 'partial' })).toMatchObject({
    outcome: 'fail',
    because: ['verdict partial'],
  });
});

test('nothing passes that could not be looked at', () => {
  expect(outcome({ verdicts: ['protected'] }, { verdict: 'unknown' })).toMatchObject({
    outcome: 'not-judged',
  });
  expect(outcome({ without: ['tls-old'], connected: true }, { hosts: [] })).toMatchObject({
    outcome: 'not-judged',
  });
  expect(outcome({ without: ['tls-old'] }, { verdict: 'unknown' })).toMatchObject({ outcome: 'not-judged' });
  // One host of two.
  const hosts = [host(), host({ sessions: [session({ starttls: null, tls: null })] })];
  expect(outcome({ without: ['tls-old'], connected: true }, { hosts })).toMatchObject({
    outcome: 'not-judged',
    reason: 'not every host was talked to',
  });
  expect(outcome({ without: ['tls-old'], connected: true })).toMatchObject({ outcome: 'pass', reason: null });
});

test('what a check cannot see never passes, and may fail', () => {
  const rule = { without: ['tlsa-mismatch'], unjudged: 'ciphers are not tried' };
  expect(outcome(rule)).toMatchObject({ outcome: 'not-judged', reason: rule.unjudged });
  expect(outcome(rule, { findings: [MISMATCH] })).toMatchObject({ outcome: 'fail', reason: null });
  expect(outcome({ unjudged: 'no part of a check' })).toMatchObject({ outcome: 'not-judged' });
});

test('MTA-STS and TLSRPT pass only where they were looked for', () => {
  const absent = { kind: 'absent' as const };
  const unknown = { kind: 'unknown' as const, text: 'SERVFAIL' };
  expect(outcome({ without: ['sts-absent'] })).toMatchObject({ outcome: 'not-judged' });
  expect(outcome({ without: ['tlsrpt-absent'] })).toMatchObject({ outcome: 'not-judged' });
  const failed = { beside: { sts: absent, tlsrpt: unknown } };
  expect(outcome({ without: ['sts-invalid'] }, failed)).toMatchObject({ outcome: 'pass' });
  expect(outcome({ without: ['tlsrpt-absent'] }, failed)).toMatchObject({ outcome: 'not-judged' });
});

test.each([
  { without: ['no-such-finding'] },
  {},
  { verdicts: ['fine'] },
  { without: ['tls-old'], further: 1 },
])('no profile: %j', (rule) => expect(() => own(rule)).toThrow());

test("a file of one's own; what is wrong with it is told in one line", async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'mine.yaml');
  writeFileSync(
    path,
    'name: mine\ntitle: Mine\nrules:\n  - {id: A1, source: ours, title: No old TLS, without: [tls-old]}\n',
  );
  expect(await loadProfile(path)).toMatchObject({ name: 'mine', rules: [{ id: 'A1', verified: false }] });
  writeFileSync(path, 'name: mine\n');
  await expect(loadProfile(path)).rejects.toThrow(/^[^\n]*mine\.yaml[^\n]*$/);
  await expect(loadProfile('nist')).rejects.toThrow(
    /^--profile: no profile nist\. There is: rfc7672, internetnl-mail, ncsc-nl, bsi-tr-03108, nist-800-177, csa; or the path of a file$/,
  );
  folder.done();
});

test('a rule that nobody has compared with its source says so', () => {
  const lines = renderProfile(
    judgeProfile(own({ without: Object.keys(FINDINGS) }), check()),
    createPaint(false),
  );
  expect(lines.join('\n')).toContain('not compared with its source');
});
