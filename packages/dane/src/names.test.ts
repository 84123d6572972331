import { describe, expect, test } from 'vitest';
import { extension, issue, makeLeaf } from '../test/make-certificate.ts';
import { Certificate, certificateNames, nameMatches, presentedNames } from './index.ts';

describe('rule 22: one presented name against one reference name', () => {
  const yes: readonly (readonly [string, string])[] = [
    ['mx1.example.org', 'mx1.example.org'],
    ['MX1.Example.ORG', 'mx1.example.org'],
    ['mx1.example.org', 'MX1.EXAMPLE.ORG.'],
    ['*.example.org', 'mx1.example.org'],
    ['*.EXAMPLE.org', 'mx1.example.org.'],
    ['*.a.example.org', 'b.a.example.org'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['*.bcher.example', 'xn--bcher-kva.bcher.example'],
    ['_tcp.example.org', '_tcp.example.org'],
    ['localhost', 'localhost'],
  ];
  test.each(yes)('%s names %s', (presented, reference) =>
    expect(nameMatches(presented, reference)).toBe(true),
  );

  const no: readonly (readonly [string, string])[] = [
    ['mx1.example.org', 'mx2.example.org'],
    ['example.org', 'mx1.example.org'],
    ['mx1.example.org', 'example.org'],
    ['*.example.org', 'example.org'],
    ['*.example.org', 'a.mx1.example.org'],
    ['*.example.org', '.example.org'],
    ['*.example.org', 'a_b.example.org'],
    ['*.a_b.example.org', 'c.a_b.example.org'],
    ['*.-a.example.org', 'c.-a.example.org'],
    ['*.a-.example.org', 'c.a-.example.org'],
    ['*..example.org', 'a..example.org'],
    ['mx*.example.org', 'mx1.example.org'],
    ['*1.example.org', 'mx1.example.org'],
    ['m*1.example.org', 'mx1.example.org'],
    ['mx1.*.org', 'mx1.example.org'],
    ['*.*.org', 'mx1.example.org'],
    ['*.org', 'example.org'],
    ['*', 'org'],
    ['*', 'example.org'],
    ['*.', 'org'],
    ['**.example.org', 'mx1.example.org'],
    ['*.example.org', '*.example.org'],
    ['mx1.example.org.', 'mx1.example.org'],
    ['mx1.example.org\0.evil.test', 'mx1.example.org'],
    ['mx1.example.org', 'mx1.example.org\0.evil.test'],
    [' mx1.example.org', 'mx1.example.org'],
    ['b\u00fccher.example', 'b\u00fccher.example'],
    ['', ''],
    ['.', '.'],
    ['', 'example.org'],
    ['192.0.2.1', 'example.org'],
    ['\u212aelvin.example', 'kelvin.example'],
  ];
  test.each(no)('%j does not name %j', (presented, reference) => {
    expect(nameMatches(presented, reference)).toBe(false);
  });
});

describe('which names a certificate presents', () => {
  const parse = (issued: { readonly der: Uint8Array }): Certificate => Certificate.parse(issued.der);
  test('DNS-IDs alone if there is any', () => {
    const own = parse(
      issue({ subject: 'CN=cn.test', extensions: [extension.subjectAltName('dns:a.test', 'ip:192.0.2.1')] }),
    );
    expect(presentedNames(own)).toEqual(['a.test']);
  });
  test('common names, all of them, if there is none', () => {
    const own = parse(issue({ subject: 'CN=a.test, O=Example, CN=b.test' }));
    expect(presentedNames(own)).toEqual(['a.test', 'b.test']);
    expect(certificateNames(own, ['x.test', 'b.test'])).toBe(true);
  });
  test('a DNS-ID that names nothing still is one', () => {
    const own = parse(
      issue({ subject: 'CN=mx1.example.org', extensions: [extension.subjectAltName('dns:')] }),
    );
    expect(certificateNames(own, ['mx1.example.org'])).toBe(false);
  });
  test('a wildcard common name', () => {
    expect(certificateNames(parse(issue({ subject: 'CN=*.example.org' })), ['mx1.example.org'])).toBe(true);
  });
  test('thousands of names', () => {
    const names = Array.from({ length: 3000 }, (_, n) => `h${n}.example.org`);
    expect(certificateNames(parse(makeLeaf(names)), ['h2999.example.org'])).toBe(true);
  });
});
