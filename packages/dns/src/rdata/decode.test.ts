import { describe, expect, it } from 'vitest';
import { DnsFormatError } from '../errors.ts';
import { Name } from '../name.ts';
import { hexDecode } from '../octets.ts';
import { decodeA } from './a.ts';
import { decodeAaaa } from './aaaa.ts';
import { decodeCaa, encodeCaa } from './caa.ts';
import { decodeCsync } from './csync.ts';
import { decodeDnskey, encodeDnskey } from './dnskey.ts';
import { decodeDs, encodeDs } from './ds.ts';
import { decodeMx, encodeMx } from './mx.ts';
import { decodeNaptr } from './naptr.ts';
import { decodeNsec, encodeNsec } from './nsec.ts';
import { decodeNsec3, encodeNsec3 } from './nsec3.ts';
import { decodeNsec3param } from './nsec3param.ts';
import { decodeRrsig, encodeRrsig } from './rrsig.ts';
import { decodeSingleName, encodeSingleName } from './single-name.ts';
import { decodeSoa } from './soa.ts';
import { decodeSrv } from './srv.ts';
import { decodeSshfp } from './sshfp.ts';
import { decodeSvcb, encodeSvcb } from './svcb.ts';
import { decodeTlsa, encodeTlsa } from './tlsa.ts';
import { decodeTxt, encodeTxt } from './txt.ts';
import { TypeBitmap } from './type-bitmap.ts';
import { decodeZonemd } from './zonemd.ts';

const name = Name.fromText('a.example.');

describe('typed data', () => {
  it('keeps every field', () => {
    const octets = Uint8Array.of(1, 2, 3);
    const ds = { keyTag: 0xfffe, algorithm: 13, digestType: 2, digest: octets };
    expect(decodeDs(encodeDs(ds))).toEqual(ds);
    const key = { flags: 257, protocol: 3, algorithm: 8, publicKey: octets };
    expect(decodeDnskey(encodeDnskey(key))).toEqual(key);
    const tlsa = { usage: 3, selector: 1, matching: 2, data: octets };
    expect(decodeTlsa(encodeTlsa(tlsa))).toEqual(tlsa);
    const rrsig = {
      typeCovered: 52,
      algorithm: 13,
      labels: 4,
      originalTtl: 0xfffffffe,
      expiration: 0xfffffffd,
      inception: 0x80000001,
      keyTag: 60000,
      signer: name,
      signature: octets,
    };
    expect(decodeRrsig(encodeRrsig(rrsig))).toEqual(rrsig);
    const caa = { flags: 128, tag: 'Issue', value: octets };
    expect(decodeCaa(encodeCaa(caa))).toEqual(caa);
    const nsec3 = {
      hashAlgorithm: 1,
      flags: 1,
      iterations: 65535,
      salt: octets,
      nextHashed: octets,
      types: TypeBitmap.of([1, 65535]),
    };
    expect(decodeNsec3(encodeNsec3(nsec3))).toEqual(nsec3);
    expect(decodeNsec(encodeNsec({ next: name, types: TypeBitmap.of([]) })).types.types).toEqual([]);
    expect(decodeSingleName(encodeSingleName(name)).equals(name)).toBe(true);
    expect(decodeMx(encodeMx({ preference: 1, exchange: name })).exchange.toString()).toBe('a.example.');
    expect(decodeTxt(encodeTxt({ strings: [octets, new Uint8Array(0)] })).strings).toEqual([
      octets,
      new Uint8Array(0),
    ]);
  });

  it('puts service parameters in order and refuses the same twice', () => {
    const parameter = (key: number) => ({ key, value: Uint8Array.of(key) });
    const data = decodeSvcb(
      encodeSvcb({ priority: 1, target: name, parameters: [parameter(9), parameter(3)] }),
    );
    expect(data.parameters.map(({ key }) => key)).toEqual([3, 9]);
    expect(() => encodeSvcb({ priority: 1, target: name, parameters: [parameter(3), parameter(3)] })).toThrow(
      'twice',
    );
  });

  it.each<readonly [string, (rdata: Uint8Array) => unknown, string]>([
    ['A of 3 octets', decodeA, 'c00002'],
    ['A of 5 octets', decodeA, 'c000020101'],
    ['AAAA of 15 octets', decodeAaaa, '00'.repeat(15)],
    ['name without root', decodeSingleName, '0161'],
    ['name with a pointer', decodeSingleName, 'c00c'],
    ['name with octets behind', decodeSingleName, '01610000'],
    ['empty name', decodeSingleName, ''],
    ['name of 256 octets', decodeSingleName, `${'3f'.padEnd(128, '61').repeat(3)}3e${'61'.repeat(62)}00`],
    ['SOA cut short', decodeSoa, '0000000000010000000200000003000000040000'],
    ['SOA with an octet more', decodeSoa, `0000${'00'.repeat(21)}`],
    ['MX without a name', decodeMx, '000a'],
    ['MX of one octet', decodeMx, '00'],
    ['TXT without a string', decodeTxt, ''],
    ['TXT whose string overruns', decodeTxt, '0361'],
    ['SRV cut short', decodeSrv, '00000000'],
    ['NAPTR whose string overruns', decodeNaptr, '00000000ff'],
    ['DS of 3 octets', decodeDs, '000000'],
    ['DNSKEY of 3 octets', decodeDnskey, '000000'],
    ['SSHFP of 1 octet', decodeSshfp, '00'],
    ['RRSIG without a signer', decodeRrsig, '00'.repeat(18)],
    ['RRSIG cut short', decodeRrsig, '00'.repeat(17)],
    ['NSEC without a name', decodeNsec, ''],
    ['NSEC with a window of 0 octets', decodeNsec, '000000'],
    ['NSEC with a window of 33 octets', decodeNsec, `000021${'01'.repeat(33)}`],
    ['NSEC with windows out of order', decodeNsec, '00010140000140'],
    ['NSEC with the same window twice', decodeNsec, '00000140000140'],
    ['NSEC with a window cut short', decodeNsec, '00000240'],
    ['NSEC with half a window header', decodeNsec, '0000'],
    ['NSEC with a window ending in zero', decodeNsec, '0000024000'],
    ['NSEC3 without a hash', decodeNsec3, '010000000000'],
    ['NSEC3 whose salt overruns', decodeNsec3, '0100000005aa'],
    ['NSEC3 whose hash overruns', decodeNsec3, '010000000014aa'],
    ['NSEC3PARAM with an octet more', decodeNsec3param, '010000000000'],
    ['TLSA of 2 octets', decodeTlsa, '0301'],
    ['CAA without a tag', decodeCaa, '0000'],
    ['CAA whose tag is no word', decodeCaa, '000120'],
    ['CAA whose tag overruns', decodeCaa, '000561'],
    ['CSYNC cut short', decodeCsync, '0000000000'],
    ['ZONEMD cut short', decodeZonemd, '0000000000'],
    ['SVCB with parameters out of order', decodeSvcb, '0001000003000000010000'],
    ['SVCB with the same parameter twice', decodeSvcb, '0001000003000000030000'],
    ['SVCB whose parameter overruns', decodeSvcb, '00010000030002ff'],
    ['SVCB with a compressed target', decodeSvcb, '0001c00c'],
  ])('refuses %s', (_what, decode, hex) => {
    expect(() => decode(hexDecode(hex))).toThrow(DnsFormatError);
  });

  it('refuses numbers that do not fit', () => {
    expect(() => encodeMx({ preference: 65536, exchange: name })).toThrow(DnsFormatError);
    expect(() => encodeMx({ preference: -1, exchange: name })).toThrow(DnsFormatError);
    expect(() => encodeMx({ preference: 1.5, exchange: name })).toThrow(DnsFormatError);
    expect(() => encodeTxt({ strings: [new Uint8Array(256)] })).toThrow(DnsFormatError);
    expect(() => TypeBitmap.of([65536])).toThrow(DnsFormatError);
  });
});
