/** The message as it goes out: read once, since each domain gets it anew. */
import type { Readable } from 'node:stream';
import { DaneSendError } from './errors.ts';

export interface Message {
  readonly octets: Buffer;
  /** Octets beyond ASCII in the header: SMTPUTF8 (RFC 6531). */
  readonly utf8Header: boolean;
  /** Octets beyond ASCII anywhere: 8BITMIME (RFC 6152). */
  readonly eightBit: boolean;
  /** The header field `TLS-Required: No` (rfc8689#section-5). */
  readonly tlsRequiredNo: boolean;
}

/** Rejects with `DaneSendError` 'EMESSAGE', and with the stream's own error. */
export async function readMessage(stream: Readable, maxOctets: number): Promise<Message> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const octets = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    length += octets.length;
    if (length > maxOctets) {
      stream.destroy();
      throw new DaneSendError('EMESSAGE', `the message has more than ${maxOctets} octets`);
    }
    chunks.push(octets);
  }
  return inspectMessage(Buffer.concat(chunks));
}

export function inspectMessage(octets: Buffer): Message {
  const header = octets.subarray(0, headerEnd(octets));
  return {
    octets,
    utf8Header: hasHighOctet(header),
    eightBit: hasHighOctet(octets),
    tlsRequiredNo: /^TLS-Required:[ \t]*No[ \t]*\r?$/im.test(header.toString('latin1')),
  };
}

function headerEnd(octets: Buffer): number {
  const ends = ['\r\n\r\n', '\n\n'].map((end) => octets.indexOf(end)).filter((end) => end >= 0);
  return ends.length > 0 ? Math.min(...ends) : octets.length;
}

function hasHighOctet(octets: Buffer): boolean {
  return octets.some((octet) => octet > 0x7f);
}
