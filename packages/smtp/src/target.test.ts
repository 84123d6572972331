import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmtpError } from './errors.ts';
import { parseTarget } from './target.ts';

describe('parseTarget', () => {
  const good: [string, object][] = [
    ['example.org', { kind: 'mail-domain', domain: 'example.org' }],
    ['example.org.', { kind: 'mail-domain', domain: 'example.org' }],
    [' example.org ', { kind: 'mail-domain', domain: 'example.org' }],
    ['_x.example.org', { kind: 'mail-domain', domain: '_x.example.org' }],
    ['bücher.example', { kind: 'mail-domain', domain: 'xn--bcher-kva.example' }],
    ['[192.0.2.1]', { kind: 'address-literal', address: '192.0.2.1' }],
    ['[IPv6:2001:db8::1]', { kind: 'address-literal', address: '2001:db8::1' }],
    ['mx.example.org:25', { kind: 'service', port: 25, protocol: 'smtp', mailTransfer: true }],
    ['mx.example.org:587', { kind: 'service', port: 587, protocol: 'smtp', mailTransfer: false }],
    ['mx.example.org:993', { kind: 'service', port: 993, protocol: 'tls', mailTransfer: false }],
    ['mx.example.org:443', { kind: 'service', port: 443, protocol: 'tls' }],
    ['mx.example.org:10025', { kind: 'service', port: 10025, protocol: 'smtp', mailTransfer: true }],
    ['https://www.example.org/path?x#y', { kind: 'service', host: 'www.example.org', port: 443 }],
    ['https://www.example.org:8443', { kind: 'service', port: 8443, protocol: 'tls' }],
    ['IMAPS://imap.example.org', { kind: 'service', port: 993, protocol: 'tls' }],
    ['submission://mx.example.org', { kind: 'service', port: 587, protocol: 'smtp' }],
  ];
  for (const [text, expected] of good) {
    it(text, () => expect(parseTarget(text)).toMatchObject(expected));
  }

  const bad = [
    '',
    '.',
    '..',
    'a..b',
    '192.0.2.1',
    '2001:db8::1',
    '[nonsense]',
    '[]',
    'user@example.org',
    'example.org:0',
    'example.org:65536',
    'example.org:x',
    ':25',
    '192.0.2.1:25',
    'ftp://example.org',
    'xmpp-client://example.org',
    'constructor://example.org',
    'https://',
    'https://user@example.org',
    'exa mple.org',
    'a\u0000b.org',
    `${'a'.repeat(64)}.org`,
    `${'a.'.repeat(130)}org`,
  ];
  for (const text of bad) {
    it(`refuses ${JSON.stringify(text).slice(0, 60)} in one line`, () => {
      expect(() => parseTarget(text)).toThrow(SmtpError);
      try {
        parseTarget(text);
      } catch (error) {
        expect((error as SmtpError).code).toBe('bad-target');
        expect((error as Error).message).toMatch(/^[\x20-\x7e\u00a0-\uffff]+$/);
      }
    });
  }

  it('parses or refuses whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseTarget(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SmtpError);
        }
      }),
    );
  });
});
