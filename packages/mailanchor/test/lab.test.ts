/** The program against the lab: every destination by a process of its own, its JSON, its verdict and its exit status. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLabNetwork, type Lab, startLab } from '@mailanchor/lab';
import type { DomainCheck } from '@mailanchor/smtp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { loadProfile } from '../src/profile/load.ts';
import { judgeProfile } from '../src/profile/profile.ts';
import { checkSchema, resolutionSchema } from './fixtures/check-schema.ts';
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';

const { destinations } = await createLabNetwork();
/** The further ones are checked in the process, beside the findings that they are for. */
const main = destinations.filter((destination) => destination.group === 'main');
const prompt = main.filter((destination) => !destination.slow);

const scratch = temporaryFolder();
let lab: Lab;
let folder: LabFolder;

beforeAll(async () => {
  lab = await startLab();
  folder = await writeLabFolder(lab, undefined);
});
afterAll(async () => {
  scratch.done();
  await folder?.remove();
  await lab?.close();
});

const configured = () => ['--config', folder.config];
const check = async (...args: string[]) => {
  const run = await mailanchor(['check', ...configured(), '--json', ...args]);
  const documents = run.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => checkSchema.parse(JSON.parse(line)));
  return { ...run, documents, document: documents[0]! };
};
const resolve = async (...args: string[]) => {
  const run = await mailanchor(['resolve', ...configured(), '--json', ...args]);
  return { ...run, document: resolutionSchema.parse(JSON.parse(run.stdout)) };
};

describe.skipIf(unbuilt)('check', () => {
  test.concurrent.each(prompt)('$domain: $title', async ({ domain, expected }) => {
    const { status, stderr, documents, document } = await check(domain);
    expect(documents).toHaveLength(1);
    expect(document).toMatchObject({ target: domain, verdict: expected.verdict });
    expect(document.hosts.map(({ host, verdict }) => ({ host, verdict }))).toEqual(expected.hosts);
    expect(document.findings.map((finding) => finding.code)).toEqual(
      expect.arrayContaining([...expected.findings]),
    );
    expect(status).toBe(expected.exitCode);
    expect(stderr).toBe('');
  });

  test('all at once: a line each in their order, the exit status of the worst', async () => {
    const domains = main.map((destination) => destination.domain);
    const { status, documents } = await check('--timeout', '4', '--parallel', '16', ...domains);
    expect(documents.map((document) => document.target)).toEqual(domains);
    expect(documents.map((document) => document.verdict)).toEqual(
      main.map((destination) => destination.expected.verdict),
    );
    expect(status).toBe(1);
  });

  test.each([
    [['good-311.example', 'no-tlsa.example'], 3],
    [['no-tlsa.example', 'partial.example'], 4],
    [['partial.example', 'unreachable.example'], 5],
    [['good-311.example', 'rsa.example'], 0],
  ])('%j: exit %i', async (targets, expected) => {
    expect((await check(...targets)).status).toBe(expected);
  });

  test('for a person: verdict, host, record, address, chain, what to do', async () => {
    const { status, stdout } = await mailanchor(['check', ...configured(), 'renewed-key.example']);
    const patterns = [
      /^✘ BROKEN renewed-key\.example /m,
      /MX {2}secure {2}10 mx\.renewed-key\.example/,
      /✘ mx\.renewed-key\.example {2}mismatch/,
      /TLSA {2}_\d+\._tcp\.mx\.renewed-key\.example {2}secure/,
      /✘ 127\.\d+\.\d+\.\d+ {2}TLSv1\.3 {2}no-match/,
      /What to know/,
      /error tlsa-mismatch/,
      /_\d+\._tcp\.mx\.renewed-key\.example\. \d+ IN TLSA 3 1 1 [0-9a-f]{64}$/m,
    ];
    const places = patterns.map((pattern) => stdout.search(pattern));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(stdout).not.toContain('\u001b');
    expect(status).toBe(1);
  });

  test('-q says the verdict', async () => {
    const { stdout } = await mailanchor([
      'check',
      ...configured(),
      '-q',
      'good-311.example',
      'null-mx.example',
    ]);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^✔ PROTECTED good-311\.example /),
      expect.stringMatching(/^! UNPROTECTED null-mx\.example /),
      '',
    ]);
  });

  test('--days: what would come out then', async () => {
    const { status, document } = await check('--days', '20', 'good-311.example');
    expect(document).toMatchObject({ verdict: 'protected', later: { days: 20, verdict: 'broken' } });
    // The status is that of now.
    expect(status).toBe(0);
    const { stdout } = await mailanchor(['check', ...configured(), '--days', '20', 'good-311.example']);
    expect(stdout).toMatch(/^ {2}in 20 days, on \d{4}-\d\d-\d\d: broken unless renewed$/m);
    expect(stdout).toMatch(/warning signature-expires {2}good-311\.example/);
  });

  test('every server is asked by itself; of a list, or by --servers one, none is', async () => {
    const { document } = await check('two-versions.example');
    expect(document.zones).toEqual([
      expect.objectContaining({
        zone: 'two-versions.example',
        parent: 'example',
        status: 'secure',
        servers: [
          expect.objectContaining({ name: 'ns1.operator.example', listedBy: 'both', serial: 1 }),
          expect.objectContaining({ name: 'ns2.operator.example', state: 'answers', serial: 2 }),
        ],
      }),
    ]);
    expect((await check('--servers', 'one', 'two-versions.example')).document.zones).toBeUndefined();
    const list = join(scratch.path, 'list');
    writeFileSync(list, 'two-versions.example\n');
    expect((await check('--file', list)).document.zones).toBeUndefined();
    expect((await check('--file', list, '--servers', 'all')).document.zones).toHaveLength(1);
  });

  test('--html writes a page of its own', async () => {
    const path = join(scratch.path, 'report.html');
    const args = ['check', ...configured(), '-q', '--html', path, 'renewed-key.example'];
    expect((await mailanchor(args)).status).toBe(1);
    expect(readFileSync(path, 'utf8')).toMatch(
      /^<!doctype html>.*BROKEN.*IN TLSA 3 1 1 [0-9a-f]{64}<\/pre>/s,
    );
    const nowhere = await mailanchor([
      ...args.slice(0, 5),
      join(scratch.path, 'no', 'x.html'),
      'null-mx.example',
    ]);
    expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringMatching(/^mailanchor: --html: /)]);
  });

  test('--profile judges by a rule set and leaves the exit status to the verdict', async () => {
    const args = ['check', ...configured(), '--json', '--profile', 'rfc7672'];
    const broken = await mailanchor([...args, 'renewed-key.example']);
    const { profile, ...rest } = JSON.parse(broken.stdout);
    checkSchema.parse(rest);
    expect(profile).toMatchObject({ name: 'rfc7672', outcome: 'fail' });
    expect(broken.status).toBe(1);
    // Warned of an RSA certificate without a record: protected, and not by the rules.
    const warned = await mailanchor([...args, 'algorithm-differs.example']);
    expect([JSON.parse(warned.stdout).profile.outcome, warned.status]).toEqual(['fail', 0]);
  });

  test('--profile with several targets: each judged, in JSON lines and on the page', async () => {
    const path = join(scratch.path, 'judged.html');
    const run = await mailanchor([
      'check',
      ...configured(),
      ...['--json', '--profile', 'bsi-tr-03108', '--html', path],
      ...['algorithm-differs.example', 'renewed-key.example'],
    ]);
    const lines = run.stdout.trim().split('\n');
    const dane = lines.map((line) =>
      JSON.parse(line).profile.rules.find(({ id }: { id: string }) => id === 'TR-03108-05-M'),
    );
    expect(dane.map(({ outcome }) => outcome)).toEqual(['pass', 'fail']);
    expect(dane[1].because).toContain('tlsa-mismatch');
    expect(readFileSync(path, 'utf8').match(/<code>TR-03108-05-M<\/code>/g)).toHaveLength(2);
  });

  test('every shipped profile: its rule of DANE passes at a good destination and fails at a renewed key', async () => {
    const of = async (target: string): Promise<DomainCheck> =>
      JSON.parse((await mailanchor(['check', ...configured(), '--json', target])).stdout);
    const good = await of('good-311.example');
    const broken = await of('renewed-key.example');
    const rules = {
      rfc7672: '3.2',
      'internetnl-mail': 'mail tls dane-valid',
      'ncsc-nl': 'own-2',
      'bsi-tr-03108': 'TR-03108-05-M',
      'nist-800-177': 'own-5 DANE',
    };
    for (const [name, id] of Object.entries(rules)) {
      const profile = await loadProfile(name);
      const outcomeOf = (found: DomainCheck) =>
        judgeProfile(profile, found).rules.find((rule) => rule.id === id);
      expect([name, outcomeOf(good)?.outcome, outcomeOf(broken)?.outcome]).toEqual([name, 'pass', 'fail']);
    }
    const csa = await loadProfile('csa');
    const unsigned = await of('unsigned.example');
    const first = (found: DomainCheck) => judgeProfile(csa, found).rules[0]?.outcome;
    expect([first(good), first(unsigned)]).toEqual(['pass', 'fail']);
  });

  test('--profile nonsense is one line that lists the names', async () => {
    const { status, stderr } = await mailanchor(['check', '--profile', 'nonsense', 'renewed-key.example']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^mailanchor: --profile: no profile nonsense\. There is: rfc7672, .*csa[^\n]*\n$/);
  });

  test('--no-connect looks at DNS only', async () => {
    const { document } = await check('--no-connect', 'renewed-key.example');
    expect(document.hosts[0]).toMatchObject({ policy: 'dane', sessions: [], verdict: null });
  });

  test('a host and port', async () => {
    const { status, document } = await check(`mx.good-211.example:${lab.mailPort}`);
    expect(document).toMatchObject({ kind: 'host', verdict: 'protected' });
    expect(document.hosts[0]?.sessions[0]?.match).toMatchObject({ kind: 'match', usage: 2, depth: 2 });
    expect(status).toBe(0);
  });

  test('--at moves the clock: later all signatures have expired', async () => {
    const later = new Date(Date.now() + 60 * 86_400_000).toISOString();
    const { status, document } = await check('--at', later, 'good-311.example');
    expect(document.verdict).toBe('broken');
    expect(document.dns.reason?.text).toMatch(/expired/);
    expect(document.checkedAt.slice(0, 10)).toBe(later.slice(0, 10));
    expect(status).toBe(1);
  });

  test('--insecure-zone is said in the result', async () => {
    const { status, document } = await check('--insecure-zone', 'forged-mx.example', 'forged-mx.example');
    expect(document.dns).toMatchObject({ status: 'insecure', negativeTrustAnchor: 'forged-mx.example' });
    expect(status).not.toBe(1);
  });

  test('options instead of a configuration file, and the environment instead of options', async () => {
    const options = {
      'root-hints': folder.rootHints,
      'trust-anchor': folder.trustAnchor,
      'dns-port': String(lab.dnsPort),
      port: String(lab.mailPort),
    };
    const words = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
    expect((await mailanchor(['check', '-q', ...words, 'good-311.example'])).status).toBe(0);
    const env = Object.fromEntries(
      Object.entries(options).map(([key, value]) => [
        `MAILANCHOR_${key.toUpperCase().replaceAll('-', '_')}`,
        value,
      ]),
    );
    expect((await mailanchor(['check', '-q', 'good-311.example'], { env })).status).toBe(0);
  });

  test('the wrong trust anchor: bogus, not insecure', async () => {
    const { status, document } = await check('--trust-anchor', await otherAnchor(), 'good-311.example');
    expect(document.dns.status).toBe('bogus');
    expect(status).toBe(1);
  });
});

/** The anchor of another lab: the same format, other keys. */
async function otherAnchor(): Promise<string> {
  const path = join(scratch.path, 'other.key');
  writeFileSync(path, (await createLabNetwork({ only: [] })).trustAnchor);
  return path;
}

describe.skipIf(unbuilt)('resolve', () => {
  test.each([
    ['good-311.example', 'MX', 'secure', 'NOERROR', 1, 0],
    ['mx.good-311.example', 'A', 'secure', 'NOERROR', 1, 0],
    ['mx.good-311.example', 'AAAA', 'secure', 'NOERROR', 0, 0],
    ['nope.good-311.example', 'A', 'secure', 'NXDOMAIN', 0, 0],
    ['nope.nsec3.example', 'A', 'secure', 'NXDOMAIN', 0, 0],
    ['mx.unsigned.test', 'A', 'insecure', 'NOERROR', 1, 0],
    ['expired.example', 'MX', 'bogus', 'SERVFAIL', 0, 1],
    ['forged-mx.example', 'MX', 'bogus', 'SERVFAIL', 0, 1],
    ['alias.example', 'MX', 'secure', 'NOERROR', 2, 0],
  ] as const)('%s %s: %s %s', async (name, type, proof, rcode, answers, exit) => {
    const { status, document } = await resolve(name, type);
    expect(document).toMatchObject({ name: `${name}.`, type, status: proof, rcode });
    expect(document.answers).toHaveLength(answers);
    expect(document.chain[0]).toMatchObject({ zone: '.', via: 'anchor' });
    expect(document.reason === undefined).toBe(proof !== 'bogus');
    expect(status).toBe(exit);
  });

  test('aliases stand before the records that they lead to', async () => {
    const { document } = await resolve('alias.example', 'MX');
    expect(document.answers.map((answer) => answer.type)).toEqual(['CNAME', 'MX']);
  });

  test('--explain draws the chain from the anchor to the answer', async () => {
    const { stdout } = await mailanchor(['resolve', ...configured(), '--explain', 'good-311.example', 'MX']);
    expect(stdout).toMatch(/^✔ SECURE good-311\.example\. MX/);
    expect(
      stdout.match(/^ *(?:└─ )?\S+ .*(?:secure)/gm)?.map((line) => line.replace(/ {2}secure.*/, '')),
    ).toEqual(
      expect.arrayContaining([
        '.',
        '└─ example.',
        '   └─ good-311.example.',
        '      └─ good-311.example. MX',
      ]),
    );
    expect(stdout).toMatch(/RRSIG {3}MX of good-311\.example\. by \d+/);
  });
});

describe.skipIf(unbuilt)('tlsa generate --from', () => {
  const generate = (...args: string[]) => mailanchor(['tlsa', 'generate', ...configured(), ...args]);

  test('a running server: the record that is published', async () => {
    const { document } = await resolve(`_${lab.mailPort}._tcp.mx.good-311.example`, 'TLSA');
    const { status, stdout, stderr } = await generate('--from', `mx.good-311.example:${lab.mailPort}`);
    expect(stdout).toBe(
      `_${lab.mailPort}._tcp.mx.good-311.example. 3600 IN TLSA ${document.answers[0]!.data}\n`,
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('an unsigned address is told', async () => {
    const { status, stderr } = await generate('--from', `mx.unsigned.test:${lab.mailPort}`);
    expect(stderr).toMatch(/not signed/);
    expect(status).toBe(0);
  });

  test.each([
    ['mx.no-starttls.example', /STARTTLS/],
    ['nope.good-311.example', /no address/],
    ['mx.expired.example', /expired/],
  ])('nothing to be had from %s: exit 5', async (host, message) => {
    const { status, stdout, stderr } = await generate('--from', `${host}:${lab.mailPort}`);
    expect(stderr).toMatch(/^mailanchor: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(status).toBe(5);
  });
});
