import { describe, expect, it } from 'vitest';
import { DnsFormatError } from '../errors.ts';
import { rrTypeFromText } from '../iana/rr-type.ts';
import { hexDecode, hexEncode } from '../octets.ts';
import { rdataFromText, rdataToText } from '../presentation/rdata-text.ts';
import { RDATA_FORMATS } from './rdata-formats.ts';

function typeOf(mnemonic: string): number {
  const type = rrTypeFromText(mnemonic);
  if (type === undefined) throw new Error(`no type ${mnemonic}`);
  return type;
}

const hexOf = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const EXAMPLE = '076578616d706c6503636f6d00';

/** Type, canonical text, wire in hexadecimal (spaces for the reader). */
const VECTORS: readonly (readonly [string, string, string])[] = [
  ['A', '192.0.2.1', 'c0000201'],
  ['AAAA', '2001:db8::1', '20010db8000000000000000000000001'],
  ['AAAA', '::', '00000000000000000000000000000000'],
  ['AAAA', '::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ['AAAA', '2001:0:0:1::1', '20010000000000010000000000000001'],
  ['NS', 'ns.example.com.', `026e73${EXAMPLE}`],
  ['CNAME', '.', '00'],
  ['PTR', 'a\\.b\\000\\255.example.com.', `05612e6200ff${EXAMPLE}`],
  ['DNAME', 'Example.COM.', '074578616d706c6503434f4d00'],
  [
    'SOA',
    'ns.example.com. host\\.master.example.com. 4294967295 7200 3600 1209600 300',
    `026e73${EXAMPLE} 0b686f73742e6d6173746572${EXAMPLE} ffffffff 00001c20 00000e10 00127500 0000012c`,
  ],
  ['MX', '10 mail.example.com.', `000a 046d61696c${EXAMPLE}`],
  ['MX', '0 .', '0000 00'],
  ['TXT', '"v=spf1 -all" "" "\\"\\\\\\000;"', `0b${hexOf('v=spf1 -all')} 00 04225c003b`],
  ['SPF', '"v=spf1 -all"', `0b${hexOf('v=spf1 -all')}`],
  ['SRV', '0 5 443 srv.example.com.', `0000 0005 01bb 03737276${EXAMPLE}`],
  [
    'NAPTR',
    '100 50 "s" "SIP+D2U" "!^.*$!sip:x@example.com!" _sip._udp.example.com.',
    `0064 0032 0173 07${hexOf('SIP+D2U')} 18${hexOf('!^.*$!sip:x@example.com!')} 045f736970 045f756470${EXAMPLE}`,
  ],
  // rfc4034#section-5.4
  [
    'DS',
    '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
    'ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118',
  ],
  ['CDS', '0 0 0 00', '0000 00 00 00'],
  ['SSHFP', '4 2 0102030405', '04 02 0102030405'],
  // Shape of rfc4034#section-3.3
  [
    'RRSIG',
    'A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQ==',
    `0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 ${EXAMPLE} a090755ba58d1affa576f4375831b431`,
  ],
  // rfc4034#section-4.3
  [
    'NSEC',
    'host.example.com. A MX RRSIG NSEC TYPE1234',
    `04686f7374${EXAMPLE} 0006 400100000003 041b 000000000000000000000000000000000000000000000000000020`,
  ],
  ['NSEC', '\\000.example.com.', `0100${EXAMPLE}`],
  ['DNSKEY', '256 3 5 AQPSKmynfz4kW42av42CXw==', '0100 03 05 0103d22a6ca77f3e245b8d9abf8d825f'],
  ['CDNSKEY', '0 3 0 AA==', '0000 03 00 00'],
  // rfc5155#appendix-A
  [
    'NSEC3',
    '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG'.replace(
      'MX DNSKEY NS SOA NSEC3PARAM RRSIG',
      'NS SOA MX RRSIG DNSKEY NSEC3PARAM',
    ),
    '01 01 000c 04aabbccdd 14 174eb2409fe28bcb4887a1836f957f0a8425e27b 0007 22010000000290',
  ],
  ['NSEC3', '1 0 0 - 00', '01 00 0000 00 01 00'],
  ['NSEC3PARAM', '1 0 12 aabbccdd', '01 00 000c 04aabbccdd'],
  ['NSEC3PARAM', '1 0 0 -', '01 00 0000 00'],
  ['TLSA', '3 1 1 d2abde240d7cd3ee6b4b28c54df034b9', '03 01 01 d2abde240d7cd3ee6b4b28c54df034b9'],
  ['TLSA', '3 1 1', '03 01 01'],
  ['SMIMEA', '3 0 0 aabbcc', '03 00 00 aabbcc'],
  ['OPENPGPKEY', 'mDMEXg==', '98330 45e'.replace(' ', '')],
  ['CSYNC', '66 3 A NS AAAA', '00000042 0003 0004 60000008'],
  ['ZONEMD', '2018031900 1 1 c68090d90a7aed71', '7848b91c 01 01 c68090d90a7aed71'],
  ['CAA', '0 issue "ca.example.net; x=\\"y\\""', `00 05${hexOf('issue')} ${hexOf('ca.example.net; x="y"')}`],
  ['CAA', '128 iodef ""', `80 05${hexOf('iodef')}`],
  // RFC 9460, appendix D.
  ['HTTPS', '0 foo.example.com.', `0000 03666f6f${EXAMPLE}`],
  ['SVCB', '1 .', '0001 00'],
  ['SVCB', '16 foo.example.com. port=53', `0010 03666f6f${EXAMPLE} 0003 0002 0035`],
  ['SVCB', '1 foo.example.com. key667="hello"', `0001 03666f6f${EXAMPLE} 029b 0005 68656c6c6f`],
  [
    'SVCB',
    '1 foo.example.com. key667="hello\\210qoo"',
    `0001 03666f6f${EXAMPLE} 029b 0009 68656c6c6fd2716f6f`,
  ],
  [
    'SVCB',
    '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
    `0001 03666f6f${EXAMPLE} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
  ],
  [
    'SVCB',
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
    '0010 03666f6f076578616d706c65036f726700 0000 0004 00010004 0001 0009 026832 0568332d3139 0004 0004 c0000201',
  ],
  [
    'SVCB',
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    '0010 03666f6f076578616d706c65036f726700 0001 000c 08665c6f6f2c626172 026832',
  ],
  ['HTTPS', '1 . no-default-alpn ech=AAEC', '0001 00 0002 0000 0005 0003 000102'],
  ['SVCB', '1 . dohpath="/dns-query{?dns}"', `0001 00 0007 0010 ${hexOf('/dns-query{?dns}')}`],
  ['SVCB', '1 . key667', '0001 00 029b 0000'],
  // A value that does not fit its key.
  ['SVCB', '1 . key3="\\000"', '0001 00 0003 0001 00'],
  ['SVCB', '1 . key0="\\000\\001"', '0001 00 0000 0002 0001'],
  // rfc3597#section-5
  ['TYPE65280', '\\# 4 0a000001', '0a000001'],
  ['TYPE731', '\\# 0', ''],
  // Data that does not fit its type is still written, and read back.
  ['A', '\\# 3 0a0000', '0a0000'],
  ['TXT', '\\# 0', ''],
  ['MX', '\\# 3 000a05', '000a05'],
];

describe('record data', () => {
  it.each(VECTORS)('%s %s', (mnemonic, text, hex) => {
    const type = typeOf(mnemonic);
    const wire = hexDecode(hex.replaceAll(' ', ''));
    expect(rdataToText(type, wire)).toBe(text);
    expect(hexEncode(rdataFromText(type, text))).toBe(hexEncode(wire));
    expect(hexEncode(rdataFromText(type, `\\# ${wire.length} ${hexEncode(wire)}`))).toBe(hexEncode(wire));
  });

  it('has a vector for every type whose text is known', () => {
    const tested = new Set(VECTORS.map(([mnemonic]) => typeOf(mnemonic)));
    expect([...RDATA_FORMATS.keys()].filter((type) => !tested.has(type))).toEqual([]);
  });

  /** Other ways to write the same. */
  it.each([
    [
      'DS',
      '60485 RSASHA1 1 ( 2BB183AF5F22588179A53B0A\n 98631FAD1A292118 ) ; comment',
      '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
    ],
    ['TLSA', 'DANE-EE SPKI SHA2-256 aa BB', '3 1 1 aabb'],
    [
      'RRSIG',
      'TYPE1 5 3 1d 1048354263 1045762263 2642 example.com. AQ ==',
      'A 5 3 86400 20030322173103 20030220173103 2642 example.com. AQ==',
    ],
    ['SOA', '. . 1 2h 1h 2w 5m', '. . 1 7200 3600 1209600 300'],
    ['TXT', 'plain\\032token \\; "quoted (not) ; comment"', '"plain token" ";" "quoted (not) ; comment"'],
    ['TXT', 'é', '"\\195\\169"'],
    ['CAA', '0 issue ca.example.net', '0 issue "ca.example.net"'],
    ['NSEC', 'a. TYPE1 TYPE15 mx', 'a. A MX'],
    ['AAAA', '2001:DB8:0:0:0:0:192.0.2.33', '2001:db8::c000:221'],
    ['SVCB', '1 . ipv4hint=192.0.2.1 alpn=h2,h3-19', '1 . alpn="h2,h3-19" ipv4hint=192.0.2.1'],
    ['SVCB', '1 . alpn="h2" key3="\\000\\053"', '1 . alpn="h2" port=53'],
    ['SVCB', '1 . alpn=f\\\\\\092oo\\092,bar,h2', '1 . alpn="f\\\\\\\\oo\\\\,bar,h2"'],
    [
      'NSEC3',
      '1 0 0 AABB 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A',
      '1 0 0 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr A',
    ],
  ])('%s %s', (mnemonic, written, canonical) => {
    expect(rdataToText(typeOf(mnemonic), rdataFromText(typeOf(mnemonic), written))).toBe(canonical);
  });

  it.each([
    ['A', '192.0.2', 'expected an IPv4 address, found "192.0.2"'],
    ['A', '192.0.2.1 x', 'expected the end of the record, found "x"'],
    ['AAAA', 'fe80::1%eth0', 'expected an IPv6 address'],
    ['MX', 'mail.example.com.', 'expected a preference (0 to 65535), found "mail.example.com."'],
    ['MX', '65536 a.', 'expected a preference (0 to 65535), found "65536"'],
    ['MX', '10', 'expected a mail exchange, found the end of the record'],
    ['MX', '10 a..b.', 'expected a mail exchange: empty label'],
    ['TLSA', '3 1 1 abc', 'certificate association data in hexadecimal: odd number'],
    ['TLSA', '3 1 1 zz', 'not hexadecimal'],
    ['TLSA', 'DANE-XX 1 1 00', 'expected a certificate usage, found "DANE-XX"'],
    ['DNSKEY', '256 3 8 A', 'expected a public key in base64: not base64'],
    ['RRSIG', 'A 5 3 86400 20030230173103 20030220173103 2642 a. AA==', 'expected a time'],
    ['RRSIG', 'A 5 3 86400 4294967296 20030220173103 2642 a. AA==', 'expected a time'],
    ['NSEC3', '1 0 0 - 2t7b4g4wsa5smi47k61mv5bv1a22bojw A', 'base32hex'],
    ['NSEC3', '1 0 0 -', 'expected the next hash'],
    ['NSEC', 'a. FOO', 'expected a record type, found "FOO"'],
    ['TXT', '', 'expected a string'],
    ['TXT', '"open', 'expected a closing quote'],
    ['TXT', `"${'x'.repeat(256)}"`, 'longer than 255'],
    ['TXT', '"\\256"', 'no octet'],
    ['TXT', '"\\25"', 'expected three digits'],
    ['TYPE65280', '1 2 3', 'expected "\\#"'],
    ['TYPE65280', '\\# 3 0011', 'expected 3 octets of data, found 2'],
    // RFC 9460, appendix D.3.
    ['SVCB', '1 foo. key123=abc key123=def', 'given twice'],
    ['SVCB', '1 foo. mandatory', 'needs a value'],
    ['SVCB', '1 foo. alpn', 'needs a value'],
    ['SVCB', '1 foo. port', 'needs a value'],
    ['SVCB', '1 foo. ipv4hint', 'needs a value'],
    ['SVCB', '1 foo. ipv6hint', 'needs a value'],
    ['SVCB', '1 foo. no-default-alpn=abc', 'takes no value'],
    ['SVCB', '1 foo. mandatory=key123', 'mandatory must name'],
    ['SVCB', '1 foo. mandatory=mandatory', 'mandatory must name'],
    ['SVCB', '1 foo. mandatory=key123,key123 key123=abc', 'mandatory must name'],
    ['SVCB', '1 foo. port=65536', 'expected a port'],
    ['SVCB', '1 foo. key65536=a', 'expected a service parameter'],
  ])('refuses %s %s', (mnemonic, text, message) => {
    expect(() => rdataFromText(typeOf(mnemonic), text)).toThrow(DnsFormatError);
    expect(() => rdataFromText(typeOf(mnemonic), text)).toThrow(message);
  });
});
