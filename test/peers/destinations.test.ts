/**
 * `check` on real mail servers, a Postfix with a destination for each way to be right or wrong: the verdict that each must get,
 * and the same answer as posttls-finger's on the same hosts.
 */
import { beforeAll, expect, test } from 'vitest';
import { mailanchor, readTable } from './bed.ts';
import { askFinger, type Checked, type CheckedHost, type FingerVerdict, fingerWanted } from './finger.ts';
import { describeWithBed } from './with-bed.ts';

interface Want {
  readonly exit: number;
  readonly verdict: string;
  readonly kind?: string;
  /** Policy and verdict of each host, in order of preference. */
  readonly hosts: readonly string[];
  readonly finger: FingerVerdict;
}

/** What cases.tsv expects of a sender, as `check` has to say it. */
const WANT: Readonly<Record<string, Want>> = {
  verified: { exit: 0, verdict: 'protected', hosts: ['dane verified'], finger: 'verified' },
  opportunistic: { exit: 3, verdict: 'unprotected', hosts: ['none no-dane'], finger: 'unverified' },
  'encrypt-unauth': {
    exit: 4,
    verdict: 'partial',
    hosts: ['dane-unusable unauthenticated'],
    finger: 'unverified',
  },
  // The preferred host fails and the second delivers: for the domain that is a fault to mend. posttls-finger stops at the first.
  'verified-2nd': {
    exit: 1,
    verdict: 'broken',
    hosts: ['dane mismatch', 'dane verified'],
    finger: 'unverified',
  },
  'null-mx': { exit: 3, verdict: 'unprotected', kind: 'null-mx', hosts: [], finger: 'null-mx' },
  tempfail: { exit: 1, verdict: 'broken', hosts: ['unreachable deferred'], finger: 'tlsa-lookup-fails' },
  refused: { exit: 1, verdict: 'broken', hosts: ['dane mismatch'], finger: 'unverified' },
};

/** `refused` for another reason than a certificate that does not match. */
const WANT_BY_NAME: Readonly<Record<string, Want>> = {
  'nostarttls.cases.example': { exit: 1, verdict: 'broken', hosts: ['dane deferred'], finger: 'no-tls' },
};

/** The finding that names the fault. */
const FINDING: Readonly<Record<string, string>> = {
  'bad.cases.example': 'tlsa-mismatch',
  'nostarttls.cases.example': 'starttls-missing',
  'taname.cases.example': 'ta-name',
  'tanochain.cases.example': 'ta-not-sent',
  'unusable.cases.example': 'tlsa-usage-pkix',
  'alias.cases.example': 'mx-cname',
  'nullmx.cases.example': 'mx-null',
  'bogustlsa.cases.example': 'domain-bogus',
};

describeWithBed('check on the bed', (bed) => {
  const cases = readTable(bed, 'cases.tsv').map(([domain = '', expected = '']) => ({ domain, expected }));

  test('the bed has every kind of destination', () => {
    expect(new Set(cases.map(({ expected }) => expected))).toEqual(new Set(Object.keys(WANT)));
    expect(cases.length).toBeGreaterThanOrEqual(18);
  });

  test.for(cases)('$domain: $expected', async ({ domain, expected }) => {
    const want = WANT_BY_NAME[domain] ?? WANT[expected]!;
    const run = await mailanchor(bed, ['check', '--json', domain]);
    const checked = JSON.parse(run.stdout) as Checked;
    expect({
      exit: run.status,
      kind: checked.kind,
      verdict: checked.verdict,
      hosts: checked.hosts.map(({ policy, verdict }) => `${policy} ${verdict}`),
      finger: await askFinger(bed, domain),
    }).toEqual({ kind: 'mail-domain', ...want });
    const finding = FINDING[domain];
    if (finding !== undefined) expect(checked.findings.map(({ code }) => code)).toContain(finding);
  });

  test('for a person: the verdict first, then what to do', async () => {
    const { status, stdout } = await mailanchor(bed, ['check', 'bad.cases.example']);
    expect(status).toBe(1);
    expect(stdout.split('\n')[0]).toMatch(/BROKEN bad\.cases\.example/);
    expect(stdout).toMatch(/_25\._tcp\.bad\.bedmail\.example\. 3600 IN TLSA 3 1 1 [0-9a-f]{64}/);
  });
});

describeWithBed('check and posttls-finger on the same hosts', (bed) => {
  const hosts = [
    ...readTable(bed, 'hosts.tsv').map(([name = '']) => name.slice(0, -1)),
    'mx1.unsigned.example',
  ];
  const byHost = new Map<string, CheckedHost>();

  beforeAll(async () => {
    const input = hosts.map((host) => `${host}:25\n`).join('');
    const run = await mailanchor(bed, ['check', '--json', '--parallel', '8', '-'], { input });
    for (const line of run.stdout.split('\n').filter(Boolean)) {
      const [host] = (JSON.parse(line) as Checked).hosts;
      if (host !== undefined) byHost.set(host.host, host);
    }
  });

  test('every host was checked', () => {
    expect([...byHost.keys()].sort()).toEqual([...hosts].sort());
    expect(hosts.length).toBeGreaterThan(30);
  });

  test.for(hosts)('%s', async (host) => {
    expect(await askFinger(bed, `[${host}]`)).toBe(fingerWanted(byHost.get(host)!));
  });
});
