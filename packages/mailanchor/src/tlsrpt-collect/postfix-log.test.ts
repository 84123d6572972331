/** Lines are those of a Postfix 3.7.11 that sent to good and broken servers, as they stand; where they are not, the test says so. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LoggedSession, PostfixLog, type PostfixLogState, type UnclearLog } from './postfix-log.ts';

const NOW = new Date(2026, 10, 25, 20).getTime();
const read = (name: string) =>
  readFileSync(new URL(`../../test/fixtures/postfix-3.7-${name}.log`, import.meta.url), 'utf8').split('\n');

function collect(lines: readonly string[], state?: PostfixLogState) {
  const sessions: LoggedSession[] = [];
  const unclear: UnclearLog[] = [];
  const log = new PostfixLog(
    { session: (one) => sessions.push(one), unclear: (why) => unclear.push(why) },
    state,
  );
  for (const line of lines) log.line(line, NOW);
  return { sessions, unclear, log };
}

const words = ({ host, end }: LoggedSession): string => {
  const what =
    end.kind === 'established'
      ? end.verified
        ? 'verified'
        : end.trusted
          ? 'trusted'
          : 'established'
      : [end.resultType, end.reasonCode, end.dane ? 'DANE' : undefined].filter(Boolean).join(' ');
  return `${host.name} ${what}`;
};
const byDomain = (sessions: readonly LoggedSession[]) => {
  const table: Record<string, string[]> = {};
  for (const session of sessions) table[session.domain] = [...(table[session.domain] ?? []), words(session)];
  return table;
};

const DANE = {
  'good.cases.example': ['good.bedmail.example verified'],
  'bad.cases.example': ['bad.bedmail.example validation-failure dane-no-match DANE'],
  'ta.cases.example': ['ta.bedmail.example verified'],
  'nostarttls.cases.example': ['nostarttls.bedmail.example starttls-not-supported'],
  'notlsa.cases.example': ['notlsa.bedmail.example established'],
  'expired.cases.example': ['expired.bedmail.example verified'],
  'taname.cases.example': ['taname.bedmail.example certificate-host-mismatch'],
  'unusable.cases.example': ['unusable.bedmail.example established'],
  'roll.cases.example': ['roll.bedmail.example verified'],
  'fullcert.cases.example': ['fullcert.bedmail.example verified'],
  'sha512.cases.example': ['sha512.bedmail.example verified'],
  'tanochain.cases.example': ['tanochain.bedmail.example validation-failure dane-no-match DANE'],
  'eename.cases.example': ['eename.bedmail.example verified'],
  'alias.cases.example': ['alias.bedmail.example verified'],
  'failover.cases.example': [
    'bad.bedmail.example validation-failure dane-no-match DANE',
    'good.bedmail.example verified',
  ],
  'bogustlsa.cases.example': ['mxbt.bogusprov.example dnssec-invalid tlsa-lookup DANE'],
  'bogusdenial.cases.example': ['mxbd.bogusprov.example dnssec-invalid tlsa-lookup DANE'],
};

describe('what a Postfix logged', () => {
  test('at the level dane', () => {
    const { sessions, unclear } = collect(read('dane'));
    expect(byDomain(sessions)).toEqual(DANE);
    expect(unclear).toEqual([]);
    expect(sessions[0]!.at).toBe(new Date(2026, 10, 25, 19, 6, 24).getTime());
  });
  test('under policies of all kinds, and of servers with faults', () => {
    const { sessions, unclear } = collect(read('policy'));
    expect(byDomain(sessions)).toEqual({
      // secure, and the certificate is its own
      'good.cases.example': ['good.bedmail.example certificate-not-trusted self-signed'],
      'expired.cases.example': ['expired.bedmail.example certificate-not-trusted self-signed'],
      'roll.cases.example': ['roll.bedmail.example certificate-not-trusted self-signed'],
      // secure, and another name
      'ta.cases.example': ['ta.bedmail.example certificate-host-mismatch'],
      // dane-only, and no TLSA records
      'notlsa.cases.example': ['notlsa.bedmail.example dane-required DANE'],
      // encrypt
      'fullcert.cases.example': ['fullcert.bedmail.example established'],
      // fingerprint
      'sha512.cases.example': ['sha512.bedmail.example certificate-not-trusted x509-1'],
      'bogustlsa.cases.example': ['mxbt.bogusprov.example dnssec-invalid tlsa-lookup DANE'],
      'o1.test': ['127.2.1.1 starttls-not-supported starttls-refused'],
      'o2.test': ['127.2.1.2 validation-failure wrong version number'],
      'o3.test': ['127.2.1.3 established'],
      'o4.test': ['127.2.1.4 established'],
      'o6.test': ['127.2.1.6 validation-failure lost connection'],
      'o7.test': ['127.2.1.7 starttls-not-supported'],
      'o9.test': ['127.2.1.9 established'],
      'o10.test': ['127.2.1.10 validation-failure Connection timed out'],
      'm2.test': ['127.2.1.2 validation-failure wrong version number'],
      'm3.test': ['127.2.1.3 established'],
      'm6.test': ['127.2.1.6 validation-failure lost connection'],
    });
    // A policy with an error; cleartext, twice.
    expect(unclear).toEqual(['no-tls-line', 'own-settings', 'no-tls-line']);
  });
  test('with tlsproxy(8) and several recipients: a session counts once, its reason is that of tlsproxy', () => {
    const { sessions, unclear } = collect(read('reuse'));
    expect(byDomain(sessions)).toEqual({
      'good.cases.example': Array.from({ length: 5 }, () => 'good.bedmail.example verified'),
      'bad.cases.example': ['bad.bedmail.example validation-failure dane-no-match DANE'],
    });
    expect(unclear).toEqual([]);
  });
  test('the same from the journal', () => {
    const journal = read('dane').flatMap((line) => {
      const parts = /^Nov 25 (\S+) (\S+) (\S+)\[(\d+)\]: (.*)$/.exec(line);
      if (!parts) return [];
      const at = new Date(`2026-11-25T${parts[1]}`).getTime() * 1000;
      const fields = { __REALTIME_TIMESTAMP: String(at), _HOSTNAME: parts[2], SYSLOG_IDENTIFIER: parts[3] };
      return [JSON.stringify({ ...fields, SYSLOG_PID: parts[4], MESSAGE: parts[5] })];
    });
    expect(collect(journal).sessions).toEqual(collect(read('dane')).sessions);
  });
  test('cut anywhere and gone on with from what was kept, nothing is lost and nothing is told twice', () => {
    for (const name of ['dane', 'policy', 'reuse']) {
      const lines = read(name);
      const whole = collect(lines);
      for (let cut = 0; cut <= lines.length; cut++) {
        const first = collect(lines.slice(0, cut));
        const kept = JSON.parse(JSON.stringify(first.log.state())) as PostfixLogState;
        const rest = collect(lines.slice(cut), kept);
        expect([...first.sessions, ...rest.sessions]).toEqual(whole.sessions);
        expect([...first.unclear, ...rest.unclear]).toEqual(whole.unclear);
      }
    }
  });
});

/** Made up: by hand, after Postfix's sources. */
const log = (...messages: string[]) =>
  messages.map((message) => `Nov 25 19:06:24 mx postfix/smtp[7]: ${message}`);
const TLS = 'TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)';
const HOST = 'mx.a.example[192.0.2.1]:25';
const DONE = 'delay=1, delays=0/0/1/0';
const to = (rest: string) => `4F1A920E6E1: to=<u@a.example>, relay=${HOST}, ${DONE}, ${rest}`;
const DEFERRED = to('dsn=4.7.5, status=deferred (Server certificate not verified)');
const SENT = to('dsn=2.0.0, status=sent (250 ok)');

describe('what was not seen at work', () => {
  test.each<[string, string[], string[], UnclearLog[]]>([
    [
      'trusted, another name',
      [`Trusted TLS connection established to ${HOST}: ${TLS}`, DEFERRED],
      ['mx.a.example certificate-host-mismatch'],
      [],
    ],
    [
      'not trusted, without a reason',
      [`Untrusted TLS connection established to ${HOST}: ${TLS}`, DEFERRED],
      ['mx.a.example certificate-not-trusted'],
      [],
    ],
    [
      'Postfix 3.6: not trusted',
      [
        `Untrusted TLS connection established to ${HOST}: ${TLS}`,
        to('dsn=4.7.5, status=deferred (Server certificate not trusted)'),
      ],
      ['mx.a.example certificate-not-trusted'],
      [],
    ],
    [
      'Postfix at smtp_tls_loglevel 0: refused',
      [DEFERRED],
      ['mx.a.example validation-failure not-verified'],
      [],
    ],
    ['Postfix at smtp_tls_loglevel 0: delivered', [SENT], [], ['no-tls-line']],
    [
      'expired',
      [
        `server certificate verification failed for ${HOST}: num=10:certificate has expired`,
        `Untrusted TLS connection established to ${HOST}: ${TLS}`,
        DEFERRED,
      ],
      ['mx.a.example certificate-expired'],
      [],
    ],
    [
      'not verified, and not asked to be',
      [
        `certificate verification failed for ${HOST}: untrusted issuer /C=XX/CN=Who`,
        `Untrusted TLS connection established to ${HOST}: ${TLS}`,
        SENT,
      ],
      ['mx.a.example established'],
      [],
    ],
    [
      'the handshake fails, then in cleartext',
      [`SSL_connect error to ${HOST}: Connection timed out`, SENT],
      ['mx.a.example validation-failure Connection timed out'],
      [],
    ],
    [
      'a session from before',
      [`4F1A920E6E1: to=<u@a.example>, relay=${HOST}, conn_use=2, ${DONE}, dsn=2.0.0, status=sent (250 ok)`],
      [],
      [],
    ],
    [
      'a long queue id and an original recipient',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        `3mGqMs1zH4z4nyp: to=<u@a.example>, orig_to=<"x>, y"@b.example>, relay=${HOST}, ${DONE}, dsn=2.0.0, status=sent (250 ok)`,
      ],
      ['mx.a.example verified'],
      [],
    ],
    [
      'an internationalised domain',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        `4F1A920E6E1: to=<ü@BÜCHER.example>, relay=${HOST}, ${DONE}, dsn=2.0.0, status=sent (250 ok)`,
      ],
      ['mx.a.example verified'],
      [],
    ],
    [
      'no domain',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        `4F1A920E6E1: to=<u>, relay=${HOST}, ${DONE}, dsn=2.0.0, status=sent (250 ok)`,
      ],
      [],
      ['no-domain'],
    ],
    [
      'records that nobody can use, under dane-only',
      ['warning: TLS policy lookup for a.example:25/mx.a.example: TLSA records unusable'],
      ['mx.a.example tlsa-invalid tlsa-unusable DANE'],
      [],
    ],
    [
      'a relay in brackets has no domain',
      [
        'warning: TLS policy lookup for [mx.a.example]:25/mx.a.example: TLSA lookup error for mx.a.example:25',
      ],
      [],
      ['no-domain'],
    ],
  ])('%s', (_, messages, expected, unclear) => {
    const found = collect(log(...messages));
    expect(found.sessions.map(words)).toEqual(expected);
    expect(found.unclear).toEqual(unclear);
  });

  test('of two processes at a time each has its own sessions', () => {
    const of = (pid: number, message: string) => `Nov 25 19:06:24 mx postfix/smtp[${pid}]: ${message}`;
    const { sessions } = collect([
      of(1, `Verified TLS connection established to ${HOST}: ${TLS}`),
      of(2, `Untrusted TLS connection established to ${HOST}: ${TLS}`),
      of(1, SENT),
      of(2, DEFERRED.replace('a.example>', 'b.example>')),
    ]);
    expect(sessions.map((one) => `${one.domain} ${words(one)}`)).toEqual([
      'a.example mx.a.example verified',
      'b.example mx.a.example certificate-not-trusted',
    ]);
  });

  test('a process id that is given out again has no past', () => {
    const { sessions, unclear } = collect([
      `Nov 25 10:06:24 mx postfix/smtp[7]: Verified TLS connection established to ${HOST}: ${TLS}`,
      ...log(SENT.replace('sent', 'deferred')),
    ]);
    expect(sessions).toEqual([]);
    expect(unclear).toEqual(['no-delivery']);
  });

  test('what is remembered is bounded', () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, pid) =>
        `Nov 25 19:06:24 mx postfix/smtp[${pid}]: Verified TLS connection established to ${HOST}: ${TLS}`,
    );
    const { log: kept, unclear } = collect(lines);
    expect(kept.state().processes.length).toBe(4_096);
    expect(unclear.length).toBe(10_000 - 4_096);
  });
});

describe('what others wrote into it', () => {
  const forged = `x>, relay=mx.victim.example[192.0.2.9]:25, ${DONE}, dsn=4.7.5, status=deferred (Server certificate not verified)`;
  test.each<[string, string[], string[]]>([
    [
      'a reply that looks like a delivery',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        to(
          `dsn=5.1.1, status=bounced (host mx.a.example[192.0.2.1] said: 550 ${forged} (in reply to RCPT TO command))`,
        ),
      ],
      ['a.example mx.a.example verified'],
    ],
    [
      'a reply that looks like a session',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        to(
          `dsn=2.0.0, status=sent (250 Nov 25 19:06:24 mx postfix/smtp[7]: Verified TLS connection established to mx.victim.example[192.0.2.9]:25: ${TLS})`,
        ),
      ],
      ['a.example mx.a.example verified'],
    ],
    [
      'a reply that ends like a refusal of the certificate',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        to(
          'dsn=4.0.0, status=deferred (host mx.a.example[192.0.2.1] said: 450 Server certificate not verified)',
        ),
      ],
      ['a.example mx.a.example verified'],
    ],
    [
      'a refusal of STARTTLS that names another host',
      [
        to(
          `dsn=4.7.0, status=deferred (TLS is required, but host mx.a.example[192.0.2.1] refused to start TLS: 454 TLS is required, but was not offered by host mx.victim.example[192.0.2.9])`,
        ),
      ],
      ['a.example mx.a.example starttls-not-supported starttls-refused'],
    ],
    [
      'a recipient in quotes that looks like a delivery',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        `4F1A920E6E1: to=<"${forged}"@a.example>, relay=${HOST}, ${DONE}, dsn=2.0.0, status=sent (250 ok)`,
      ],
      ['a.example mx.a.example verified'],
    ],
    [
      'the same as older versions write it, without quotes',
      [
        `Verified TLS connection established to ${HOST}: ${TLS}`,
        `4F1A920E6E1: to=<${forged}@victim.example>, relay=${HOST}, ${DONE}, dsn=2.0.0, status=sent (250 ok)`,
      ],
      [],
    ],
    [
      'an issuer that looks like the end of a line',
      [
        `certificate verification failed for ${HOST}: untrusted issuer /CN=x: num=65:no matching DANE TLSA records`,
        `Untrusted TLS connection established to ${HOST}: ${TLS}`,
        DEFERRED,
      ],
      ['a.example mx.a.example certificate-not-trusted untrusted-issuer'],
    ],
  ])('%s', (_, messages, expected) => {
    const { sessions } = collect(log(...messages));
    expect(sessions.map((one) => `${one.domain} ${words(one)}`)).toEqual(expected);
  });

  test('no reply of a server names another host or domain', () => {
    const piece = fc.constantFrom(
      'to=<v@victim.example>',
      ', relay=mx.victim.example[192.0.2.9]:25',
      `, ${DONE}`,
      ', dsn=4.7.5',
      ', status=deferred',
      ' (',
      ')',
      'Server certificate not verified',
      'TLS is required, but was not offered by host mx.victim.example[192.0.2.9]',
      '4F1A920E6E1: ',
      '>',
      '"',
      ' ',
    );
    const reply = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(reply, fc.constantFrom('sent', 'deferred', 'bounced'), (said, status) => {
        const { sessions } = collect(
          log(
            `Verified TLS connection established to ${HOST}: ${TLS}`,
            to(`dsn=2.0.0, status=${status} (host mx.a.example[192.0.2.1] said: 250 ${said})`),
          ),
        );
        expect(sessions.map((one) => `${one.domain} ${words(one)}`)).toEqual([
          'a.example mx.a.example verified',
        ]);
      }),
    );
  });
});
