/** EDNS options (rfc6891#section-6.1.2): extended errors (RFC 8914), cookies (RFC 7873). */
import { DnsFormatError } from './errors.ts';
import type { EdnsOption, Message } from './message.ts';

/** IANA "DNS EDNS0 Option Codes (OPT)", those with a use here. */
export const EdnsOptionCode = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  COOKIE: 10,
  TCP_KEEPALIVE: 11,
  PADDING: 12,
  CHAIN: 13,
  KEY_TAG: 14,
  EXTENDED_ERROR: 15,
} as const;

export interface ExtendedError {
  /** See `Ede`. */
  readonly infoCode: number;
  /** For people; may be empty. From the network: show it with control characters removed. */
  readonly extraText: string;
}

/** All extended errors of a message, in order (rfc8914#section-2). Options too short to be one are passed over. */
export function extendedErrors(message: Message): ExtendedError[] {
  const errors: ExtendedError[] = [];
  for (const { code, data } of message.edns?.options ?? []) {
    if (code !== EdnsOptionCode.EXTENDED_ERROR || data.length < 2) continue;
    // rfc8914#section-2: the text may or may not end in a NUL.
    const text = Buffer.from(data.subarray(2)).toString('utf8').replace(/\0+$/, '');
    errors.push({ infoCode: (data[0]! << 8) | data[1]!, extraText: text });
  }
  return errors;
}

/** `text` goes out as UTF-8. */
export function encodeExtendedError(infoCode: number, text = ''): EdnsOption {
  if (!Number.isInteger(infoCode) || infoCode < 0 || infoCode > 0xffff)
    throw new DnsFormatError('out-of-range', `${infoCode} is no extended error code`);
  const data = Buffer.concat([Uint8Array.of(infoCode >> 8, infoCode & 0xff), Buffer.from(text, 'utf8')]);
  return { code: EdnsOptionCode.EXTENDED_ERROR, data: new Uint8Array(data) };
}

export interface Cookie {
  /** Eight octets. */
  readonly client: Uint8Array;
  /** 8 to 32 octets; absent until the server gave one. */
  readonly server?: Uint8Array;
}

/** The message's cookie; undefined where there is none. Throws `DnsFormatError` on a bad length (rfc7873#section-5.2.2). */
export function cookieOf(message: Message): Cookie | undefined {
  const option = message.edns?.options.find(({ code }) => code === EdnsOptionCode.COOKIE);
  if (option === undefined) return undefined;
  const { data } = option;
  if (data.length === 8) return { client: data };
  if (data.length < 16 || data.length > 40)
    throw new DnsFormatError('bad-cookie', 'DNS cookie of impossible length');
  return { client: data.subarray(0, 8), server: data.subarray(8) };
}

export function encodeCookie(cookie: Cookie): EdnsOption {
  const server = cookie.server ?? new Uint8Array(0);
  if (cookie.client.length !== 8 || (cookie.server && (server.length < 8 || server.length > 32)))
    throw new DnsFormatError('bad-cookie', 'DNS cookie of impossible length');
  const data = new Uint8Array(8 + server.length);
  data.set(cookie.client);
  data.set(server, 8);
  return { code: EdnsOptionCode.COOKIE, data };
}
