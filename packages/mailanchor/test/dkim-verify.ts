/** A DKIM verifier for tests (RFC 6376, relaxed/relaxed and rsa-sha256), which shares nothing with what signs. */
import { createHash, createVerify, type KeyObject } from 'node:crypto';

export interface DkimVerdict {
  readonly tags: Readonly<Record<string, string>>;
  readonly signed: readonly string[];
  readonly bodyHash: boolean;
  readonly signature: boolean;
}

export function verifyDkim(message: string, key: KeyObject): DkimVerdict {
  const split = message.indexOf('\r\n\r\n');
  const fields = message.slice(0, split).split(/\r\n(?![ \t])/);
  const body = message.slice(split + 4);
  const own = fields.find((field) => /^dkim-signature:/i.test(field))!;
  const tags = Object.fromEntries(
    own
      .slice(own.indexOf(':') + 1)
      .split(';')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '')
      .map((tag) => [
        tag.slice(0, tag.indexOf('=')).trim(),
        tag.slice(tag.indexOf('=') + 1).replace(/\s+/g, ''),
      ]),
  );
  const signed = (tags['h'] ?? '').toLowerCase().split(':');
  const hash = createHash('sha256').update(relaxedBody(body), 'latin1').digest('base64');
  const verify = createVerify('RSA-SHA256');
  const left = [...fields];
  for (const name of signed) {
    // The last of that name which is not signed yet.
    const at = left.findLastIndex((field) => field.slice(0, field.indexOf(':')).toLowerCase() === name);
    if (at < 0) continue;
    const [field] = left.splice(at, 1);
    verify.update(`${relaxedHeader(field!)}\r\n`, 'latin1');
  }
  verify.update(relaxedHeader(own.replace(/([;\s]b=)[^;]*/, '$1')), 'latin1');
  return {
    tags,
    signed,
    bodyHash: hash === tags['bh'],
    signature: verify.verify(key, tags['b'] ?? '', 'base64'),
  };
}

function relaxedHeader(field: string): string {
  const colon = field.indexOf(':');
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
  return `${field.slice(0, colon).toLowerCase().trim()}:${value}`;
}

function relaxedBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${line}\r\n`).join('');
}
