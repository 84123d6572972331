import {
  encodeSingleName,
  type Message,
  makeQuery,
  Name,
  parseRecord,
  parseZoneFile,
  Rcode,
  RRType,
  responseTo,
  rrTypeFromText,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { readSegments } from './segment.ts';

const name = (text: string) => Name.fromText(text);
const records = (text: string) => parseZoneFile(text, { defaultTtl: 60 });
const SOA = 'example. SOA ns. host. 1 2 3 4 5';

/** Kind, owner and where it leads, of each segment. */
function segments(
  asked: string,
  answer: string,
  { rcode = 0, authority = '', bailiwick = '.', except = [] as string[] } = {},
): string[] {
  const [owner, type] = asked.split(' ');
  const message: Message = responseTo(makeQuery(name(owner!), 1), {
    rcode,
    answers: records(answer),
    authorities: records(authority),
  });
  return readSegments(message, name(owner!), rrTypeFromText(type!)!, name(bailiwick), except.map(name)).map(
    (segment) => {
      const outside = segment.outside ? ' outside' : '';
      if (segment.kind === 'alias') return `${segment.via} ${segment.owner} > ${segment.target}${outside}`;
      if (segment.kind === 'contradiction') return `contradiction: ${segment.text}`;
      return `${segment.kind} ${segment.owner}${outside}`;
    },
  );
}

describe('readSegments', () => {
  const cases: readonly [string, string, string, Parameters<typeof segments>[2], string[]][] = [
    ['an answer', 'w.example. A', 'w.example. A 192.0.2.1', {}, ['answer w.example.']],
    ['case', 'w.example. A', 'W.EXAMPLE. A 192.0.2.1', {}, ['answer w.example.']],
    ['another name', 'w.example. A', 'x.example. A 192.0.2.1', {}, ['nodata w.example.']],
    ['another type', 'w.example. A', 'w.example. TXT "x"', {}, ['nodata w.example.']],
    ['another class', 'w.example. A', 'w.example. CH TXT "x"', {}, ['nodata w.example.']],
    ['nothing', 'w.example. A', '', {}, ['nodata w.example.']],
    ['NXDOMAIN', 'w.example. A', '', { rcode: 3 }, ['nxdomain w.example.']],
    [
      'an answer with NXDOMAIN is an answer',
      'w.example. A',
      'w.example. A 192.0.2.1',
      { rcode: 3 },
      ['answer w.example.'],
    ],
    [
      'an alias and its target',
      'w.example. A',
      'w.example. CNAME x.example.\nx.example. A 192.0.2.1',
      {},
      ['CNAME w.example. > x.example.', 'answer x.example.'],
    ],
    [
      'the target first',
      'w.example. A',
      'x.example. A 192.0.2.1\nw.example. CNAME x.example.',
      {},
      ['CNAME w.example. > x.example.', 'answer x.example.'],
    ],
    [
      'an alias and no more',
      'w.example. A',
      'w.example. CNAME x.example.',
      {},
      ['CNAME w.example. > x.example.'],
    ],
    [
      'an alias and the denial of its target',
      'w.example. A',
      'w.example. CNAME x.example.',
      { authority: SOA, rcode: 3 },
      ['CNAME w.example. > x.example.', 'nxdomain x.example.'],
    ],
    [
      'an alias and the SOA of another zone',
      'w.example. A',
      'w.example. CNAME x.com.',
      { authority: SOA, rcode: 3 },
      ['CNAME w.example. > x.com.'],
    ],
    [
      'the alias asked for',
      'w.example. CNAME',
      'w.example. CNAME x.example.\nx.example. A 192.0.2.1',
      {},
      ['answer w.example.'],
    ],
    [
      'everything asked for',
      'w.example. ANY',
      'w.example. A 192.0.2.1\nw.example. TXT "x"\nx.example. A 192.0.2.2',
      {},
      ['answer w.example.'],
    ],
    [
      'a circle',
      'w.example. A',
      'w.example. CNAME x.example.\nx.example. CNAME w.example.',
      {},
      ['CNAME w.example. > x.example.', 'CNAME x.example. > w.example.'],
    ],
    [
      'two aliases',
      'w.example. A',
      'w.example. CNAME x.example.\nw.example. CNAME y.example.',
      {},
      ['contradiction: w.example. has more than one CNAME, or a malformed one'],
    ],
    [
      'data before an alias',
      'w.example. A',
      'w.example. A 192.0.2.1\nw.example. CNAME x.example.',
      {},
      ['answer w.example.'],
    ],
    [
      'data after an alias',
      'w.example. A',
      'w.example. CNAME x.example.\nw.example. A 192.0.2.1',
      {},
      ['CNAME w.example. > x.example.'],
    ],
    [
      'DNAME',
      'w.a.example. A',
      'a.example. DNAME b.example.\nw.a.example. CNAME w.b.example.\nw.b.example. A 192.0.2.1',
      {},
      ['DNAME w.a.example. > w.b.example.', 'answer w.b.example.'],
    ],
    [
      'DNAME without its CNAME',
      'w.a.example. A',
      'a.example. DNAME b.example.\nw.b.example. A 192.0.2.1',
      {},
      ['DNAME w.a.example. > w.b.example.', 'answer w.b.example.'],
    ],
    [
      'DNAME and another CNAME',
      'w.a.example. A',
      'a.example. DNAME b.example.\nw.a.example. CNAME w.c.example.',
      {},
      ['contradiction: the CNAME of w.a.example. is not what the DNAME of a.example. makes'],
    ],
    [
      'DNAME and two CNAMEs',
      'w.a.example. A',
      'a.example. DNAME b.example.\nw.a.example. CNAME w.b.example.\nw.a.example. CNAME w.c.example.',
      {},
      ['contradiction: the CNAME of w.a.example. is not what the DNAME of a.example. makes'],
    ],
    [
      'DNAME of the name itself redirects nothing',
      'a.example. A',
      'a.example. DNAME b.example.',
      {},
      ['nodata a.example.'],
    ],
    [
      'two DNAMEs',
      'w.a.example. A',
      'a.example. DNAME b.example.\na.example. DNAME c.example.',
      {},
      ['contradiction: the DNAME of a.example. cannot be applied to w.a.example.'],
    ],
    [
      'the closest DNAME',
      'x.y.a.example. A',
      'a.example. DNAME b.example.\ny.a.example. DNAME c.example.',
      {},
      ['DNAME x.y.a.example. > x.c.example.'],
    ],
    [
      'below a DNAME, the CNAME asked for',
      'w.a.example. CNAME',
      'a.example. DNAME b.example.\nw.a.example. CNAME w.b.example.',
      {},
      ['DNAME w.a.example. > w.b.example.'],
    ],
    [
      'below a DNAME, everything asked for',
      'w.a.example. ANY',
      'a.example. DNAME b.example.\nw.a.example. CNAME w.b.example.',
      {},
      ['DNAME w.a.example. > w.b.example.'],
    ],
    [
      'too long for a DNAME',
      `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.a.example. A`,
      `a.example. DNAME ${'d'.repeat(60)}.${'e'.repeat(60)}.example.`,
      {},
      [`overlong ${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.a.example.`],
    ],
    [
      'out of the bailiwick',
      'w.example. A',
      'w.example. CNAME x.com.\nx.com. A 192.0.2.1',
      { bailiwick: 'example.' },
      ['CNAME w.example. > x.com.', 'answer x.com. outside'],
    ],
    [
      'into an exception',
      'w.example. A',
      'w.example. CNAME x.corp.example.\nx.corp.example. A 192.0.2.1',
      { bailiwick: 'example.', except: ['corp.example.'] },
      ['CNAME w.example. > x.corp.example.', 'answer x.corp.example. outside'],
    ],
    [
      'the name itself is no exception',
      'corp.example. DS',
      '',
      { bailiwick: 'example.', except: ['corp.example.'] },
      ['nodata corp.example.'],
    ],
  ];
  test.each(cases)('%s', (_, asked, answer, options, expected) => {
    expect(segments(asked, answer, options)).toEqual(expected);
  });

  test('YXDOMAIN without a DNAME that is the reason', () => {
    const message = responseTo(makeQuery(name('w.example.'), 1), { rcode: Rcode.YXDOMAIN });
    expect(readSegments(message, name('w.example.'), 1, Name.root)).toMatchObject([
      { kind: 'contradiction' },
    ]);
  });

  test('an answer to ANY is cut short', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      parseRecord(`w.example. TYPE${4000 + i} \\# 1 01`, { defaultTtl: 60 }),
    );
    const message = responseTo(makeQuery(name('w.example.'), RRType.ANY), { answers: many });
    const [answer] = readSegments(message, name('w.example.'), RRType.ANY, Name.root);
    expect(answer).toMatchObject({ kind: 'answer' });
    expect(answer?.kind === 'answer' && answer.rrsets).toHaveLength(24);
  });

  test('no more than sixteen aliases of one response', () => {
    const chain = Array.from({ length: 40 }, (_, i) => `n${i}.example. CNAME n${i + 1}.example.`).join('\n');
    expect(segments('n0.example. A', chain)).toHaveLength(16);
  });

  test('an alias whose data is no name', () => {
    const cname = { name: name('w.example.'), type: RRType.CNAME, class: 1, ttl: 1, rdata: Uint8Array.of(5) };
    const message = responseTo(makeQuery(cname.name, 1), { answers: [cname] });
    expect(readSegments(message, cname.name, 1, Name.root)).toMatchObject([{ kind: 'contradiction' }]);
    const dname = { ...cname, name: name('example.'), type: RRType.DNAME };
    expect(readSegments({ ...message, answers: [dname] }, cname.name, 1, Name.root)).toMatchObject([
      { kind: 'contradiction' },
    ]);
    expect(encodeSingleName(name('x.'))).toEqual(name('x.').wire);
  });
});
