/** `mailanchor policy` as a process beside the lab: its answers, its life, its commands. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { askSocketmap, askTcpTable, netstring, open, readAll, startPolicy } from './policy-process.ts';
import { mailanchor, unbuilt } from './program.ts';
import { Stage } from './resolver-stage.ts';

const stage = new Stage();
const start = (...args: string[]) => startPolicy([...stage.configured, ...args]);
/** The lab's mail hosts have a port of their own, and TLSA records for that. */
const at = (domain: string) => `${domain}:${stage.lab.mailPort}`;

describe.skipIf(unbuilt)('answers', () => {
  test('each destination as it deserves, by both protocols', async () => {
    const { process, socketmap, tcpTable } = await start();
    const expected: [string, string | RegExp][] = [
      [at('good-311.example'), 'OK dane-only'],
      [at('good-211.example'), 'OK dane-only'],
      [at('no-mx.example'), 'OK dane-only'],
      [at('cname-mx.example'), 'OK dane-only'],
      [at('[mx.good-311.example]'), 'OK dane-only'],
      [at('partial.example'), 'OK dane'],
      [at('unsigned.example'), 'OK dane'],
      [at('unusable.example'), 'OK dane'],
      [at('no-tlsa.example'), 'NOTFOUND '],
      [at('unsigned.test'), 'NOTFOUND '],
      [at('signed-unsigned-host.example'), 'NOTFOUND '],
      [at('null-mx.example'), 'NOTFOUND '],
      [at('no-such-domain.example'), 'NOTFOUND '],
      [at('expired.example'), /^TEMP .*: the MX records cannot be trusted: .*expired/],
      [at('forged-mx.example'), /^TEMP .*: the MX records cannot be trusted: /],
      [at('bogus-ds.example'), /^TEMP /],
      [
        at('broken-denial.example'),
        /^TEMP .*: the TLSA records of mx\.broken-denial\.example cannot be trusted/,
      ],
      [at('tlsa-servfail.example'), /^TEMP .*: the TLSA records of .* cannot be looked up/],
      // There the lab has no TLSA records: what is left is MTA-STS.
      ['sts-good.example:2525', 'OK secure match=mx.sts-good.example servername=hostname'],
      [at('sts-good.example'), 'OK dane-only'],
      ['sts-testing.example:2525', 'NOTFOUND '],
      ['sts-certificate.example:2525', 'NOTFOUND '],
      ['sts-redirect.example:2525', 'NOTFOUND '],
      ['.example', 'NOTFOUND '],
      ['[127.0.0.1]:25', 'NOTFOUND '],
      ['no domain', 'NOTFOUND '],
    ];
    const codes = { OK: '200', NOTFOUND: '500', TEMP: '400' } as const;
    for (const [key, answer] of expected) {
      const reply = await askSocketmap({ port: socketmap }, key);
      expect(reply, key).toMatch(typeof answer === 'string' ? new RegExp(`^${answer}$`) : answer);
      const line = await askTcpTable({ port: tcpTable }, key);
      const status = reply.split(' ')[0] as keyof typeof codes;
      expect(line.slice(0, 3), key).toBe(codes[status]);
    }
    expect(await process.stop()).toBe(0);
  });

  test('attributes for TLS reports, where they are asked for and where they are switched on', async () => {
    const key = 'sts-good.example:2525';
    const plain = 'OK secure match=mx.sts-good.example servername=hostname';
    const long =
      /^OK secure match=mx\.sts-good\.example servername=hostname policy_type=sts policy_domain=sts-good\.example \{ policy_string = version: STSv1 \} .* mx_host_pattern=mx\.sts-good\.example$/;
    const first = await start();
    expect(await askSocketmap({ port: first.socketmap }, key, 'policy-tlsrpt')).toMatch(long);
    expect(await askSocketmap({ port: first.socketmap }, key)).toBe(plain);
    expect(await askSocketmap({ port: first.socketmap }, key, 'QUERYwithTLSRPT')).toMatch(long);
    expect(await askSocketmap({ port: first.socketmap }, at('good-311.example'), 'policy-tlsrpt')).toBe(
      'OK dane-only',
    );
    const second = await start('--tlsrpt-attributes');
    expect(await askSocketmap({ port: second.socketmap }, key)).toMatch(long);
    expect(await askTcpTable({ port: second.tcpTable }, key)).toMatch(
      /^200 secure%20.*%20policy_type=sts%20.*%20mx_host_pattern=mx\.sts-good\.example\n$/,
    );
  });

  test('name servers that are silent: what is known is answered, the rest waits', async () => {
    const { socketmap } = await start('--timeout', '1');
    expect(await askSocketmap({ port: socketmap }, at('good-311.example'))).toBe('OK dane-only');
    stage.silence();
    const slow = askSocketmap({ port: socketmap }, at('rsa.example'));
    for (let i = 0; i < 5; i++)
      expect(await askSocketmap({ port: socketmap }, at('good-311.example'))).toBe('OK dane-only');
    expect(await slow).toMatch(/^TEMP /);
  });
});

describe.skipIf(unbuilt)('life', () => {
  test('unix sockets; what a killed server leaves there is taken over; a second server is refused', async () => {
    const place = { path: stage.path('socket') };
    const listen = ['--listen', `unix:${place.path}`, '--control', stage.path('control')];
    const first = await start(...listen);
    expect(await askSocketmap(place, at('good-311.example'))).toBe('OK dane-only');
    const second = await mailanchor(['policy', ...stage.configured, ...listen]);
    expect(second).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/another server listens on .*socket\n$/),
    });
    await first.process.stop('SIGKILL');
    const third = await start(...listen);
    expect(await askSocketmap(place, at('good-311.example'))).toBe('OK dane-only');
    expect(await third.process.stop()).toBe(0);
  });

  test('what is known outlives a stop; damage and a kill cost no more than it', async () => {
    const state = stage.path('state');
    const first = await start('--state', state);
    await askSocketmap({ port: first.socketmap }, at('good-311.example'));
    expect(await first.process.stop()).toBe(0);

    const second = await start('--state', state, '--timeout', '1');
    expect(second.process.lines.join('\n')).toMatch(/1 answers of the last run still hold/);
    stage.silence();
    expect(await askSocketmap({ port: second.socketmap }, at('good-311.example'))).toBe('OK dane-only');
    await second.process.stop('SIGKILL');

    const file = `${state}/policy-cache`;
    const octets = readFileSync(file);
    octets[octets.length - 5]! ^= 1;
    writeFileSync(file, octets);
    stage.heal();
    const third = await start('--state', state);
    expect(third.process.lines.join('\n')).toMatch(/starting without answers: .*policy-cache: it is damaged/);
    expect(await askSocketmap({ port: third.socketmap }, at('good-311.example'))).toBe('OK dane-only');
    await third.process.stop();
  });

  test('stopped: who waits for an answer gets it, others are told goodbye', async () => {
    const { process, socketmap } = await start('--timeout', '1');
    stage.silence('rsa.example');
    const idle = await open({ port: socketmap });
    const asking = await open({ port: socketmap });
    asking.write(netstring(`policy ${at('rsa.example')}`));
    // Questions are taken in the order in which they come.
    idle.write(netstring('policy .'));
    await once(idle, 'data');
    const answers = [readAll(asking), readAll(idle)];
    expect(await process.stop()).toBe(0);
    expect(await Promise.all(answers)).toEqual([expect.stringMatching(/^\d+:TEMP /), '']);
  });

  test('SIGHUP takes up policies set by hand; a file that is no good changes nothing', async () => {
    const config = readFileSync(stage.folder.config, 'utf8');
    const own = `${stage.folder.config.replace(/[^/]+$/, '')}policy.yaml`;
    const write = (policy: string) =>
      writeFileSync(
        own,
        `${config}  overrides:\n    - {domain: no-tlsa.example, policy: ${policy}, reason: agreed, expires: 2099-01-01}\n`,
      );
    write('encrypt');
    const { process, socketmap } = await startPolicy(['--config', own]);
    const ask = () => askSocketmap({ port: socketmap }, at('no-tlsa.example'));
    expect(await ask()).toBe('OK encrypt');
    for (const [policy, line, answer] of [
      ['may', /settings read again: 1 policies set by hand; lookups stay/, 'OK may'],
      ['nonsense', /everything stays as it is: .*policy.yaml:\d+: .*nonsense/, 'OK may'],
      ['default', /settings read again/, 'NOTFOUND '],
    ] as const) {
      const before = process.lines.length;
      write(policy);
      process.child.kill('SIGHUP');
      await process.line(line, before);
      expect(await ask()).toBe(answer);
    }
    await process.stop();
    write('nonsense');
    const refused = await mailanchor(['policy', '--config', own]);
    expect(refused).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/policy\.yaml:\d+: .*nonsense/),
    });
  });
});

describe.skipIf(unbuilt)('SIGHUP', () => {
  test('takes up who may ask, limits and what counts of partial DANE; tells what needs a restart', async () => {
    const config = readFileSync(stage.folder.config, 'utf8');
    const own = stage.folder.config.replace(/[^/]+$/, 'limits.yaml');
    const write = (...lines: string[]) =>
      writeFileSync(own, [config, ...lines.map((line) => `  ${line}\n`)].join(''));
    write();
    const { process, socketmap } = await startPolicy(['--config', own, '--metrics', '127.0.0.1:0']);
    const reload = async (...lines: string[]) => {
      const before = process.lines.length;
      write(...lines);
      process.child.kill('SIGHUP');
      await process.line(/settings read again/, before);
      return process.lines.slice(before).join('\n');
    };
    const ask = (key: string) => askSocketmap({ port: socketmap }, key);
    expect(await ask(at('good-311.example'))).toBe('OK dane-only');

    const open1 = await open({ port: socketmap });
    expect(await reload('allow: [192.0.2.0/24]')).not.toMatch(/restart/);
    // Who was connected and may not ask any more is turned out, and so is who comes now.
    expect(await readAll(open1)).toBe('');
    expect(await ask(at('good-311.example'))).toBe('');

    await reload('allow: [127.0.0.0/8]', 'max-lookups: 1', 'cache-entries: 1', 'max-connections: 2');
    stage.silence('rsa.example');
    const slow = ask(at('rsa.example'));
    expect(await ask(at('partial.example'))).toMatch(/^TEMP .*: too many lookups are under way$/);
    stage.heal();
    void slow;

    const told = await reload('allow: [127.0.0.0/8]', 'partial-dane: sts', "listen: ['127.0.0.1:1']");
    expect(told).toMatch(/lookups are made otherwise now; the cache is empty/);
    // The command line comes before the file: nothing has changed.
    expect(told).not.toMatch(/restart/);
    expect(await reload("tcp-table: ['127.0.0.1:2']", 'state: elsewhere')).toMatch(
      /only a restart takes up what has changed of: state$/m,
    );
    await process.stop('SIGKILL');
  });
});

describe.skipIf(unbuilt)('commands', () => {
  test('query by itself', async () => {
    const query = (domain: string, ...args: string[]) =>
      mailanchor(['policy', 'query', at(domain), ...stage.configured, ...args]);
    expect(await query('good-311.example')).toMatchObject({ status: 0, stdout: 'dane-only\n' });
    expect(await query('no-tlsa.example')).toMatchObject({ status: 0, stdout: 'NOTFOUND\n' });
    const partial = await query('partial.example', '--explain');
    expect(partial.stdout.split('\n')).toEqual([
      'dane',
      expect.stringMatching(/^ {2}Postfix applies to each host what is proven of it/),
      '  why: each host by its own rules: no usable TLSA records for mx2.partial.example',
      '  MX records: signed',
      '  mx1.partial.example: usable TLSA records, signed',
      '  mx2.partial.example: no TLSA records that are signed: no DANE',
      '',
    ]);
    const untrusted = await query('expired-tlsa.example', '--explain');
    expect(untrusted.stdout.split('\n')).toEqual([
      expect.stringMatching(/^TEMP expired-tlsa\.example:\d+: the TLSA records of .* cannot be trusted: /),
      '  Postfix lets the mail wait and asks again later',
      '  MX records: signed',
      expect.stringMatching(
        /^ {2}mx\.expired-tlsa\.example: gets no mail: signature over TLSA of .* expired /,
      ),
      '  mailanchor check expired-tlsa.example shows what would mend it',
      '',
    ]);
    const broken = await query('forged-mx.example', '--json');
    expect(broken.status).toBe(5);
    expect(JSON.parse(broken.stdout)).toMatchObject({
      status: 'TEMP',
      reason: expect.stringMatching(/cannot be trusted/),
    });
    const none = await mailanchor(['policy', 'query', '[192.0.2.1]', ...stage.configured]);
    expect(none).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/has no policy: it is an address/),
    });
  });

  test('query, dump and purge of the running server; metrics and health', async () => {
    const control = stage.path('control2');
    const { process, socketmap } = await start('--control', control, '--metrics', '127.0.0.1:0');
    const own = (...words: string[]) => mailanchor(['policy', ...words, '--server', control]);
    await askSocketmap({ port: socketmap }, at('good-311.example'));
    expect(await own('query', at('partial.example'))).toMatchObject({ status: 0, stdout: 'dane\n' });
    const dump = await own('dump', '--json');
    const lines = dump.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; policy: string });
    expect(lines.map(({ key, policy }) => `${key} ${policy}`)).toEqual([
      `${at('good-311.example')} dane-only`,
      `${at('partial.example')} dane`,
    ]);
    expect(await own('purge', at('GOOD-311.example'))).toMatchObject({ stdout: '1 answer forgotten\n' });
    expect((await own('dump')).stdout).toMatch(
      /^partial\.example:\d+ {2}dane {2}until .*Z, asked 0 times {2}\(each host/,
    );
    expect(await own('purge')).toMatchObject({ stdout: '1 answer forgotten\n' });
    expect(await own('purge', '.')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no destination/),
    });
    const page = /http:\/\/[0-9.:]+/.exec(process.lines.find((line) => line.includes('http://'))!)![0];
    expect(await (await fetch(`${page}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${page}/metrics`)).text()).toMatch(
      /^mailanchor_policy_answers_total\{status="OK"\} 2$/m,
    );
    await process.stop();
    expect(await own('dump')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no policy server is there/),
    });
  });
});
