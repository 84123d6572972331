import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DnsFormatError } from '../errors.ts';
import { base64Encode } from '../octets.ts';
import { parseTsigKey } from './key-text.ts';

const SECRET = 'c2VjcmV0IG9mIG1haWwsIDMyIG9jdGV0cyBsb25nIQ==';

const read = (text: string) => {
  const { name, algorithm, secret } = parseTsigKey(text);
  return [name.toString(), algorithm, base64Encode(secret)];
};

test.each([
  ['tsig-keygen', `key "mail" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n`, 'hmac-sha256'],
  [
    'named.conf, another order, comments',
    `/* key "old" { algorithm hmac-md5; secret "AA=="; }; */\n# of ours\nkey mail. { secret ${SECRET}; algorithm "HMAC-SHA512"; }; // end\n`,
    'hmac-sha512',
  ],
  [
    'keymgr',
    `# hmac-sha384:mail:${SECRET}\nkey:\n  - id: mail.\n    algorithm: hmac-sha384\n    secret: ${SECRET}\n`,
    'hmac-sha384',
  ],
  [
    'knot.conf, quoted, sections around it',
    `server:\n  rundir: /run\nkey:\n  - id: "mail"\n    algorithm: hmac-sha256\n    secret: "${SECRET}"\n\nacl:\n  - id: x\n    key: mail\n`,
    'hmac-sha256',
  ],
  ['kdig -y', `hmac-sha256:mail:${SECRET}\n`, 'hmac-sha256'],
  ['pdnsutil list-tsig-keys', `mail. hmac-sha256. ${SECRET}\r\n`, 'hmac-sha256'],
])('reads a key of %s', (_, text, algorithm) => {
  expect(read(text)).toEqual(['mail.', algorithm, SECRET]);
});

describe('refuses', () => {
  test.each([
    ['', /no TSIG key/],
    ['# nothing\n', /no TSIG key/],
    ['mail SECRET', /neither/],
    ['key:\n', /no TSIG key/],
    ['key "a" { algorithm hmac-sha256; };', /no secret/],
    ['key "a" { secret "SECRET"; };', /no algorithm/],
    ['key:\n  - algorithm: hmac-sha256\n    secret: SECRET\n', /no name/],
    ['hmac-md5:a:SECRET', /algorithm .* none of/],
    ['hmac-sha1:a:SECRET', /algorithm .* none of/],
    ['hmac-sha256:a..b:SECRET', /no domain name/],
    ['hmac-sha256:a:SECRET!', /not base64/],
    ['hmac-sha256:a:SECRET\nhmac-sha256:b:SECRET', /2 TSIG keys/],
    [
      'key a { algorithm hmac-sha256; secret SECRET; }; key b { algorithm hmac-sha256; secret SECRET; };',
      /2 TSIG keys/,
    ],
  ])('%j', (text, message) => {
    const given = text.replaceAll('SECRET', SECRET);
    expect(() => parseTsigKey(given)).toThrow(DnsFormatError);
    expect(() => parseTsigKey(given)).toThrow(message);
  });
});

it('says nothing of what it has read', () => {
  const parts = fc.constantFrom(
    'key',
    '"a"',
    '{',
    '}',
    ';',
    ':',
    'secret',
    'algorithm',
    'SECRETx',
    '\n',
    ' ',
    '-',
    'id:',
  );
  fc.assert(
    fc.property(fc.array(parts), (words) => {
      try {
        parseTsigKey(words.join(' '));
      } catch (error) {
        expect(error).toBeInstanceOf(DnsFormatError);
        expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('SECRETx');
      }
    }),
  );
});
