/** Padding (RFC 7830): over an encrypted channel, the length of a message would tell which name it is about. */
import { EdnsOptionCode } from '../edns.ts';
import type { Message } from '../message.ts';
import { encodeMessage } from '../message-encode.ts';

/** Octets that a query's length is made a multiple of (RFC 8467, section 4.1). */
export const QUERY_PADDING_BLOCK = 128;
/** Octets that a response's length is made a multiple of (RFC 8467, section 4.1). */
export const RESPONSE_PADDING_BLOCK = 468;

/** Code and length of an option. */
const OPTION_HEAD_OCTETS = 4;

/** Whether the sender asks for padding with padding (rfc7830#section-4). */
export function isPadded(message: Message): boolean {
  return message.edns?.options.some(({ code }) => code === EdnsOptionCode.PADDING) ?? false;
}

/**
 * The message with as much padding (rfc7830#section-3) as brings its octets to a multiple of `blockOctets`. As it is where it has no
 * EDNS, is padded already, or would become longer than a message can be..
 */
export function withPadding(message: Message, blockOctets: number): Message {
  const { edns } = message;
  if (edns === undefined || isPadded(message)) return message;
  const length = encodeMessage(message).length + OPTION_HEAD_OCTETS;
  const padding = (blockOctets - (length % blockOctets)) % blockOctets;
  if (length + padding > 0xffff) return message;
  const option = { code: EdnsOptionCode.PADDING, data: new Uint8Array(padding) };
  return { ...message, edns: { ...edns, options: [...edns.options, option] } };
}
