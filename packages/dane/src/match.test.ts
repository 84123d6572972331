import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AT,
  type Extension,
  explicit,
  extension,
  type Issued,
  issue,
  makeCa,
  makeKey,
  makeLeaf,
  type NameText,
  name,
  type Profile,
  purpose,
  sequence,
  tlv,
  YEAR,
} from '../test/make-certificate.ts';
import { type DaneVerdict, type MatchRequest, matchDane, type TlsaRecord } from './index.ts';

const HOST = 'mx1.example.org';

type Outcome = readonly ['match', number] | readonly [string, number | null] | readonly ['unusable'];

const sha = (kind: 'sha256' | 'sha512', octets: Uint8Array): Buffer =>
  createHash(kind).update(octets).digest();

/** `tlsa('2 1 1', ca)` */
function tlsa(parameters: string, of: Issued): TlsaRecord {
  const [usage = 0, selector = 0, matching = 0] = parameters.split(' ').map(Number);
  const selected = selector === 0 ? of.der : of.key.spki;
  const data = matching === 0 ? selected : sha(matching === 1 ? 'sha256' : 'sha512', selected);
  return { usage, selector, matching, data };
}

function verdict(
  records: TlsaRecord | readonly TlsaRecord[],
  chain: readonly Issued[],
  options: Partial<MatchRequest> = {},
): DaneVerdict {
  return matchDane({
    records: 'usage' in records ? [records] : records,
    chain: chain.map(({ der }) => der),
    names: [HOST],
    at: AT,
    mode: 'smtp',
    ...options,
  });
}

function outcome(result: DaneVerdict): Outcome {
  if (result.kind === 'match') return ['match', result.depth];
  return result.kind === 'mismatch' ? [result.reason, result.depth] : ['unusable'];
}

const check = (
  records: TlsaRecord | readonly TlsaRecord[],
  chain: readonly Issued[],
  options?: Partial<MatchRequest>,
): Outcome => outcome(verdict(records, chain, options));

const root = makeCa('O=Example, CN=Root');
const middle = makeCa('O=Example, CN=Issuer', root);
const leaf = makeLeaf(HOST, middle);
const chain = [leaf, middle, root];
const past = { notBefore: AT - 2 * YEAR, notAfter: AT - 1 };

describe('rule 13: unusable records', () => {
  test('usages 0 and 1 are unusable for SMTP', () => {
    expect(verdict([tlsa('0 0 1', root), tlsa('1 1 1', leaf)], chain)).toEqual({
      kind: 'unusable',
      records: [
        { record: 0, why: 'usage 0 (PKIX-TA) does not apply to SMTP' },
        { record: 1, why: 'usage 1 (PKIX-EE) does not apply to SMTP' },
      ],
    });
  });

  test('an unusable record beside a usable one is passed over', () => {
    const short = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(31) };
    expect(verdict([short, tlsa('3 1 1', leaf)], chain)).toMatchObject({ kind: 'match', record: 1 });
    expect(check([short, tlsa('3 1 1', root)], chain)).toEqual(['no-match', null]);
  });

  test('no records at all: unusable', () => expect(check([], chain)).toEqual(['unusable']));

  test('it is decided before any certificate is looked at', () => {
    expect(check({ usage: 9, selector: 1, matching: 1, data: new Uint8Array(32) }, [])).toEqual(['unusable']);
  });
});

describe('rule 14: digest agility', () => {
  const right256 = tlsa('3 1 1', leaf);
  const right512 = tlsa('3 1 2', leaf);
  const wrong512 = tlsa('3 1 2', root);
  const cases: readonly (readonly [string, readonly TlsaRecord[], readonly number[] | undefined, Outcome])[] =
    [
      ['a matching SHA2-256 beside a missing SHA2-512', [right256, wrong512], undefined, ['no-match', null]],
      ['the other way round', [tlsa('3 1 1', root), right512], undefined, ['match', 0]],
      ['order reversed', [right256, wrong512], [1, 2], ['match', 0]],
      ['of another selector', [right256, tlsa('3 0 2', root)], undefined, ['match', 0]],
      ['of another usage', [right256, tlsa('2 1 2', leaf)], undefined, ['match', 0]],
      ['Full stays', [tlsa('3 1 0', leaf), wrong512], undefined, ['match', 0]],
      [
        'a SHA2-512 of the wrong length does not count',
        [right256, { ...wrong512, data: new Uint8Array(63) }],
        undefined,
        ['match', 0],
      ],
    ];
  test.each(cases)('%s', (_, records, digestOrder, want) => {
    expect(check(records, chain, digestOrder ? { digestOrder } : {})).toEqual(want);
  });
});

describe('rule 16: DANE-EE(3) is the leaf only', () => {
  const lone = issue({ subject: 'CN=something.else.test', ...past, extensions: [extension.keyUsage(6)] });
  test.each(['3 0 0', '3 0 1', '3 0 2', '3 1 0', '3 1 1', '3 1 2'])(
    '%s with nothing else valid',
    (parameters) => {
      expect(verdict(tlsa(parameters, lone), [lone])).toEqual({
        kind: 'match',
        ...(([usage, selector, matching]) => ({ usage, selector, matching }))(
          parameters.split(' ').map(Number),
        ),
        depth: 0,
        record: 0,
      });
    },
  );

  test('an issuer never matches', () =>
    expect(check(tlsa('3 1 1', middle), chain)).toEqual(['no-match', null]));

  test('names only when asked for', () => {
    expect(check(tlsa('3 1 1', lone), [lone], { mode: 'general' })).toEqual(['match', 0]);
    expect(check(tlsa('3 1 1', lone), [lone], { mode: 'general', eeNames: true })).toEqual([
      'name-mismatch',
      0,
    ]);
    expect(check(tlsa('3 1 1', leaf), [leaf], { mode: 'general', eeNames: true })).toEqual(['match', 0]);
  });

  test('a leaf that does not parse matches nothing: no handshake could be made with it', () => {
    const odd = { ...lone, der: Buffer.from('3003020101', 'hex') };
    expect(check(tlsa('3 0 1', odd), [odd])).toEqual(['untrusted', null]);
    expect(check(tlsa('3 1 1', odd), [odd])).toEqual(['untrusted', null]);
    expect(check(tlsa('2 1 1', middle), [odd, middle])).toEqual(['untrusted', null]);
  });

  test('the key octets are those of the certificate, not a new encoding', () => {
    // An EC key in compressed form: node:crypto would export it uncompressed.
    const key = makeKey();
    const point = key.spki.subarray(-65);
    const compressed = Buffer.concat([Buffer.from([2 + (point[64]! & 1)]), point.subarray(1, 33)]);
    const spki = tlv(0x30, key.spki.subarray(2, 2 + 21), tlv(0x03, Buffer.from([0]), compressed));
    const odd = issue({ subject: `CN=${HOST}`, key, spki });
    const data = sha('sha256', spki);
    expect(check({ usage: 3, selector: 1, matching: 1, data }, [odd])).toEqual(['match', 0]);
    expect(check(tlsa('3 1 1', odd), [odd])).toEqual(['no-match', null]);
  });
});

describe('rule 17: DANE-TA(2)', () => {
  const selfSigned = makeLeaf(HOST);
  const stranger = makeCa('CN=Stranger');
  const cases: readonly (readonly [string, TlsaRecord, readonly Issued[], Outcome])[] = [
    ['2 0 1 of the issuer', tlsa('2 0 1', middle), chain, ['match', 1]],
    ['2 1 1 of the issuer', tlsa('2 1 1', middle), chain, ['match', 1]],
    ['2 0 2 of the root', tlsa('2 0 2', root), chain, ['match', 2]],
    ['2 1 0 of the root', tlsa('2 1 0', root), chain, ['match', 2]],
    ['a digest whose certificate was not sent', tlsa('2 0 1', middle), [leaf], ['no-match', null]],
    ['a digest of a key that was not sent', tlsa('2 1 1', root), [leaf, middle], ['no-match', null]],
    ['2 0 0 of the issuer, from DNS alone', tlsa('2 0 0', middle), [leaf], ['match', 1]],
    ['2 0 0 of the root, from DNS alone', tlsa('2 0 0', root), [leaf, middle], ['match', 2]],
    ['2 0 0 of an unrelated CA', tlsa('2 0 0', stranger), chain, ['no-match', null]],
    ['never the leaf by itself', tlsa('2 1 1', leaf), chain, ['no-match', null]],
    ['never the leaf by itself: self-signed', tlsa('2 0 1', selfSigned), [selfSigned], ['no-match', null]],
    [
      'never the leaf by itself: sent twice',
      tlsa('2 0 1', selfSigned),
      [selfSigned, selfSigned],
      ['no-match', null],
    ],
    ['never the leaf by itself: 2 0 0', tlsa('2 0 0', selfSigned), [selfSigned], ['no-match', null]],
    [
      'a CA that did not issue the leaf',
      tlsa('2 1 1', stranger),
      [leaf, middle, stranger],
      ['no-match', null],
    ],
  ];
  test.each(cases)('%s', (_, record, presented, want) => expect(check(record, presented)).toEqual(want));

  test('an empty chain', () => expect(check(tlsa('2 1 1', root), [])).toEqual(['no-match', null]));

  test.each(['2 1 1', '2 0 1'])('%s: a forged certificate with the anchor beside it', (parameters) => {
    // The attacker cannot sign with the issuer's key: names lead to it, the signature does not.
    const forger: Issued = { ...middle, key: makeKey() };
    const forged = makeLeaf(HOST, forger, { keyIds: false });
    expect(check(tlsa(parameters, middle), [forged, middle, root])).toEqual(['bad-signature', 1]);
  });
});

describe('rule 18: a bare key, 2 1 0', () => {
  const selfSigned = makeLeaf(HOST);
  const lateSelf = makeLeaf(HOST, undefined, past);
  const lateRoot = makeCa('CN=Late root', undefined, past);
  const lateMiddle = makeCa('CN=Late issuer', root, past);
  const lookAlike = makeCa('O=Example, CN=Root');
  const cases: readonly (readonly [string, TlsaRecord, readonly Issued[], Outcome])[] = [
    ['signed the leaf', tlsa('2 1 0', middle), [leaf], ['match', 0]],
    ['signed the topmost certificate', tlsa('2 1 0', root), [leaf, middle], ['match', 1]],
    ['signed nothing', tlsa('2 1 0', makeCa('CN=Other')), [leaf, middle], ['no-match', null]],
    ['a self-signed leaf', tlsa('2 1 0', selfSigned), [selfSigned], ['match', 0]],
    ['an expired self-signed leaf', tlsa('2 1 0', lateSelf), [lateSelf], ['expired', 0]],
    [
      'below an expired issuer',
      tlsa('2 1 0', root),
      [makeLeaf(HOST, lateMiddle), lateMiddle],
      ['expired', 1],
    ],
    ['the wrong name', tlsa('2 1 0', middle), [makeLeaf('other.test', middle)], ['name-mismatch', 0]],
    ['a root of the same name in the chain', tlsa('2 1 0', root), [leaf, middle, lookAlike], ['match', 1]],
    [
      'with a certificate for it, that one counts',
      tlsa('2 1 0', lateRoot),
      [makeLeaf(HOST, lateRoot), lateRoot],
      ['expired', 1],
    ],
    [
      'a stranger with the same key',
      tlsa('2 1 0', middle),
      [leaf, issue({ subject: 'CN=Who', key: middle.key })],
      ['match', 0],
    ],
  ];
  test.each(cases)('%s', (_, record, presented, want) => expect(check(record, presented)).toEqual(want));
});

describe('rule 19: the path', () => {
  /** A leaf of a CA with these extensions, the CA below the root. */
  const under = (
    profile: Profile & { readonly pathLength?: number },
    leafProfile: Profile = {},
  ): Issued[] => {
    const ca = makeCa('CN=Special', root, profile);
    return [makeLeaf(HOST, ca, leafProfile), ca, root];
  };
  const plain = (profile: Profile): Issued[] => {
    const ca = issue({ subject: 'CN=Plain', issuer: root, ...profile });
    return [makeLeaf(HOST, ca), ca, root];
  };
  const leafWith = (...extensions: readonly Extension[]): Issued[] => [
    makeLeaf(HOST, middle, { extensions }),
    middle,
    root,
  ];
  const unknownCritical: Extension = { oid: '1.2.3.4', critical: true, value: Buffer.from('0500', 'hex') };
  const unknown: Extension = { ...unknownCritical, critical: false };
  const lookAlike = makeCa('O=Example, CN=Issuer', root);
  const noIds = makeLeaf(HOST, middle, { keyIds: false });
  const limited = makeCa('CN=Limited', root, { pathLength: 0 });
  const belowLimited = makeCa('CN=Below', limited);
  const version1 = (issuer?: Issued): Issued =>
    issue({ subject: 'CN=Old', version: 1, ...(issuer ? { issuer } : {}) });
  const oldRoot = version1();
  const oldMiddle = version1(root);

  const TOP = '2 1 1';
  const cases: readonly (readonly [string, readonly Issued[], Outcome])[] = [
    ['expired leaf', [makeLeaf(HOST, middle, past), middle, root], ['expired', 2]],
    [
      'leaf of the future',
      [makeLeaf(HOST, middle, { notBefore: AT + 1 }), middle, root],
      ['not-yet-valid', 2],
    ],
    ['expired intermediate', under(past), ['expired', 2]],
    ['the last second is past, as OpenSSL counts', under({ notAfter: AT }), ['expired', 2]],
    ['the last second but one is valid', under({ notAfter: AT + 1 }), ['match', 2]],
    ['the first second is valid', under({ notBefore: AT }), ['match', 2]],
    ['no basic constraints', plain({}), ['not-a-ca', 2]],
    ['CA:FALSE', plain({ extensions: [extension.basicConstraints(false)] }), ['not-a-ca', 2]],
    [
      'keyCertSign alone is no CA below an anchor',
      plain({ extensions: [extension.keyUsage(5)] }),
      ['not-a-ca', 2],
    ],
    [
      'CA:TRUE without keyCertSign',
      plain({ extensions: [extension.basicConstraints(true), extension.keyUsage(6)] }),
      ['not-a-ca', 2],
    ],
    ['version 1 intermediate', [makeLeaf(HOST, oldMiddle), oldMiddle, root], ['not-a-ca', 2]],
    ['version 1 root as anchor', [makeLeaf(HOST, oldRoot), oldRoot], ['match', 1]],
    ['version 1 intermediate as anchor', [makeLeaf(HOST, oldMiddle), oldMiddle], ['not-a-ca', 1]],
    ['path length kept', [makeLeaf(HOST, limited), limited, root], ['match', 2]],
    ['path length exceeded', [makeLeaf(HOST, belowLimited), belowLimited, limited, root], ['path-length', 3]],
    [
      'path length of the anchor exceeded',
      [makeLeaf(HOST, belowLimited), belowLimited, limited],
      ['path-length', 2],
    ],
    [
      'serverAuth',
      leafWith(extension.extendedKeyUsage(purpose.clientAuth, purpose.serverAuth)),
      ['match', 2],
    ],
    ['clientAuth only', leafWith(extension.extendedKeyUsage(purpose.clientAuth)), ['purpose', 2]],
    [
      'an issuer for clientAuth only',
      under({ extensions: [extension.extendedKeyUsage(purpose.clientAuth)] }),
      ['purpose', 2],
    ],
    ['a leaf key for encipherment', leafWith(extension.keyUsage(2)), ['match', 2]],
    ['a leaf key that only signs certificates', leafWith(extension.keyUsage(5)), ['purpose', 2]],
    ['unknown critical extension in the leaf', leafWith(unknownCritical), ['untrusted', 2]],
    ['unknown critical extension in an issuer', under({ extensions: [unknownCritical] }), ['untrusted', 2]],
    ['unknown extension', leafWith(unknown), ['match', 2]],
    [
      'an extension that does not parse',
      leafWith({ oid: '2.5.29.37', critical: false, value: Buffer.from('3003', 'hex') }),
      ['no-match', null],
    ],
    ['an extension twice', leafWith(extension.keyUsage(0), extension.keyUsage(0)), ['no-match', null]],
    ['an unknown extension twice', leafWith(unknown, unknown), ['match', 2]],
    ['reversed', [leaf, root, middle], ['match', 1]],
    ['duplicates', [leaf, middle, middle, leaf, root, root], ['match', 2]],
    ['strangers between', [leaf, makeCa('CN=A'), middle, makeLeaf('b.test'), root], ['match', 2]],
    [
      'garbage between',
      [leaf, { ...leaf, der: Buffer.from('not a certificate') }, middle, root],
      ['match', 2],
    ],
    ['look-alike issuer first', [leaf, lookAlike, middle, root], ['match', 2]],
    ['look-alike issuer first, no key identifiers', [noIds, lookAlike, middle, root], ['match', 2]],
    ['only a look-alike issuer', [leaf, lookAlike, root], ['no-match', null]],
  ];
  test.each(cases)('%s', (_, presented, want) => {
    expect(check(tlsa(TOP, presented.at(-1)!), presented)).toEqual(want);
  });

  test('issuer names compare as RFC 5280 says, not by octets', () => {
    const printable = (text: string) => tlv(0x13, Buffer.from(text));
    const spelled = { ...middle, subject: name('O=EXAMPLE, CN=issuer ', printable) };
    expect(check(tlsa('2 1 1', middle), [makeLeaf(HOST, spelled), middle])).toEqual(['match', 1]);
  });

  test('signature algorithms', () => {
    for (const kind of ['rsa', 'rsa-pss', 'ed25519'] as const) {
      const ca = makeCa(`CN=${kind}`, undefined, { key: makeKey(kind) });
      expect([kind, check(tlsa('2 1 1', ca), [makeLeaf(HOST, ca), ca])]).toEqual([kind, ['match', 1]]);
    }
    const rsa = makeCa('CN=RSA', undefined, { key: makeKey('rsa') });
    const signed = (signature: 'pss' | 'sha1' | 'md5'): Outcome =>
      check(tlsa('2 1 1', rsa), [makeLeaf(HOST, rsa, { signature }), rsa]);
    expect(signed('pss')).toEqual(['match', 1]);
    expect(signed('sha1')).toEqual(['bad-signature', 1]);
    expect(signed('md5')).toEqual(['bad-signature', 1]);
    const weak = makeCa('CN=Weak', undefined, { key: makeKey('rsa512') });
    expect(check(tlsa('2 1 1', weak), [makeLeaf(HOST, weak), weak])).toEqual(['bad-signature', 1]);
  });

  test('attributes of one relative name compare in any order', () => {
    const ca = makeCa('O=Example+CN=Issuer', root);
    const own = makeLeaf(HOST, { ...ca, subject: name('CN=Issuer+O=Example') });
    expect(check(tlsa('2 1 1', ca), [own, ca])).toEqual(['match', 1]);
  });

  test("a CA certificate of the leaf's own name and key: the leaf is self-signed", () => {
    const ca = makeCa(`CN=${HOST}`);
    expect(check(tlsa('2 0 1', ca), [makeLeaf(HOST, ca, { key: ca.key }), ca])).toEqual(['no-match', null]);
  });

  test('self-issued certificates do not count for path lengths, nor are they held to name constraints', () => {
    const old = makeCa('CN=Rolling, O=Outside', undefined, {
      pathLength: 1,
      extensions: [extension.nameConstraints(['dir:O=Example'])],
    });
    const rolled = makeCa('CN=Rolling, O=Outside', old);
    const issuer = makeCa('O=Example, CN=Issuer', rolled);
    const own = makeLeaf(HOST, issuer, { subject: 'O=Example' });
    expect(check(tlsa('2 0 1', old), [own, issuer, rolled, old])).toEqual(['match', 3]);
    const more = makeCa('O=Example, CN=More', issuer);
    const below = makeLeaf(HOST, more, { subject: 'O=Example' });
    expect(check(tlsa('2 0 1', old), [below, more, issuer, rolled, old])).toEqual(['path-length', 4]);
  });

  test('every single signed octet counts', () => {
    const ca = makeCa('CN=CA');
    const own = makeLeaf(HOST, ca);
    for (const at of [40, own.der.length >> 1, own.der.length - 1]) {
      const der = Buffer.from(own.der);
      der[at]! ^= 1;
      expect(check(tlsa('2 1 1', ca), [{ ...own, der }, ca])[0]).not.toBe('match');
    }
  });

  describe('name constraints', () => {
    const constrained = (
      permitted: readonly NameText[],
      excluded: readonly NameText[],
      profile: Profile = {},
      names: readonly NameText[] = [`dns:${HOST}`],
    ): Outcome => {
      const ca = makeCa('CN=Constrained', root, {
        extensions: [extension.nameConstraints(permitted, excluded)],
      });
      const subject = profile.subject ?? 'O=Example';
      const own = issue({
        issuer: ca,
        ...profile,
        subject,
        extensions: [...(names.length > 0 ? [extension.subjectAltName(...names)] : [])],
      });
      return check(tlsa('2 1 1', ca), [own, ca]);
    };
    const ok: Outcome = ['match', 1];
    const no: Outcome = ['name-constraint', 1];
    const alsoDns = (other: NameText): readonly NameText[] => [`dns:${HOST}`, other];
    const rows: readonly (readonly [string, Outcome, Outcome])[] = [
      ['permitted parent', constrained(['dns:example.org'], []), ok],
      ['permitted parent with a dot', constrained(['dns:.example.org'], []), ok],
      ['permitted host itself', constrained([`dns:${HOST}`], []), ok],
      ['permitted in other case', constrained(['dns:EXAMPLE.org'], []), ok],
      ['not below the permitted one', constrained(['dns:example.net'], []), no],
      ['a name that only ends alike', constrained(['dns:ample.org'], []), no],
      ['excluded parent', constrained([], ['dns:org']), no],
      ['excluded beats permitted', constrained(['dns:example.org'], [`dns:${HOST}`]), no],
      ['excluded sibling', constrained([], ['dns:mx2.example.org']), ok],
      ['excluded host under a wildcard', constrained([], [`dns:${HOST}`], {}, ['dns:*.example.org']), no],
      [
        'a wildcard above the permitted host',
        constrained([`dns:${HOST}`], [], {}, ['dns:*.example.org']),
        no,
      ],
      ['common name beside a DNS-ID', constrained(['dns:example.org'], [], { subject: 'CN=a.test' }), ok],
      ['one name of two outside', constrained(['dns:example.org'], [], {}, alsoDns('dns:evil.test')), no],
      ['common name without DNS-ID', constrained(['dns:example.net'], [], { subject: `CN=${HOST}` }, []), no],
      [
        'common name without DNS-ID, permitted',
        constrained(['dns:example.org'], [], { subject: `CN=${HOST}` }, []),
        ok,
      ],
      ['directory name', constrained(['dir:O=Example'], [], { subject: 'O=EXAMPLE, CN=x' }), ok],
      ['another directory name', constrained(['dir:O=Example'], [], { subject: 'O=Evil' }), no],
      ['permitted address', constrained(['ip:192.0.2.0/255.255.255.0'], [], {}, alsoDns('ip:192.0.2.9')), ok],
      ['address outside', constrained(['ip:192.0.2.0/255.255.255.0'], [], {}, alsoDns('ip:192.0.3.9')), no],
      ['address excluded', constrained([], ['ip:0.0.0.0/0.0.0.0'], {}, alsoDns('ip:192.0.3.9')), no],
      ['mail host', constrained(['email:example.org'], [], {}, alsoDns('email:a@example.org')), ok],
      [
        'mail host outside',
        constrained(['email:example.org'], [], {}, alsoDns('email:a@sub.example.org')),
        no,
      ],
      ['mail domain', constrained(['email:.example.org'], [], {}, alsoDns('email:a@sub.example.org')), ok],
      ['mailbox', constrained([], ['email:a@example.org'], {}, alsoDns('email:a@EXAMPLE.org')), no],
      [
        'mail address in the subject',
        constrained(['email:example.org'], [], { subject: 'emailAddress=a@evil.test' }),
        no,
      ],
      ['URI', constrained(['uri:.example.org'], [], {}, alsoDns('uri:https://www.example.org/')), ok],
      ['URI outside', constrained(['uri:example.org'], [], {}, alsoDns('uri:https://www.evil.test/')), no],
      ['a kind that we cannot compare, absent', constrained([], ['other:']), ok],
      ['a kind that we cannot compare, present', constrained([], ['other:'], {}, alsoDns('other:')), no],
    ];
    test.each(rows)('%s', (_, got, want) => expect(got).toEqual(want));

    test('with a minimum they cannot be evaluated', () => {
      const tree = sequence(tlv(0x82, Buffer.from('example.org')), tlv(0x80, Buffer.from([1])));
      const value = sequence(explicit(0, tree));
      const ca = makeCa('CN=Odd', root, { extensions: [{ oid: '2.5.29.30', critical: true, value }] });
      expect(check(tlsa('2 1 1', ca), [makeLeaf(HOST, ca), ca])).toEqual(['name-constraint', 1]);
    });

    test('too many to compare', () => {
      const names = Array.from({ length: 300 }, (_, n) => `dns:h${n}.example.org` as const);
      const ca = makeCa('CN=Many', root, { extensions: [extension.nameConstraints(names)] });
      const own = issue({
        issuer: ca,
        subject: '',
        extensions: [extension.subjectAltName(...names, `dns:${HOST}`)],
      });
      expect(verdict(tlsa('2 1 1', ca), [own, ca], { names: ['h1.example.org'] })).toMatchObject({
        reason: 'name-constraint',
        text: expect.stringContaining('too many'),
      });
    });

    test('hold two levels down', () => {
      const top = makeCa('CN=Top', undefined, {
        extensions: [extension.nameConstraints(['dns:example.net'])],
      });
      const mid = makeCa('CN=Mid', top);
      const own = makeLeaf(HOST, mid);
      expect(check(tlsa('2 1 1', top), [own, mid, top])).toEqual(['name-constraint', 2]);
      expect(check(tlsa('2 1 1', mid), [own, mid, top])).toEqual(['match', 1]);
    });
  });
});

describe('rule 20: the dates of the anchor', () => {
  test('an expired self-signed anchor is refused', () => {
    const late = makeCa('CN=Late', undefined, past);
    expect(check(tlsa('2 1 1', late), [makeLeaf(HOST, late), late])).toEqual(['expired', 1]);
  });

  test('an expired intermediate named as anchor is accepted, with a finding', () => {
    const late = makeCa('CN=Late', root, past);
    const result = verdict(tlsa('2 1 1', late), [makeLeaf(HOST, late), late, root]);
    expect(result).toMatchObject({ kind: 'match', depth: 1, notes: [{ code: 'anchor-expired' }] });
  });

  test('a match has no notes where there is nothing to note', () => {
    expect(verdict(tlsa('2 1 1', middle), chain)).toEqual({
      kind: 'match',
      usage: 2,
      selector: 1,
      matching: 1,
      depth: 1,
      record: 0,
    });
  });
});

describe('as strict as OpenSSL', () => {
  test('any purpose is not serverAuth', () => {
    const own = makeLeaf(HOST, middle, { extensions: [extension.extendedKeyUsage(purpose.any)] });
    expect(verdict(tlsa('2 1 1', middle), [own, middle])).toMatchObject({
      kind: 'mismatch',
      reason: 'purpose',
    });
  });
  test('an issuer whose key identifier does not fit', () => {
    const own = makeLeaf(HOST, middle, {
      keyIds: false,
      extensions: [extension.authorityKeyId(Buffer.from('other'))],
    });
    expect(verdict(tlsa('2 1 1', middle), [own, middle])).toMatchObject({
      kind: 'mismatch',
      reason: 'no-match',
    });
  });
});

describe('rule 22: names', () => {
  const named = (own: Issued, names: readonly string[] = [HOST]): Outcome =>
    check(tlsa('2 1 1', middle), [own, middle, root], { names });
  test('the wrong name under 2 1 1', () => {
    const result = verdict(tlsa('2 1 1', middle), [makeLeaf('mail.example.net', middle), middle, root]);
    expect(result).toMatchObject({ kind: 'mismatch', reason: 'name-mismatch', depth: 1 });
    expect(result).toHaveProperty('text', 'the certificate names mail.example.net, not mx1.example.org');
  });
  test('any of the reference names', () => {
    expect(named(makeLeaf('example.org', middle), [HOST, 'example.org'])).toEqual(['match', 1]);
  });
  test('any of the DNS-IDs', () => expect(named(makeLeaf(['a.test', HOST], middle))).toEqual(['match', 1]));
  test('the common name where there is no DNS-ID', () => {
    const own = issue({
      subject: `CN=${HOST}`,
      issuer: middle,
      extensions: [extension.subjectAltName('ip:192.0.2.1')],
    });
    expect(named(own)).toEqual(['match', 1]);
  });
  test('the common name does not count beside a DNS-ID', () => {
    const own = issue({
      subject: `CN=${HOST}`,
      issuer: middle,
      extensions: [extension.subjectAltName('dns:a.test')],
    });
    expect(named(own)).toEqual(['name-mismatch', 1]);
  });
  test('no reference names: nothing matches', () => expect(named(leaf, [])).toEqual(['name-mismatch', 1]));
});

describe('rule 23: records together', () => {
  test('a matching EE record ends it, whatever the names', () => {
    const own = makeLeaf('other.test', middle);
    expect(verdict([tlsa('2 1 1', middle), tlsa('3 1 1', own)], [own, middle])).toMatchObject({
      kind: 'match',
      usage: 3,
      record: 1,
    });
  });
  test('an EE record that misses does not hurt', () => {
    expect(verdict([tlsa('3 1 1', root), tlsa('2 1 1', middle)], chain)).toMatchObject({
      usage: 2,
      record: 1,
    });
  });
  test('of two anchors the nearer', () => {
    expect(verdict([tlsa('2 1 1', root), tlsa('2 1 1', middle)], chain)).toMatchObject({
      depth: 1,
      record: 1,
    });
  });
  test('of two records of one anchor that of the key', () => {
    expect(verdict([tlsa('2 0 1', middle), tlsa('2 1 1', middle)], chain)).toMatchObject({
      depth: 1,
      record: 1,
    });
  });
  test('a nearer anchor that fails does not hide a farther one', () => {
    const late = makeCa('CN=Cross', undefined, { ...past, key: middle.key });
    const cross = makeCa('CN=Cross', root, { key: middle.key });
    const own = makeLeaf(HOST, cross);
    expect(check([tlsa('2 0 1', late), tlsa('2 0 1', root)], [own, late, cross, root])).toEqual(['match', 2]);
  });
  test('the failure that came farthest is told', () => {
    const own = makeLeaf('other.test', middle);
    expect(check([tlsa('3 1 1', leaf), tlsa('2 1 1', middle)], [own, middle])).toEqual(['name-mismatch', 1]);
  });
});

describe('mode general: usages 0 and 1', () => {
  const general = (
    records: TlsaRecord,
    presented: readonly Issued[],
    ca: readonly Issued[],
    names = [HOST],
  ): Outcome => check(records, presented, { mode: 'general', ca: ca.map(({ der }) => der), names });
  const lateRoot = makeCa('O=Example, CN=Root', undefined, { key: root.key, ...past });
  const other = makeCa('CN=Other');
  const cases: readonly (readonly [string, Outcome, Outcome])[] = [
    ['PKIX-EE', general(tlsa('1 1 1', leaf), [leaf, middle], [root]), ['match', 0]],
    ['PKIX-EE without a path', general(tlsa('1 1 1', leaf), [leaf], [root]), ['untrusted', 0]],
    ['PKIX-EE of another CA', general(tlsa('1 1 1', leaf), chain, [other]), ['untrusted', 0]],
    ['PKIX-EE without CAs', general(tlsa('1 1 1', leaf), chain, []), ['untrusted', 0]],
    [
      'PKIX-EE, an intermediate is no anchor',
      general(tlsa('1 1 1', leaf), [leaf], [middle]),
      ['untrusted', 0],
    ],
    [
      'PKIX-EE, an intermediate on the way',
      general(tlsa('1 1 1', leaf), [leaf], [middle, root]),
      ['match', 0],
    ],
    ['PKIX-EE, expired root', general(tlsa('1 1 1', leaf), [leaf, middle], [lateRoot]), ['expired', 0]],
    ['PKIX-EE, wrong name', general(tlsa('1 1 1', leaf), chain, [root], ['a.test']), ['name-mismatch', 0]],
    ['PKIX-EE, wrong leaf', general(tlsa('1 1 1', other), chain, [root]), ['no-match', null]],
    ['PKIX-TA of the issuer', general(tlsa('0 1 1', middle), [leaf, middle], [root]), ['match', 1]],
    ['PKIX-TA of the root, not sent', general(tlsa('0 0 1', root), [leaf, middle], [root]), ['match', 2]],
    ['PKIX-TA of another CA', general(tlsa('0 0 1', other), [...chain, other], [root]), ['no-match', null]],
    ['PKIX-TA without a path', general(tlsa('0 0 1', middle), chain, [other]), ['untrusted', 1]],
    [
      'DANE-TA: the CA set plays no part',
      general(tlsa('2 0 1', root), [leaf, middle], [root]),
      ['no-match', null],
    ],
  ];
  test.each(cases)('%s', (_, got, want) => expect(got).toEqual(want));
});

describe('verdicts', () => {
  test('are frozen, plain, and survive JSON', () => {
    for (const result of [
      verdict(tlsa('3 1 1', leaf), chain),
      verdict(tlsa('3 1 1', root), chain),
      verdict(tlsa('0 1 1', root), chain),
    ]) {
      expect(Object.isFrozen(result)).toBe(true);
      expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    }
  });

  test('texts carry no control characters of the certificate', () => {
    const own = issue({ subject: 'CN=a\u001b[31m\nb', issuer: middle });
    const result = verdict(tlsa('2 1 1', middle), [own, middle]);
    expect(result).toMatchObject({
      reason: 'name-mismatch',
      text: expect.stringContaining('\\u{1b}[31m\\u{a}b'),
    });
  });
});
