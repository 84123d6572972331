/**
 * A TSIG key as the tools of name servers print it:
 *
 *   key "name" { algorithm hmac-sha256; secret "c2VjcmV0"; };    tsig-keygen of BIND; several statements of named.conf too
 *   key: - id: name, algorithm: hmac-sha256, secret: c2VjcmV0    keymgr of Knot, a line each
 *   hmac-sha256:name:c2VjcmV0                                    as kdig, dig and nsupdate take it with -y
 *   name. hmac-sha256. c2VjcmV0                                  pdnsutil list-tsig-keys of PowerDNS
 *
 * No error repeats what it has read: it might be the secret.
 */
import { DnsFormatError } from '../errors.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm } from '../iana/tsig.ts';
import { Name } from '../name.ts';
import { base64Decode } from '../octets.ts';
import type { TsigKey } from './key.ts';

interface KeyWords {
  readonly name: string | undefined;
  readonly algorithm: string | undefined;
  readonly secret: string | undefined;
}

/** The one key that the text holds. Throws `DnsFormatError` 'bad-tsig-key'. */
export function parseTsigKey(text: string): TsigKey {
  const bare = text
    .replace(/\/\*.*?\*\//gs, ' ')
    .replace(/^\uFEFF/, '')
    .replace(/^[ \t]*(?:#|\/\/|;).*$/gm, '');
  const keys = /\bkey\s+\S+\s*\{/.test(bare)
    ? ofBind(bare)
    : /^key:/m.test(bare)
      ? ofKnot(bare)
      : plain(bare);
  const [key] = keys;
  if (!key) throw bad('there is no TSIG key in it');
  if (keys.length > 1) throw bad(`there are ${keys.length} TSIG keys in it: leave the one that is meant`);
  return toKey(key);
}

function ofBind(text: string): KeyWords[] {
  return [...text.matchAll(/\bkey\s+("[^"]*"|[^\s{]+)\s*\{([^}]*)\}/g)].map(([, name = '', body = '']) => {
    const value = (setting: string) => new RegExp(`\\b${setting}\\s+("[^"]*"|[^\\s;]+)\\s*;`).exec(body)?.[1];
    return {
      name: unquoted(name),
      algorithm: unquoted(value('algorithm')),
      secret: unquoted(value('secret')),
    };
  });
}

/** The list below `key:`, each entry from its dash on. */
function ofKnot(text: string): KeyWords[] {
  const list = /^key:[ \t]*\r?\n((?:[ \t]+.*(?:\r?\n|$)|[ \t]*\r?\n)*)/m.exec(text)?.[1] ?? '';
  return list
    .split(/^[ \t]*-[ \t]+/m)
    .filter((entry) => entry.trim() !== '')
    .map((entry) => {
      const value = (setting: string) => new RegExp(`^[ \\t]*${setting}:[ \\t]*(\\S+)`, 'm').exec(entry)?.[1];
      return {
        name: unquoted(value('id')),
        algorithm: unquoted(value('algorithm')),
        secret: unquoted(value('secret')),
      };
    });
}

function plain(text: string): KeyWords[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.map((line) => {
    const colons = line.split(':');
    if (colons.length === 3) return { algorithm: colons[0], name: colons[1], secret: colons[2] };
    const [name, algorithm, secret, ...more] = line.split(/\s+/);
    if (more.length > 0 || secret === undefined)
      throw bad('it is neither a key statement, a key list nor algorithm:name:secret');
    return { name, algorithm, secret };
  });
}

function unquoted(word: string | undefined): string | undefined {
  return word?.replace(/^(["'])(.*)\1$/, '$2');
}

function toKey({ name, algorithm, secret }: KeyWords): TsigKey {
  if (!name) throw bad('the TSIG key has no name');
  if (!algorithm) throw bad('the TSIG key has no algorithm');
  if (!secret) throw bad('the TSIG key has no secret');
  const known = TSIG_ALGORITHMS.find((each) => each === algorithm.toLowerCase().replace(/\.$/, ''));
  if (!known) throw bad(`the algorithm of the TSIG key is none of ${TSIG_ALGORITHMS.join(', ')}`);
  return { name: readName(name), algorithm: known satisfies TsigAlgorithm, secret: readSecret(secret) };
}

function readName(text: string): Name {
  try {
    return Name.fromText(text);
  } catch {
    throw bad('the name of the TSIG key is no domain name');
  }
}

function readSecret(text: string): Uint8Array {
  try {
    return base64Decode(text);
  } catch {
    throw bad('the secret of the TSIG key is not base64');
  }
}

/** Without the cause: it would speak of the text. */
function bad(text: string): DnsFormatError {
  return new DnsFormatError('bad-tsig-key', text);
}
