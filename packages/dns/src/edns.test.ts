import { describe, expect, it } from 'vitest';
import { cookieOf, EdnsOptionCode, encodeCookie, encodeExtendedError, extendedErrors } from './edns.ts';
import { DnsFormatError } from './errors.ts';
import type { EdnsOption } from './message.ts';
import { makeQuery } from './message-build.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';
import { Name } from './name.ts';

const withOptions = (...options: EdnsOption[]) =>
  decodeMessage(encodeMessage(makeQuery(Name.root, 2, { options })));

describe('extended errors', () => {
  it('come back in order, text and all', () => {
    const message = withOptions(encodeExtendedError(6, 'signature überholt'), encodeExtendedError(0xffff));
    expect(extendedErrors(message)).toEqual([
      { infoCode: 6, extraText: 'signature überholt' },
      { infoCode: 0xffff, extraText: '' },
    ]);
  });

  it('lose a closing NUL, and are passed over when too short', () => {
    const code = EdnsOptionCode.EXTENDED_ERROR;
    const message = withOptions(
      { code, data: Uint8Array.of(0, 9, 0x61, 0) },
      { code, data: Uint8Array.of(1) },
    );
    expect(extendedErrors(message)).toEqual([{ infoCode: 9, extraText: 'a' }]);
    expect(extendedErrors(makeQuery(Name.root, 2, { edns: false }))).toEqual([]);
  });

  it('have codes of 16 bits', () => {
    expect(() => encodeExtendedError(65536)).toThrow(DnsFormatError);
  });
});

describe('cookies', () => {
  const client = new Uint8Array(8).fill(1);
  const server = new Uint8Array(16).fill(2);

  it('come back', () => {
    expect(cookieOf(withOptions(encodeCookie({ client })))).toEqual({ client });
    expect(cookieOf(withOptions(encodeCookie({ client, server })))).toEqual({ client, server });
    expect(cookieOf(withOptions())).toBeUndefined();
  });

  it.each([0, 7, 9, 15, 41])('of %i octets are refused', (length) => {
    const message = withOptions({ code: EdnsOptionCode.COOKIE, data: new Uint8Array(length) });
    expect(() => cookieOf(message)).toThrow(DnsFormatError);
  });

  it('of impossible length are not made', () => {
    expect(() => encodeCookie({ client: new Uint8Array(7) })).toThrow(DnsFormatError);
    expect(() => encodeCookie({ client, server: new Uint8Array(7) })).toThrow(DnsFormatError);
    expect(() => encodeCookie({ client, server: new Uint8Array(33) })).toThrow(DnsFormatError);
  });
});
