import { FakeResolver } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { discoverTlsRpt, mailtoAddress } from './discover.ts';

const resolver = new FakeResolver({
  zone: `_smtp._tls.example.org. 300 IN TXT "v=TLSRPTv1; rua=mailto:a@" "example.org,https://example.org/r"
         _smtp._tls.two.example. 300 IN TXT "v=TLSRPTv1; rua=mailto:a@two.example"
         _smtp._tls.two.example. 300 IN TXT "v=TLSRPTv1; rua=mailto:b@two.example"`,
  failures: { '_smtp._tls.broken.example TXT': { status: 'bogus', text: 'signature expired' } },
});

test.each<[string, object]>([
  ['example.org', { kind: 'record', rua: ['mailto:a@example.org', 'https://example.org/r'] }],
  ['two.example', { kind: 'invalid', text: 'there are 2 records, not one' }],
  ['none.example', { kind: 'absent' }],
  // A failed lookup says nothing of the record: it is never "no report wanted".
  ['broken.example', { kind: 'unknown', text: 'signature expired' }],
  [`${'a.'.repeat(120)}example`, { kind: 'absent' }],
])('rfc8460#section-3: where reports on %s go', async (domain, expected) => {
  expect(await discoverTlsRpt(domain, { resolver })).toEqual(expected);
});

test.each<[string, string | undefined]>([
  ['mailto:reports@example.org', 'reports@example.org'],
  ['MAILTO:tls%2Brpt@example.org?subject=x', 'tls+rpt@example.org'],
  ['mailto:a@b.example,c@d.example', undefined],
  ['mailto:a%0D%0ARCPT@example.org', undefined],
  ['mailto:%22a%20b%22@example.org', undefined],
  ['mailto:%zz@example.org', undefined],
  ['mailto:nobody', undefined],
  ['https://example.org/', undefined],
])('the address of %s', (uri, expected) => expect(mailtoAddress(uri)).toBe(expected));
