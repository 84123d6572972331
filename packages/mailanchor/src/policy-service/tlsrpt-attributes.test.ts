import { type DomainPolicy, parsePolicy, type StsPolicy } from '@mailanchor/smtp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerOf } from './answer.ts';
import { SOCKETMAP } from './socketmap.ts';
import { LONGEST_LINE, TCP_TABLE } from './tcp-table.ts';
import { withAttributes, withoutAttributes } from './tlsrpt-attributes.ts';

const STS: StsPolicy = {
  mode: 'enforce',
  maxAge: 604_800,
  mx: ['mx1.example.org', '*.mail.example.org'],
};
const KEY = { text: 'example.org', name: 'example.org' };
const secure = (match: readonly string[]): DomainPolicy => ({ kind: 'secure', match, reason: 'why' });

/** A policy as Postfix takes it apart (mystrtokq, extpar, split_nameval): the level, then pairs. Undefined where it would let the mail wait. */
function asPostfix(text: string): { level: string; pairs: [string, string][] } | undefined {
  const [level = '', ...words] = text.match(/\{[^{}]*\}|[^\s,{}]+/g) ?? [];
  const pairs = words.map((word): [string, string] | undefined => {
    const pair = /^([^=]+?)\s*=\s*(.+)$/.exec(word.replace(/^\{\s*(.*?)\s*\}$/, '$1'));
    return pair ? [pair[1]!, pair[2]!] : undefined;
  });
  return pairs.includes(undefined) ? undefined : { level, pairs: pairs as [string, string][] };
}

describe('on request', () => {
  test('the policy as it was published, the hosts that may get mail', () => {
    const answer = answerOf(KEY, secure(STS.mx), STS);
    const plain = 'OK secure match=mx1.example.org:.mail.example.org servername=hostname';
    expect(SOCKETMAP.encode(answer).toString()).toBe(`${plain.length}:${plain},`);
    const attributes =
      'policy_type=sts policy_domain=example.org { policy_string = version: STSv1 } { policy_string = mode: enforce } ' +
      '{ policy_string = mx: mx1.example.org } { policy_string = mx: *.mail.example.org } ' +
      '{ policy_string = max_age: 604800 } mx_host_pattern=mx1.example.org mx_host_pattern=*.mail.example.org';
    const long = `${plain} ${attributes}`;
    expect(SOCKETMAP.encode(withAttributes(answer)).toString()).toBe(`${long.length}:${long},`);
    expect(withAttributes(answer)).toBe(withAttributes(answer));
    expect(withoutAttributes(withAttributes(answer)).text).toBe(answer.text);
  });
  test('Postfix connects to no host that was left out because its lookup failed', () => {
    const { text } = withAttributes(answerOf(KEY, secure(['mx1.example.org']), STS));
    const patterns = asPostfix(text)!.pairs.filter(([name]) => name === 'mx_host_pattern');
    expect(patterns).toEqual([['mx_host_pattern', 'mx1.example.org']]);
  });
  test.each<[string, DomainPolicy]>([
    ['dane-only', { kind: 'dane-only', reason: '' }],
    ['dane', { kind: 'dane', reason: '' }],
    ['none', { kind: 'none', reason: '' }],
    ['defer', { kind: 'defer', reason: 'why' }],
  ])('%s has none: Postfix knows it by itself', (_, policy) => {
    const answer = answerOf(KEY, policy, STS);
    expect(withAttributes(answer)).toBe(answer);
  });
  test.each<[string, { name: string; sts?: StsPolicy; match?: string[] }]>([
    ['a domain that Postfix takes for no name', { name: '1.2' }],
    ['a domain of one label', { name: 'localhost' }],
    ['a domain with a label that ends in a hyphen', { name: 'a-.example' }],
    [
      'more than socketmap carries',
      {
        name: 'a.example',
        sts: { ...STS, mx: many(1000, 'a-name-of-forty-letters-more-or-less.and-more') },
        match: ['mx.a.example'],
      },
    ],
    ['a policy without hosts', { name: 'a.example', sts: { ...STS, mx: [] } }],
  ])('left out: %s', (_, { name, sts = STS, match = STS.mx }) => {
    const answer = answerOf({ text: name, name }, secure(match), sts);
    expect(answer.status).toBe('OK');
    expect(answer.attributes === undefined).toBe(true);
  });
  test('tcp_table leaves them out where its line is too short for them', () => {
    const sts = { ...STS, mx: many(60) };
    const answer = answerOf(KEY, secure(sts.mx), sts);
    const line = TCP_TABLE.encode(withAttributes(answer)).toString();
    expect(answer.attributes!.length).toBeGreaterThan(LONGEST_LINE);
    expect(line).toBe(TCP_TABLE.encode(answer).toString());
    expect(line).toMatch(/^200 secure%20match=/);
    const short = withAttributes(answerOf(KEY, secure(STS.mx), STS));
    expect(TCP_TABLE.encode(short).toString()).toContain('%20mx_host_pattern=*.mail.example.org\n');
  });
});

function many(count: number, below = 'of'): string[] {
  return Array.from({ length: count }, (_, i) => `mx${i}.${below}.a.mail.platform.example`);
}

describe('what somebody else wrote', () => {
  test.each([
    ['x,match=hostname,match=y.example.org'],
    ['a b.example.org'],
    ['a:hostname.example.org'],
    ['{x=y}.example.org'],
    ['a\\046b.example.org'],
    ['hostname'],
    ['nexthop'],
    ['10.0.0.1'],
    ['mx.example.org\nOK none'],
  ])('an MX host %j is not named', (host) => {
    expect(answerOf(KEY, secure([host]), STS).status).toBe('TEMP');
    const { text } = withAttributes(answerOf(KEY, secure([host, 'mx1.example.org']), STS));
    expect(asPostfix(text)!.pairs.filter(([name]) => name === 'match')).toEqual([
      ['match', 'mx1.example.org'],
    ]);
  });
  test('whatever a policy or an MX host says, Postfix reads what we meant', () => {
    const odd = fc.string({
      unit: fc.constantFrom(
        ...'ab.*-_,:={}[] \t\n\0\\"\'%é',
        'match=',
        'hostname',
        ' policy_failure=validation-failure',
      ),
      maxLength: 30,
    });
    const name = fc.oneof(
      odd,
      odd.map((label) => `${label}.example.org`),
      fc.constantFrom(...STS.mx),
    );
    const property = fc.property(
      fc.array(name, { maxLength: 4 }),
      fc.array(name, { maxLength: 4 }),
      name,
      (mx, match, domain) => {
        const answer = answerOf({ text: domain, name: domain }, secure(match), { ...STS, mx });
        if (answer.status !== 'OK') return;
        const policy = asPostfix(withAttributes(answer).text)!;
        const of = (wanted: string) =>
          policy.pairs.filter(([pair]) => pair === wanted).map(([, value]) => value);
        expect(policy.level).toBe('secure');
        const named = of('match').flatMap((value) => value.split(':'));
        expect(named.every((value) => match.includes(value) || match.includes(`*${value}`))).toBe(true);
        expect(named.every((value) => value.includes('.', 1))).toBe(true);
        expect(of('servername')).toEqual(['hostname']);
        if (answer.attributes !== undefined) {
          expect(of('policy_type')).toEqual(['sts']);
          expect(of('policy_domain')).toEqual([domain]);
          expect(of('policy_string')).toEqual([
            'version: STSv1',
            'mode: enforce',
            ...mx.map((value) => `mx: ${value}`),
            'max_age: 604800',
          ]);
        }
        const known = [
          'match',
          'servername',
          'policy_type',
          'policy_domain',
          'policy_string',
          'mx_host_pattern',
        ];
        expect(policy.pairs.every(([pair]) => known.includes(pair))).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });
  test('of a policy file only what it may have gets into an answer', () => {
    const file =
      'version: STSv1\nmode: enforce\nmax_age: 86400\nmx: mx1.example.org\nextra: x } policy_failure=validation-failure {\n';
    const parsed = parsePolicy(file);
    if (parsed.kind !== 'policy') throw new Error(parsed.text);
    const { text } = withAttributes(answerOf(KEY, secure(parsed.policy.mx), parsed.policy));
    expect(text).not.toContain('policy_failure');
  });
});
