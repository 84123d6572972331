/** `resolve` beside Unbound over the bed's domains: nineteen kinds of them, four algorithms, NSEC, NSEC3 and opt-out. */
import { expect, test } from 'vitest';
import { mailanchor } from './bed.ts';
import { agrees, compareWithUnbound, describeComparison } from './compare.ts';
import { questionsBeside, questionsOfMail, readDomains } from './domains.ts';
import { describeWithBed } from './with-bed.ts';

interface Resolved {
  readonly status: string;
  readonly rcode: string;
  readonly answers: readonly { readonly name: string; readonly type: string; readonly data: string }[];
}

const EXIT: Readonly<Record<string, number>> = { secure: 0, insecure: 0, bogus: 1, indeterminate: 5 };

describeWithBed('resolve and Unbound', (bed) => {
  const domains = readDomains(bed);

  /** The status that the bed's own table expects of the MX question. */
  const expectedOf = (mxStatus: string): RegExp =>
    mxStatus === 'nodata' || mxStatus === 'nxdomain' ? /^(secure|insecure)$/ : new RegExp(`^${mxStatus}$`);

  test('the questions of mail: MX, addresses, TLSA', async () => {
    const questions = domains.flatMap(questionsOfMail);
    const compared = await compareWithUnbound(bed, questions);
    expect(compared).toHaveLength(questions.length);
    expect(compared.filter((one) => !agrees(one)).map(describeComparison)).toEqual([]);
    const expected = new Map(domains.map(({ qname, mxStatus }) => [qname, mxStatus]));
    for (const { name, type, ours } of compared)
      if (type === 'MX') expect(ours.status, `${name} MX`).toMatch(expectedOf(expected.get(name)!));
    expect(new Set(compared.map(({ ours }) => ours.status))).toEqual(
      new Set(['secure', 'insecure', 'bogus']),
    );
  });

  test('what is and is not there besides: DS, DNSKEY, SOA, other types, other names', async () => {
    const questions = domains.flatMap(questionsBeside);
    const compared = await compareWithUnbound(bed, questions);
    expect(compared.filter((one) => !agrees(one)).map(describeComparison)).toEqual([]);
  });

  const oneOfEachKind = [...new Map(domains.map((domain) => [domain.kind, domain])).values()];

  test('the bed has many kinds', () => expect(oneOfEachKind.length).toBeGreaterThanOrEqual(17));

  test.for(oneOfEachKind)('the command, $kind: $qname MX', async ({ qname }) => {
    const run = await mailanchor(bed, ['resolve', qname, 'MX', '--json']);
    const resolved = JSON.parse(run.stdout) as Resolved;
    const [compared] = await compareWithUnbound(bed, [[qname, 'MX']]);
    expect(run.status).toBe(EXIT[resolved.status]);
    expect(resolved.status).toBe(compared?.unbound.status);
    expect(resolved.rcode).toBe(compared?.unbound.rcode);
    const records = resolved.answers
      .map(({ name, type, data }) => `${name} ${type} ${data}`.toLowerCase())
      .sort();
    expect(records).toEqual(compared?.unbound.records);
  });
});
