import { existsSync, readFileSync } from 'node:fs';
import { decodeDs, parseZoneFile, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { dsDigest } from '../ds.ts';
import { rootTrustAnchors } from '../trust-anchor.ts';
import { builtInRootHints, parseRootHints } from './root-hints.ts';

/** Debian's package dns-root-data. */
const HINTS = '/usr/share/dns/root.hints';
const KEYS = '/usr/share/dns/root.key';
const plain = (hints: ReturnType<typeof builtInRootHints>) =>
  hints.map(({ name, addresses }) => `${name} ${[...addresses].sort().join(' ')}`.toLowerCase()).sort();

describe('root hints', () => {
  test('thirteen servers, two addresses each', () => {
    expect(builtInRootHints()).toHaveLength(13);
    expect(builtInRootHints().every(({ addresses }) => addresses.length === 2)).toBe(true);
  });

  test.skipIf(!existsSync(HINTS))('as Debian has them (skipped where dns-root-data is not installed)', () => {
    expect(plain(builtInRootHints())).toEqual(plain(parseRootHints(readFileSync(HINTS, 'utf8'))));
  });

  test.skipIf(!existsSync(KEYS))(
    'the anchors are the keys that Debian has (skipped where dns-root-data is not installed)',
    () => {
      const keys = parseZoneFile(readFileSync(KEYS, 'utf8'), { defaultTtl: 1 });
      const anchors = rootTrustAnchors().map(({ rdata }) => decodeDs(rdata));
      expect(keys.map(({ type }) => type)).toEqual([RRType.DNSKEY, RRType.DNSKEY]);
      const digests = keys
        .map(({ name, rdata }) => Buffer.from(dsDigest(name, rdata, 2)!).toString('hex'))
        .sort();
      expect(anchors.map(({ digest }) => Buffer.from(digest).toString('hex')).sort()).toEqual(digests);
    },
  );

  test('read from a file: servers without addresses are left out', () => {
    const text =
      '. NS a.test.\n. NS b.test.\n. NS c.test.\na.test. A 192.0.2.1\na.test. AAAA 2001:db8::1\nB.TEST. A 192.0.2.2\nd.test. A 192.0.2.4\nx. NS d.test.';
    expect(plain(parseRootHints(text))).toEqual(['a.test. 192.0.2.1 2001:db8::1', 'b.test. 192.0.2.2']);
  });

  const refused: readonly [string, string, RegExp][] = [
    ['nothing', '', /^hints: no NS record/],
    ['no addresses', '. NS a.test.', /^hints: no NS record/],
    ['no servers', 'a.test. A 192.0.2.1', /^hints: no NS record/],
    ['a typo', '. NS a.test.\na.test. A 192.0.2', /^hints:2/],
  ];
  test.each(refused)('refused: %s', (_, text, message) => {
    expect(() => parseRootHints(text, 'hints')).toThrow(message);
  });
});
