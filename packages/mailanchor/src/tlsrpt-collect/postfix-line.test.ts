import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_LINE, parsePostfixLine } from './postfix-line.ts';

const local = (...parts: [number, number, number, number, number, number]) => new Date(...parts).getTime();
const NOW = local(2026, 10, 25, 20, 0, 0);
const smtp = { program: 'smtp', machine: 'mx', process: 'postfix/smtp[2449]', message: 'hello: you' };

describe('a line of smtp(8)', () => {
  test.each([
    ['syslog', 'Nov 25 19:06:24 mx postfix/smtp[2449]: hello: you', local(2026, 10, 25, 19, 6, 24)],
    [
      'with a priority',
      '<22>Nov 25 19:06:24 mx postfix/smtp[2449]: hello: you',
      local(2026, 10, 25, 19, 6, 24),
    ],
    [
      'a day of one digit',
      'Nov  5 19:06:24 mx postfix/smtp[2449]: hello: you',
      local(2026, 10, 5, 19, 6, 24),
    ],
    ['last year', 'Dec 31 23:59:59 mx postfix/smtp[2449]: hello: you', local(2025, 11, 31, 23, 59, 59)],
    [
      'rsyslog',
      '2026-11-25T19:06:24.002382+00:00 mx postfix/smtp[2449]: hello: you',
      Date.UTC(2026, 10, 25, 19, 6, 24, 2),
    ],
    [
      'journalctl -o short-iso',
      '2026-11-25T20:06:24+0100 mx postfix/smtp[2449]: hello: you',
      Date.UTC(2026, 10, 25, 19, 6, 24),
    ],
    ['UTC', '2026-11-25T19:06:24Z mx postfix/smtp[2449]: hello: you', Date.UTC(2026, 10, 25, 19, 6, 24)],
    [
      'journalctl -o json',
      '{"__REALTIME_TIMESTAMP":"1795633584123456","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/smtp","SYSLOG_PID":"2449","_PID":"7","MESSAGE":"hello: you"}',
      1795633584123.456,
    ],
    [
      'octets of the journal',
      `{"__REALTIME_TIMESTAMP":"1795633584000000","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/smtp","_PID":"2449","MESSAGE":${JSON.stringify([...Buffer.from('hello: you')])}}`,
      1795633584000,
    ],
  ])('%s', (_, line, at) => {
    expect(parsePostfixLine(line, NOW)).toEqual({ ...smtp, at });
  });
  test.each([
    ['postfix-out/smtp', 'smtp'],
    ['postfix/relay/smtp', 'smtp'],
    ['postfix/tlsproxy', 'tlsproxy'],
  ])('of %s', (tag, program) => {
    const line = parsePostfixLine(`Nov 25 19:06:24 mx ${tag}[9]: x`, NOW);
    expect(line).toMatchObject({ program, process: `${tag}[9]` });
  });
  test.each([
    ['another process', 'Nov 25 19:06:24 mx postfix/smtpd[2449]: hello'],
    ['lmtp', 'Nov 25 19:06:24 mx postfix/lmtp[2449]: hello'],
    ['no process id', 'Nov 25 19:06:24 mx postfix/smtp: hello'],
    ['a line within a line', 'Nov 25 19:06:24 mx other[1]: Nov 25 19:06:24 mx postfix/smtp[2449]: hello'],
    ['no time', 'mx postfix/smtp[2449]: hello'],
    ['no month', 'Nux 25 19:06:24 mx postfix/smtp[2449]: hello'],
    ['no JSON', '{"__REALTIME_TIMESTAMP":'],
    [
      'JSON of another process',
      '{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"postfix/qmgr","_PID":"1","MESSAGE":"x"}',
    ],
    [
      'a message that is a number',
      '{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"postfix/smtp","_PID":"1","MESSAGE":5}',
    ],
    ['nothing', ''],
    ['too much', `Nov 25 19:06:24 mx postfix/smtp[2449]: ${'x'.repeat(LONGEST_LINE)}`],
  ])('none: %s', (_, line) => {
    expect(parsePostfixLine(line, NOW)).toBeUndefined();
  });
  test('anything is read without an error', () => {
    fc.assert(fc.property(fc.string(), (line) => void parsePostfixLine(line, NOW)));
    fc.assert(fc.property(fc.json(), (line) => void parsePostfixLine(line.replace(/^[^{]/, '{'), NOW)));
  });
});
