import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { MxConnection } from '../src/deliver/types.ts';
import { closeScenes, play, type Scene } from './connect-mx-scene.ts';
import type { MailHostScript } from './fake-mail-host.ts';
import { ee, intermediate, leaf, other, root, ta } from './world.ts';

afterEach(closeScenes);

const HOST = 'mx.example.net';
const ENFORCED = { mode: 'enforce', maxAge: 86_400, mx: [HOST] } as const;
const TESTING = { ...ENFORCED, mode: 'testing' } as const;
const ELSEWHERE = { ...ENFORCED, mx: ['mx.other.example'] } as const;
const CA = { ca: [root.pem] };
const insecureMx = { table: { status: { 'example.org': 'insecure' } } } as const;
const NO_TLS: MailHostScript = { ehlo: '250-mail.test\r\n250 8BITMIME\r\n' };
const UNUSABLE = '3 1 1 abcd';

describe('the decision table of rfc7672#section-2.2', () => {
  const rows: [string, Scene, string][] = [
    ['usable', {}, 'dane, secure'],
    ['usable, by CA', { tlsa: [ta(intermediate)] }, 'dane, secure'],
    ['usable, another key', { tlsa: [ee(other)] }, 'deferred: mismatch'],
    [
      'usable, another name',
      { tlsa: [ta(intermediate)], hosts: { '192.0.2.1': { chain: [other, intermediate] } } },
      'deferred: mismatch',
    ],
    ['usable, no STARTTLS', { hosts: { '192.0.2.1': NO_TLS } }, 'deferred: starttls'],
    [
      'usable, STARTTLS refused',
      { hosts: { '192.0.2.1': { starttls: '454 not now' } } },
      'deferred: starttls',
    ],
    ['usable, no handshake', { hosts: { '192.0.2.1': { handshake: 'garbage' } } }, 'deferred: tls-failed'],
    [
      'usable, data behind STARTTLS',
      { hosts: { '192.0.2.1': { inject: '250 hello\r\n' } } },
      'deferred: starttls',
    ],
    ['none usable', { tlsa: [UNUSABLE] }, 'encrypted, flaw: unusable'],
    ['none usable, no STARTTLS', { tlsa: [UNUSABLE], hosts: { '192.0.2.1': NO_TLS } }, 'deferred: starttls'],
    ['no records', { tlsa: [] }, 'encrypted'],
    ['no records, no STARTTLS', { tlsa: [], hosts: { '192.0.2.1': NO_TLS } }, 'cleartext, flaw: starttls'],
    [
      'no records, STARTTLS refused',
      { tlsa: [], hosts: { '192.0.2.1': { starttls: '454 not now' } } },
      'cleartext, flaw: starttls',
    ],
    [
      'no records, no handshake: once more in clear',
      { tlsa: [], hosts: { '192.0.2.1': { handshake: 'garbage' } } },
      'cleartext, flaw: tls-failed',
    ],
    [
      'no records, closed at STARTTLS: once more in clear',
      { tlsa: [], hosts: { '192.0.2.1': { starttls: 'close' } } },
      'cleartext, flaw: unreachable',
    ],
    [
      'no records, closed after TLS: once more in clear',
      { tlsa: [], hosts: { '192.0.2.1': { afterTls: 'close' } } },
      'cleartext, flaw: tls-failed',
    ],
    [
      'no records, data behind STARTTLS',
      { tlsa: [], hosts: { '192.0.2.1': { inject: '250 hello\r\n' } } },
      'deferred: starttls',
    ],
    [
      'TLSA bogus',
      { table: { failures: { [`_25._tcp.${HOST} TLSA`]: { status: 'bogus' } } } },
      'deferred: bogus',
    ],
    [
      'TLSA SERVFAIL',
      { table: { failures: { [`_25._tcp.${HOST} TLSA`]: { status: 'indeterminate' } } } },
      'deferred: lookup-failed',
    ],
    [
      'addresses bogus',
      { table: { failures: { [`${HOST} A`]: { status: 'bogus' }, [`${HOST} AAAA`]: { status: 'bogus' } } } },
      'deferred: bogus',
    ],
    [
      'addresses insecure: TLSA not asked',
      { tlsa: [ee(other)], table: { status: { 'example.net': 'insecure' } } },
      'encrypted',
    ],
    ['MX insecure, usable', insecureMx, 'dane'],
    ['MX insecure, another key', { ...insecureMx, tlsa: [ee(other)] }, 'deferred: mismatch'],
    [
      'MX insecure, encrypt, another key',
      { ...insecureMx, tlsa: [ee(other)], options: { insecureMx: 'encrypt' } },
      'encrypted, flaw: mismatch',
    ],
    [
      'MX insecure, encrypt, no STARTTLS',
      { ...insecureMx, options: { insecureMx: 'encrypt' }, hosts: { '192.0.2.1': NO_TLS } },
      'deferred: starttls',
    ],
    [
      'MX insecure, may, no STARTTLS',
      { ...insecureMx, options: { insecureMx: 'may' }, hosts: { '192.0.2.1': NO_TLS } },
      'cleartext, flaw: starttls',
    ],
    [
      'MX bogus',
      { table: { failures: { 'example.org MX': { status: 'bogus', text: 'signature expired' } } } },
      'deferred: bogus',
    ],
    [
      'MX SERVFAIL',
      { table: { failures: { 'example.org MX': { status: 'indeterminate' } } } },
      'deferred: lookup-failed',
    ],
    [
      'no MX',
      { zone: `example.org. 300 IN A 192.0.2.1\n_25._tcp.example.org. 300 IN TLSA ${ee(leaf)}` },
      'dane, secure',
    ],
    [
      'no address',
      { zone: 'example.org. 300 IN MX 10 mx.example.net.\nexample.net. 300 IN A 192.0.2.1' },
      'deferred: no-address',
    ],
    ['null MX', { zone: 'example.org. 300 IN MX 0 .' }, 'failed: null-mx'],
    ['no such domain', { to: 'no.example.com' }, 'failed: no-such-domain'],
    [
      'no such domain, insecure',
      { to: 'no.example.com', table: { status: { com: 'insecure' } } },
      'failed: no-such-domain',
    ],
    ['address literal', { to: '[192.0.2.1]' }, 'encrypted'],

    ['dane-only, usable', { options: { mode: 'dane-only' } }, 'dane, secure'],
    ['dane-only, no records', { tlsa: [], options: { mode: 'dane-only' } }, 'deferred: dane-required'],
    [
      'dane-only, none usable',
      { tlsa: [UNUSABLE], options: { mode: 'dane-only' } },
      'deferred: dane-required',
    ],
    [
      'dane-only, address literal',
      { to: '[192.0.2.1]', options: { mode: 'dane-only' } },
      'deferred: dane-required',
    ],
    ['audit, another key', { tlsa: [ee(other)], options: { mode: 'audit' } }, 'encrypted, flaw: mismatch'],
    [
      'audit, no STARTTLS',
      { options: { mode: 'audit' }, hosts: { '192.0.2.1': NO_TLS } },
      'cleartext, flaw: starttls',
    ],
    [
      'audit, TLSA bogus',
      { options: { mode: 'audit' }, table: { failures: { [`_25._tcp.${HOST} TLSA`]: { status: 'bogus' } } } },
      'deferred: bogus',
    ],

    ['MTA-STS, its CA', { tlsa: [], sts: ENFORCED, options: CA }, 'pkix, secure'],
    ['MTA-STS, no CA of ours', { tlsa: [], sts: ENFORCED }, 'deferred: pkix-failed'],
    [
      'MTA-STS, another name',
      { tlsa: [], sts: ENFORCED, options: CA, hosts: { '192.0.2.1': { chain: [other, intermediate] } } },
      'deferred: pkix-failed',
    ],
    [
      'MTA-STS, no STARTTLS',
      { tlsa: [], sts: ENFORCED, options: CA, hosts: { '192.0.2.1': NO_TLS } },
      'deferred: starttls',
    ],
    ['MTA-STS, host not named', { tlsa: [], sts: ELSEWHERE, options: CA }, 'deferred: not-listed'],
    ['MTA-STS in testing, no CA of ours', { tlsa: [], sts: TESTING }, 'encrypted, flaw: pkix-failed'],
    [
      'MTA-STS in testing, no STARTTLS',
      { tlsa: [], sts: TESTING, hosts: { '192.0.2.1': NO_TLS } },
      'cleartext, flaw: starttls',
    ],
    [
      'MTA-STS in testing, host not named',
      { tlsa: [], sts: { ...ELSEWHERE, mode: 'testing' } },
      'encrypted, flaw: not-listed',
    ],
    [
      'MTA-STS, DANE fails: no rescue',
      { tlsa: [ee(other)], sts: ENFORCED, options: CA },
      'deferred: mismatch',
    ],
    ['MTA-STS, DANE matches, host not named', { sts: ELSEWHERE }, 'dane, secure'],
    ['MTA-STS, MX insecure, host not named', { ...insecureMx, sts: ELSEWHERE }, 'deferred: not-listed'],
    ['MTA-STS, MX insecure, host named', { ...insecureMx, sts: ENFORCED }, 'dane, secure'],
    ['MTA-STS switched off', { tlsa: [], sts: ELSEWHERE, options: { sts: false } }, 'encrypted'],

    [
      'REQUIRETLS, offered',
      {
        hosts: { '192.0.2.1': { afterTls: '250-mail.test\r\n250 REQUIRETLS\r\n' } },
        options: { requireTls: true },
      },
      'dane, secure, REQUIRETLS',
    ],
    ['REQUIRETLS, not offered', { options: { requireTls: true } }, 'failed: requiretls'],
    ['REQUIRETLS, MX insecure', { ...insecureMx, options: { requireTls: true } }, 'failed: requiretls'],
    [
      'REQUIRETLS, no STARTTLS',
      { tlsa: [], hosts: { '192.0.2.1': NO_TLS }, options: { requireTls: true } },
      'failed: requiretls',
    ],
    [
      'REQUIRETLS, nobody listens',
      { hosts: { '192.0.2.1': null }, options: { requireTls: true } },
      'deferred: unreachable',
    ],
    [
      'TLS-Required: No, another key',
      { tlsa: [ee(other)], options: { tlsRequiredNo: true } },
      'encrypted, flaw: mismatch',
    ],
    [
      'TLS-Required: No, no STARTTLS',
      { hosts: { '192.0.2.1': NO_TLS }, options: { tlsRequiredNo: true } },
      'cleartext, flaw: starttls',
    ],
    [
      'TLS-Required: No, TLSA bogus',
      {
        table: { failures: { [`_25._tcp.${HOST} TLSA`]: { status: 'bogus' } } },
        options: { tlsRequiredNo: true },
      },
      'deferred: bogus',
    ],

    ['relay', { options: { relay: HOST } }, 'dane, secure'],
    ['relay, another key', { tlsa: [ee(other)], options: { relay: HOST } }, 'deferred: mismatch'],
    [
      'relay: the domain is not looked up',
      { to: 'no.example.com', options: { relay: HOST } },
      'dane, secure',
    ],
  ];
  it.each(rows)('%s', async (_, scene, expected) => {
    const { result, hosts } = await play(scene);
    expect(words(result)).toBe(expected);
    if (result.kind !== 'connected') for (const host of hosts.values()) await host.idle();
  });
});

function words(result: MxConnection): string {
  if (result.kind !== 'connected') return `${result.kind}: ${result.reason}`;
  const { authenticated, secure, flaw, requireTls, socket } = result;
  expect(socket instanceof TLSSocket).toBe(authenticated !== 'cleartext');
  socket.destroy();
  const rest = [secure ? 'secure' : '', flaw ? `flaw: ${flaw.reason}` : '', requireTls ? 'REQUIRETLS' : ''];
  return [authenticated, ...rest].filter(Boolean).join(', ');
}
