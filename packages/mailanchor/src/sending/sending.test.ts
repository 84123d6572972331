import { expect, test } from 'vitest';
import { parsePostconf, postfixFindings } from './postfix.ts';
import { parseResolvConf, resolvConfFindings } from './resolv-conf.ts';

const GOOD = `smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_host_lookup = dns
smtp_dns_resolver_options =
smtp_tls_policy_maps =
smtp_tls_dane_insecure_mx_policy = \${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}
`;
const postfix = (text: string) =>
  postfixFindings(parsePostconf(text)).map(({ code, severity }) => `${code} ${severity}`);
const resolver = (text: string) =>
  resolvConfFindings(parseResolvConf(text), 'resolv.conf').map(({ code }) => code);

test.each([
  [GOOD, []],
  [GOOD.replace('= dane\n', '= dane-only\n'), []],
  [GOOD.replace('= dane\n', '= may\n'), ['postfix-dane-off error']],
  [GOOD.replace('= dane\n', '=\n'), ['postfix-dane-off error']],
  [GOOD.replace('= dnssec', '= enabled'), ['postfix-dnssec-off error']],
  [GOOD.replace('= dns\n', '= dns, native\n'), ['postfix-search-list warning']],
  [GOOD.replace('options =', 'options = res_dnsrch'), ['postfix-search-list warning']],
  [GOOD.replace('maps =', 'maps = hash:/etc/postfix/tls'), ['postfix-dane-off notice']],
  [GOOD.replace(/policy = .*/, 'policy = may'), ['postfix-insecure-mx warning']],
  ['', ['postfix-dane-off error', 'postfix-dnssec-off error']],
])('postconf %#', (text, expected) => expect(postfix(text)).toEqual(expected));

test.each([
  ['nameserver 127.0.0.1\noptions edns0 trust-ad\n', []],
  ['nameserver ::1\noptions trust-ad\n', []],
  ['# nameserver 192.0.2.1\noptions trust-ad\n', []],
  ['nameserver 127.0.0.53\noptions edns0\nsearch example.org\n', ['resolv-conf-trust-ad']],
  ['nameserver 192.0.2.1\noptions trust-ad\n', ['resolver-remote']],
  ['nameserver 127.0.0.1\nnameserver 2001:db8::53\n', ['resolver-remote', 'resolv-conf-trust-ad']],
  ['', ['resolv-conf-trust-ad']],
])('resolv.conf %j', (text, expected) => expect(resolver(text)).toEqual(expected));

test('each has what to do', () => {
  for (const finding of [
    ...postfixFindings(parsePostconf('')),
    ...resolvConfFindings(parseResolvConf('nameserver 192.0.2.1'), 'x'),
  ]) {
    expect(finding.fix).toMatch(/postconf -e |\n/);
  }
});
