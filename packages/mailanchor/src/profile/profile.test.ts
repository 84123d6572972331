import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { brokenCheck, check, MISMATCH } from '../../test/fixtures/sample-checks.ts';
import { temporaryFolder } from '../../test/program.ts';
import { createPaint } from '../terminal/paint.ts';
import { loadProfile } from './load.ts';
import { judgeProfile, profileSchema } from './profile.ts';
import { renderProfile } from './render.ts';
import { RFC7672 } from './rfc7672.ts';

const own = (rule: object) =>
  profileSchema.parse({ name: 'own', title: 'Own', rules: [{ id: '1', source: 's', title: 't', ...rule }] });
const outcome = (rule: object, over: Parameters<typeof check>[0] = {}) =>
  judgeProfile(own(rule), check(over)).rules[0];

test('what is built in is a profile', () => {
  expect(profileSchema.parse(RFC7672)).toEqual(RFC7672);
  expect(judgeProfile(RFC7672, check()).outcome).toBe('pass');
  expect(judgeProfile(RFC7672, brokenCheck()).rules.find(({ id }) => id === '3.2')).toMatchObject({
    outcome: 'fail',
    because: ['tlsa-mismatch'],
  });
});

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
  await expect(loadProfile('nist')).rejects.toThrow('There is: rfc7672');
  folder.done();
});

test('a rule that nobody has compared with its source says so', () => {
  const lines = renderProfile(
    judgeProfile(own({ without: Object.keys(FINDINGS) }), check()),
    createPaint(false),
  );
  expect(lines.join('\n')).toContain('not compared with its source');
});
