import { describe, expect, it } from 'vitest';
import { DnsFormatError } from './errors.ts';
import { decodeMessage, decodeMessageHead } from './message-decode.ts';
import { hexDecode, hexEncode } from './octets.ts';
import { recordToText } from './presentation/rdata-text.ts';

/** Header with the four counts, then the body in hexadecimal. */
function build(counts: readonly [number, number, number, number], ...body: string[]): Uint8Array {
  const head = counts.map((count) => count.toString(16).padStart(4, '0')).join('');
  return hexDecode(`12348180${head}${body.join('').replaceAll(' ', '')}`);
}

const QUESTION = '076578616d706c6503636f6d00 0001 0001';
/** Type, class IN, TTL 60, length and data. */
const record = (owner: string, type: string, data: string, length = data.replaceAll(' ', '').length / 2) =>
  `${owner} ${type} 0001 0000003c ${length.toString(16).padStart(4, '0')} ${data}`;

describe('decodeMessage', () => {
  it('reads header, question, records and OPT', () => {
    const message = decodeMessage(
      build(
        [1, 1, 0, 2],
        QUESTION,
        record('c00c', '0001', 'c0000201'),
        '00 0029 04d0 01 00 8000 0004 000a 0000',
        record('03777777c00c', '0001', 'c0000202'),
      ),
    );
    expect(message).toMatchObject({
      id: 0x1234,
      qr: true,
      rd: true,
      ra: true,
      aa: false,
      tc: false,
      rcode: 16,
    });
    expect(message.edns).toEqual({
      udpPayloadSize: 1232,
      version: 0,
      do: true,
      options: [{ code: 10, data: new Uint8Array(0) }],
    });
    expect(message.answers.map(recordToText)).toEqual(['example.com. 60 IN A 192.0.2.1']);
    expect(message.additionals.map(recordToText)).toEqual(['www.example.com. 60 IN A 192.0.2.2']);
    // The same offset is the same name, so its key is made once.
    expect(message.answers[0]?.name).toBe(message.questions[0]?.name);
  });

  it('expands names in the data of the types that may have them compressed', () => {
    const rrsig = `0001 0d 02 00000e10 60000000 50000000 0001`;
    const message = decodeMessage(
      build(
        [1, 7, 0, 0],
        QUESTION,
        record('c00c', '0002', '026e73c00c'),
        record('c00c', '000f', '000a c00c'),
        record('c00c', '0006', 'c00c c00c 00000001 00000002 00000003 00000004 00000005'),
        record('c00c', '0021', '0001 0002 0003 c00c'),
        record('c00c', '0023', '0001 0002 0173 00 00 c00c'),
        record('c00c', '002e', `${rrsig} c00c aabb`),
        record('c00c', '002f', 'c00c 000140'),
      ),
    );
    const name = '076578616d706c6503636f6d00';
    expect(message.answers.map(({ rdata }) => hexEncode(rdata))).toEqual([
      `026e73${name}`,
      `000a${name}`,
      `${name}${name}0000000100000002000000030000000400000005`,
      `000100020003${name}`,
      `0001000201730000${name}`,
      `${rrsig.replaceAll(' ', '')}${name}aabb`,
      `${name}000140`,
    ]);
  });

  it('leaves other data alone, pointers or not', () => {
    const message = decodeMessage(build([1, 1, 0, 0], QUESTION, record('c00c', '0040', '0001 c00c')));
    expect(hexEncode(message.answers[0]!.rdata)).toBe('0001c00c');
  });

  it('reads a TTL with the top bit set as 0', () => {
    const message = decodeMessage(build([0, 1, 0, 0], '00 0001 0001 80000001 0000'));
    expect(message.answers[0]?.ttl).toBe(0);
    expect(decodeMessage(build([0, 1, 0, 0], '00 0001 0001 7fffffff 0000')).answers[0]?.ttl).toBe(0x7fffffff);
  });

  it('ignores octets behind the last record', () => {
    expect(decodeMessage(build([1, 0, 0, 0], QUESTION, 'ffffff')).questions.length).toBe(1);
  });

  it.each<readonly [string, Uint8Array]>([
    ['an empty packet', new Uint8Array(0)],
    ['a header cut short', hexDecode('1234818000010000000000')],
    ['a question missing', build([1, 0, 0, 0])],
    ['a question cut short', build([1, 0, 0, 0], '00 0001 00')],
    ['more records than there are', build([1, 2, 0, 0], QUESTION, record('c00c', '0001', 'c0000201'))],
    ['65535 records in nothing', build([0, 65535, 65535, 65535])],
    ['a record header cut short', build([0, 1, 0, 0], '00 0001 0001 0000003c 00')],
    ['data cut short', build([0, 1, 0, 0], record('00', '0001', 'c00002', 4))],
    ['a name without its end', build([1, 0, 0, 0], '0161')],
    ['a label of unknown kind', build([1, 0, 0, 0], '40 0001 0001 00')],
    ['a label of another unknown kind', build([1, 0, 0, 0], '80 0001 0001 00')],
    [
      'a name of 256 octets',
      build([1, 0, 0, 0], `${'3f'.padEnd(128, '61').repeat(3)}3e${'61'.repeat(62)}00 0001 0001`),
    ],
    ['a pointer to itself', build([1, 0, 0, 0], 'c00c 0001 0001')],
    ['a pointer forwards', build([2, 0, 0, 0], 'c012 0001 0001 00 0001 0001')],
    ['a pointer into its own labels', build([1, 0, 0, 0], '0161c00c 0001 0001')],
    ['two pointers at each other', build([2, 0, 0, 0], '0161c012 0001 0001 0161c00c 0001 0001')],
    ['a pointer into the header', build([1, 0, 0, 0], 'c00a 0001 0001')],
    ['a pointer cut short', build([1, 0, 0, 0], 'c0')],
    [
      'labels before a pointer that make the name too long',
      build(
        [2, 0, 0, 0],
        `${'3f'.padEnd(128, '61').repeat(3)}3c${'61'.repeat(60)}00 0001 0001 02 6161 c00c 0001 0001`,
      ),
    ],
    ['a name that overruns its data', build([1, 1, 0, 0], QUESTION, record('c00c', '0002', '0261620000', 3))],
    [
      'a pointer that overruns its data',
      build([1, 1, 0, 0], QUESTION, record('c00c', '0002', 'c00c', 1), '0c'),
    ],
    ['octets behind a name in its data', build([1, 1, 0, 0], QUESTION, record('c00c', '0002', 'c00c00'))],
    [
      'an NSEC name that overruns its data',
      build([1, 1, 0, 0], QUESTION, record('c00c', '002f', '016100', 2)),
    ],
    ['an NS record without data', build([1, 1, 0, 0], QUESTION, record('c00c', '0002', ''))],
    [
      'an SOA with 19 octets of numbers',
      build([1, 1, 0, 0], QUESTION, record('c00c', '0006', `c00cc00c${'00'.repeat(19)}`)),
    ],
    [
      'an SOA with 21 octets of numbers',
      build([1, 1, 0, 0], QUESTION, record('c00c', '0006', `c00cc00c${'00'.repeat(21)}`)),
    ],
    ['an RRSIG of 10 octets', build([1, 1, 0, 0], QUESTION, record('c00c', '002e', '00'.repeat(10)))],
    ['an NSEC without a name', build([1, 1, 0, 0], QUESTION, record('c00c', '002f', ''))],
    [
      'a NAPTR whose strings overrun',
      build([1, 1, 0, 0], QUESTION, record('c00c', '0023', '00000000ff0000')),
    ],
    ['two OPT records', build([0, 0, 0, 2], '00 0029 04d0 00000000 0000'.repeat(2))],
    ['an OPT record below the root', build([0, 0, 0, 1], '016100 0029 04d0 00000000 0000')],
    ['an OPT record among the answers', build([0, 1, 0, 0], '00 0029 04d0 00000000 0000')],
    ['an EDNS option that overruns', build([0, 0, 0, 1], '00 0029 04d0 00000000 0005 000a 0002 ff')],
    ['an EDNS option cut short', build([0, 0, 0, 1], '00 0029 04d0 00000000 0003 000a 00')],
    ['more than 65535 octets', new Uint8Array(65536)],
  ])('refuses %s', (_what, octets) => {
    expect(() => decodeMessage(octets)).toThrow(DnsFormatError);
  });

  it('forgets the names of the message before', () => {
    const answers = (...owners: string[]) =>
      owners.map((owner) => record(owner, '0001', 'c0000201')).join('');
    const owners = (octets: Uint8Array) => decodeMessage(octets).answers.map(({ name }) => name.toString());
    // Pointers into the same places, in another order.
    const first = build([1, 2, 0, 0], '01780179017a00 0001 0001', answers('c00e', 'c010'));
    const second = build([1, 2, 0, 0], '01610162016300 0001 0001', answers('c010', 'c00e'));
    expect(owners(first)).toEqual(['y.z.', 'z.']);
    expect(owners(second)).toEqual(['c.', 'b.c.']);
    expect(() => decodeMessage(build([0, 1, 0, 0], record('c00c', '0001', 'c0000201')))).toThrow(
      DnsFormatError,
    );
  });
});

describe('decodeMessageHead', () => {
  it('reads header and questions of a message that is cut off behind them', () => {
    const octets = build([1, 3, 2, 1], QUESTION, 'c00c 0001');
    expect(() => decodeMessage(octets)).toThrow(DnsFormatError);
    const head = decodeMessageHead(octets);
    expect(head).toMatchObject({ id: 0x1234, qr: true, answers: [], authorities: [], additionals: [] });
    expect(head.questions[0]?.name.toString()).toBe('example.com.');
  });
});
