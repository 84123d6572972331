import { makeQuery, Name, parseZoneFile, Rcode, RRType, responseTo, TransportError } from '@mailanchor/dns';
import type { QueryEvent } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { createPaint } from '../terminal/paint.ts';
import { renderQuery } from './trace.ts';

const paint = createPaint(false);
const name = (text: string) => Name.fromText(text);
const records = (text: string) => parseZoneFile(text, { origin: Name.root, defaultTtl: 60 });
const query = makeQuery(name('mx.example.'), RRType.A);
const answered = (options: Parameters<typeof responseTo>[1]): QueryEvent['outcome'] => ({
  kind: 'response',
  message: responseTo(query, options),
});
const event = (more: Partial<QueryEvent>): QueryEvent => ({
  server: { address: '192.0.2.1', port: 53 },
  name: name('mx.example.'),
  type: RRType.A,
  ms: 12.4,
  purpose: 'question',
  target: name('mx.example.'),
  zone: name('example.'),
  outcome: answered({ answers: records('mx.example. A 192.0.2.2\nmx.example. A 192.0.2.3') }),
  ...more,
});

test.each<[string, Partial<QueryEvent>, string]>([
  ['an answer', {}, '   12 ms  192.0.2.1#53 (example.)  A mx.example.  → 2 A  the question'],
  [
    'a referral',
    {
      zone: name('.'),
      name: name('example.'),
      outcome: answered({ authorities: records('example. NS ns.example.\nexample. DS 1 13 2 00') }),
    },
    '   12 ms  192.0.2.1#53 (.)  A example.  → referral to example., with its DS  on the way to mx.example.',
  ],
  [
    'a referral into the unsigned',
    { zone: name('.'), outcome: answered({ authorities: records('example. NS ns.example.') }) },
    '   12 ms  192.0.2.1#53 (.)  A mx.example.  → referral to example., without DS  the question',
  ],
  [
    'no such name',
    { outcome: answered({ rcode: Rcode.NXDOMAIN }) },
    '   12 ms  192.0.2.1#53 (example.)  A mx.example.  → no such name  the question',
  ],
  [
    'no such records',
    {
      type: RRType.DS,
      purpose: 'ds',
      outcome: answered({ authorities: records('example. SOA ns. h. 1 2 3 4 5') }),
    },
    '   12 ms  192.0.2.1#53 (example.)  DS mx.example.  → no such records  whether its parent vouches for mx.example.',
  ],
  [
    'a refusal',
    { outcome: answered({ rcode: Rcode.REFUSED }), purpose: 'name-server' },
    '   12 ms  192.0.2.1#53 (example.)  A mx.example.  ✘ REFUSED  to find the name server mx.example.',
  ],
  [
    'silence',
    {
      outcome: { kind: 'error', error: new TransportError('timeout', 'no answer within 400 ms') },
      purpose: 'dnskey',
    },
    '   12 ms  192.0.2.1#53 (example.)  A mx.example.  ✘ no answer within 400 ms  the keys of mx.example.',
  ],
  [
    'a forwarder with a name',
    { server: { address: '192.0.2.1', port: 853, label: 'tls://dns.example' }, zone: name('.') },
    '   12 ms  tls://dns.example (.)  A mx.example.  → 2 A  the question',
  ],
  [
    'the first of all',
    { purpose: 'priming', zone: name('.'), target: name('.') },
    '   12 ms  192.0.2.1#53 (.)  A mx.example.  → 2 A  the servers of the root, from the hints',
  ],
])('%s', (_, more, line) => {
  expect(renderQuery(event(more), paint)).toBe(line);
});

test('nothing of the network’s reaches the terminal as it is', () => {
  const error = new TransportError('failed', 'bad \u001b[31m');
  expect(renderQuery(event({ outcome: { kind: 'error', error } }), paint)).not.toContain('\u001b');
});
