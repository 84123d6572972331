/** Rule 31: what `connectMx` tells for TLS reports. */
import { afterEach, describe, expect, it } from 'vitest';
import type { TlsRptEvent } from '../src/tlsrpt/event.ts';
import { closeScenes, play, type Scene } from './connect-mx-scene.ts';
import { ee, intermediate, leaf, NOW, other, ta } from './world.ts';

afterEach(closeScenes);

const STS = { mode: 'enforce', maxAge: 86_400, mx: ['mx.example.net'] } as const;
const ELSEWHERE = { ...STS, mx: ['mx.other.example'] } as const;
const NO_TLS = { '192.0.2.1': { ehlo: '250 mail.test' } };
const expired = { failures: { '_25._tcp.mx.example.net TLSA': { status: 'bogus', ede: 7 } } } as const;

async function told(scene: Scene): Promise<readonly TlsRptEvent[]> {
  const events: TlsRptEvent[] = [];
  const report = (event: TlsRptEvent): void => void events.push(event);
  const { result } = await play({ ...scene, options: { ...scene.options, report } });
  if (result.kind === 'connected') result.socket.destroy();
  expect(result.events).toEqual(events);
  return events;
}

describe('rule 31', () => {
  const rows: [string, Scene, string][] = [
    ['a match', {}, 'tlsa: success'],
    ['another key', { tlsa: [ee(other)] }, 'tlsa: validation-failure dane-no-match'],
    [
      'another name',
      { tlsa: [ta(intermediate)], hosts: { '192.0.2.1': { chain: [other, intermediate] } } },
      'tlsa: certificate-host-mismatch',
    ],
    ['no STARTTLS', { hosts: NO_TLS }, 'tlsa: starttls-not-supported'],
    [
      'STARTTLS refused',
      { hosts: { '192.0.2.1': { starttls: '454 no' } } },
      'tlsa: starttls-not-supported starttls-refused',
    ],
    [
      'no handshake',
      { hosts: { '192.0.2.1': { handshake: 'garbage' } } },
      'tlsa: validation-failure ERR_SSL_WRONG_VERSION_NUMBER',
    ],
    ['none usable', { tlsa: ['3 1 1 abcd'] }, 'tlsa: tlsa-invalid tlsa-unusable'],
    ['TLSA bogus', { table: expired }, 'tlsa: dnssec-invalid ede-7'],
    [
      'MX bogus',
      { table: { failures: { 'example.org MX': { status: 'bogus', ede: 7 } } } },
      'tlsa: dnssec-invalid ede-7',
    ],
    ['MX without answer', { table: { failures: { 'example.org MX': { status: 'indeterminate' } } } }, ''],
    ['DANE required', { tlsa: [], options: { mode: 'dane-only' } }, 'tlsa: dane-required'],
    ['audit', { tlsa: [ee(other)], options: { mode: 'audit' } }, 'tlsa: validation-failure dane-no-match'],
    [
      'TLS-Required: No',
      { tlsa: [ee(other)], options: { tlsRequiredNo: true } },
      'tlsa: validation-failure dane-no-match',
    ],
    ['no policy', { tlsa: [] }, 'no-policy-found: success'],
    ['no policy, no STARTTLS', { tlsa: [], hosts: NO_TLS }, 'no-policy-found: starttls-not-supported'],
    [
      'no policy, once more in clear: told once',
      { tlsa: [], hosts: { '192.0.2.1': { handshake: 'garbage' } } },
      'no-policy-found: validation-failure ERR_SSL_WRONG_VERSION_NUMBER',
    ],
    [
      'MTA-STS, no CA',
      { tlsa: [], sts: STS },
      'sts: certificate-not-trusted UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ],
    ['MTA-STS, host not named', { tlsa: [], sts: ELSEWHERE }, 'sts: validation-failure sts-mx-not-listed'],
    [
      'MTA-STS in testing, host not named',
      { tlsa: [], sts: { ...ELSEWHERE, mode: 'testing' } },
      'sts: validation-failure sts-mx-not-listed',
    ],
    ['nobody listens', { hosts: { '192.0.2.1': null } }, ''],
    ['turned away', { hosts: { '192.0.2.1': { greeting: '554 no' } } }, ''],
    ['null MX', { zone: 'example.org. 300 IN MX 0 .' }, ''],
    ['address literal', { to: '[192.0.2.1]' }, ''],
  ];
  it.each(rows)('%s: %s', async (_, scene, expected) => {
    const events = await told(scene);
    const shown = events.map(({ policy, failure }) => {
      const what = failure ? `${failure.resultType} ${failure.reasonCode ?? ''}`.trim() : 'success';
      return `${policy.type}: ${what}`;
    });
    expect(shown.join('; ')).toBe(expected);
  });

  it('who, where and by which policy', async () => {
    const [event] = await told({ tlsa: [ee(other)] });
    expect(event).toEqual({
      at: NOW,
      domain: 'example.org',
      policy: { type: 'tlsa', domain: 'mx.example.net', strings: [ee(other)], mxHosts: [] },
      failure: {
        resultType: 'validation-failure',
        reasonCode: 'dane-no-match',
        sendingMtaIp: '127.0.0.1',
        receivingMxHostname: 'mx.example.net',
        receivingMxHelo: 'mail.test',
        receivingIp: '192.0.2.1',
      },
    });
  });

  it('the domain in lower case and without its dot, however it was written', async () => {
    const [event] = await told({ to: 'Example.ORG.', tlsa: [] });
    expect(event).toMatchObject({ domain: 'example.org', policy: { domain: 'example.org' } });
  });

  it('a policy that cannot be had, beside the session', async () => {
    const discovery = { kind: 'invalid', part: 'certificate', text: 'expired' } as const;
    const sts = { find: async () => ({ policy: undefined, discovery }) };
    const events = await told({ tlsa: [], options: { sts } });
    expect(events.map(({ policy, failure }) => [policy.type, failure?.resultType])).toEqual([
      ['sts', 'sts-webpki-invalid'],
      ['no-policy-found', undefined],
    ]);
  });

  it('a sink that fails stops no mail, and one that takes its time is waited for', async () => {
    const failing = { report: () => Promise.reject(new Error('disk full')) };
    const { result } = await play({ tlsa: [ee(leaf)], options: failing });
    expect(result.kind).toBe('connected');
    if (result.kind === 'connected') result.socket.destroy();
    let durable = false;
    const slow = async (): Promise<void> => {
      await new Promise((wake) => setTimeout(wake, 30));
      durable = true;
    };
    const second = await play({ options: { report: slow } });
    expect(durable).toBe(true);
    if (second.result.kind === 'connected') second.result.socket.destroy();
  });
});
