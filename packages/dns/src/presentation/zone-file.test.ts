import { describe, expect, it } from 'vitest';
import { DnsFormatError } from '../errors.ts';
import { Name } from '../name.ts';
import { recordToText } from './rdata-text.ts';
import { parseRecord, parseZoneFile } from './zone-file.ts';

const texts = (text: string, options = {}) => parseZoneFile(text, options).map(recordToText);

describe('parseZoneFile', () => {
  it('reads a zone as people write it', () => {
    expect(
      texts(`\uFEFF; a comment
$ORIGIN example.com.
$TTL 1h30m
@   IN  SOA ns1 host\\.master (
          2024010101 ; serial
          2h 15m 2w 5m )
    NS  ns1            ; {id = 12345}
    IN 300 NS ns2.example.org.
ns1 A 192.0.2.1
    300 IN AAAA 2001:db8::1
*.w 1d IN TXT ( "one ; not a comment"
   two ) ; comment (
$ORIGIN sub
www A 192.0.2.2
$TTL 60
x\\.y.@ CH TXT z
\\@  A 192.0.2.3\r
_25._tcp TLSA ( 3 1 1
  aabb
  ccdd )
`),
    ).toEqual([
      'example.com. 5400 IN SOA ns1.example.com. host\\.master.example.com. 2024010101 7200 900 1209600 300',
      'example.com. 5400 IN NS ns1.example.com.',
      'example.com. 300 IN NS ns2.example.org.',
      'ns1.example.com. 5400 IN A 192.0.2.1',
      'ns1.example.com. 300 IN AAAA 2001:db8::1',
      '*.w.example.com. 86400 IN TXT "one ; not a comment" "two"',
      'www.sub.example.com. 5400 IN A 192.0.2.2',
      'x\\.y.\\@.sub.example.com. 60 CH TXT "z"',
      '\\@.sub.example.com. 60 CH A 192.0.2.3',
      '_25._tcp.sub.example.com. 60 CH TLSA 3 1 1 aabbccdd',
    ]);
  });

  it('reads the records that others write', () => {
    expect(
      texts(`
. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D ;{id = 20326 (ksk), size = 2048b}
.	3600000	NS	A.ROOT-SERVERS.NET.
a.example 3600 in type65280 \\# 3 aa bb cc
a.example CLASS32 TYPE1 \\# 4 ( 0a00
 0001 )
a.example 3600 CLASS1 A 192.0.2.1`),
    ).toEqual([
      '. 3600 IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d',
      '. 3600000 IN NS A.ROOT-SERVERS.NET.',
      'a.example. 3600 IN TYPE65280 \\# 3 aabbcc',
      'a.example. 3600 CLASS32 A 10.0.0.1',
      'a.example. 3600 IN A 192.0.2.1',
    ]);
  });

  it('takes TTLs from the record, $TTL, the record before, the option, in this order', () => {
    expect(parseZoneFile('a. A 192.0.2.1', { defaultTtl: 7 })[0]?.ttl).toBe(7);
    expect(parseZoneFile('a. A 192.0.2.1')[0]?.ttl).toBe(3600);
    expect(parseZoneFile('a. 5 A 192.0.2.1\nb. A 192.0.2.1')[1]?.ttl).toBe(5);
    expect(parseZoneFile('$TTL 9\na. 5 A 192.0.2.1\nb. A 192.0.2.1')[1]?.ttl).toBe(9);
    expect(parseZoneFile('a. 1w2d3h4m5s A 192.0.2.1')[0]?.ttl).toBe(788645);
    expect(parseZoneFile('a. 2147483647 A 192.0.2.1')[0]?.ttl).toBe(2147483647);
  });

  it.each([
    ['a. A 192.0.2\n', 'z:1: expected an IPv4 address, found "192.0.2"'],
    ['\n\na. IN FOO x', 'z:3: expected a TTL, class or record type, found "FOO"'],
    ['a. 2147483648 A 192.0.2.1', 'z:1: expected a TTL, class or record type, found "2147483648"'],
    ['a. IN', 'z:1: expected a record type, found the end of the record'],
    ['a. MX ( 10\n  mail.example.\n extra )', 'z:3: expected the end of the record, found "extra"'],
    ['a. TXT "x\n', 'z:1: expected a closing quote on the same line'],
    ['a. TXT ( "x"\n\n', 'z:1: expected ")", found the end of the text'],
    ['a. TXT x )', 'z:1: expected no ")" here'],
    [' A 192.0.2.1', 'z:1: expected an owner name on the first record'],
    ['a..b A 192.0.2.1', 'z:1: expected an owner name: empty label'],
    ['$INCLUDE /etc/passwd', 'z:1: expected $ORIGIN or $TTL, found "$INCLUDE"'],
    ['$GENERATE 1-9 a$ A 192.0.2.$', 'z:1: expected $ORIGIN or $TTL'],
    ['$TTL x', 'z:1: expected a TTL, found "x"'],
    ['$TTL', 'z:1: expected a TTL, found the end'],
    ['$ORIGIN a. b.', 'z:1: expected the end of the record, found "b."'],
    ['a. OPT \\# 0', 'z:1: expected a TTL, class or record type, found "OPT"'],
    ['a. ANY \\# 0', 'found "ANY"'],
    ['. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D0845G', 'z:1: expected a digest in hexadecimal'],
  ])('refuses %j', (text, message) => {
    expect(() => parseZoneFile(text, { source: 'z' })).toThrow(DnsFormatError);
    expect(() => parseZoneFile(text, { source: 'z' })).toThrow(message);
  });
});

describe('parseRecord', () => {
  it('reads one record, relative to an origin', () => {
    const record = parseRecord('  _25._tcp.mx 300 IN TLSA 3 1 1 00', {
      origin: Name.fromText('example.org'),
    });
    expect(recordToText(record)).toBe('_25._tcp.mx.example.org. 300 IN TLSA 3 1 1 00');
  });

  it.each(['', '; nothing', 'a. A 192.0.2.1\nb. A 192.0.2.2'])('refuses %j', (text) => {
    expect(() => parseRecord(text)).toThrow('expected one record');
  });
});
