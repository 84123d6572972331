import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EdnsOptionCode } from '../edns.ts';
import { makeQuery } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { isPadded, QUERY_PADDING_BLOCK, RESPONSE_PADDING_BLOCK, withPadding } from './padding.ts';

describe('padding', () => {
  it('brings every length to a multiple of the block', () => {
    const blocks = fc.constantFrom(QUERY_PADDING_BLOCK, RESPONSE_PADDING_BLOCK);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), blocks, (octets, block) => {
        const option = { code: EdnsOptionCode.NSID, data: new Uint8Array(octets) };
        const query = makeQuery(Name.fromText('example.com'), 52, { options: [option], do: true });
        const padded = withPadding(query, block);
        const wire = encodeMessage(padded);
        expect(wire.length % block).toBe(0);
        expect(wire.length - encodeMessage(query).length).toBeLessThan(block + 4);
        expect(isPadded(decodeMessage(wire))).toBe(true);
        const options = decodeMessage(wire).edns!.options;
        expect(options[0]).toEqual(option);
        expect(options[1]!.data.every((octet) => octet === 0)).toBe(true);
      }),
    );
  });

  it('leaves alone what has no EDNS, is padded, or is as long as can be', () => {
    const name = Name.fromText('example.com');
    const plain = makeQuery(name, 52, { edns: false });
    expect(withPadding(plain, 128)).toBe(plain);
    const once = withPadding(makeQuery(name, 52), 128);
    expect(withPadding(once, 468)).toBe(once);
    const long = makeQuery(name, 52, { options: [{ code: 3, data: new Uint8Array(65_480) }] });
    expect(withPadding(long, 128)).toBe(long);
  });
});
