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
    ['imaps:imap.example.org', { kind: 'service', host: 'imap.example.org', port: 993 }],
    [
      'imaps:imap.example.org:9993',
      { kind: 'service', host: 'imap.example.org', port: 9993, protocol: 'tls' },
    ],
    ['pop3:mx.example.org', { kind: 'service', port: 110, protocol: 'pop3' }],
    ['https://1host.example', { kind: 'service', host: '1host.example', port: 443 }],
    ['imap:143', { kind: 'service', host: 'imap', port: 143, protocol: 'imap' }],
    ['submissions:mx.example.org', { kind: 'service', port: 465, protocol: 'tls', mailTransfer: false }],
    ['sieve:mx.example.org', { kind: 'service', port: 4190, protocol: 'sieve' }],
    ['im.example.org:5222', { kind: 'service', port: 5222, protocol: 'xmpp-client', mailTransfer: false }],
    ['im.example.org:5269', { kind: 'service', port: 5269, protocol: 'xmpp-server' }],
    ['xmpp-server:im.example.org:5269', { kind: 'service', port: 5269, protocol: 'xmpp-server' }],
    [
      'xmpp-client:example.org',
      { kind: 'srv-service', owner: '_xmpp-client._tcp.example.org', fallbackPort: 5222 },
    ],
    ['xmpp-client://example.org', { kind: 'srv-service', domain: 'example.org', protocol: 'xmpp-client' }],
    [
      '_imaps._tcp.example.org',
      {
        kind: 'srv-service',
        service: 'imaps',
        domain: 'example.org',
        owner: '_imaps._tcp.example.org',
        protocol: 'tls',
        fallbackPort: null,
      },
    ],
    ['_Submission._TCP.Example.org', { kind: 'srv-service', service: 'submission', protocol: 'smtp' }],
    ['_submissions._tcp.example.org', { kind: 'srv-service', service: 'submissions', protocol: 'tls' }],
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
    'imaps:',
    'imaps:a b',
    '_25._tcp.mx.example.org',
    '_smtp._tcp.example.org',
    '_nonsense._tcp.example.org',
    '_imaps._tcp.192.0.2.1',
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
