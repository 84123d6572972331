/**
 * `root-anchors.xml`, in which IANA publishes the root's keys (rfc7958#section-2.1). A reader for this one document and no other XML: no
 * document types, no entities, no processing instructions, no elements but the ones it has. What is not exactly that shape is refused; an
 * anchor file is no place for guessing.
 */
import {
  base64Decode,
  encodeDnskey,
  encodeDs,
  hexDecode,
  Name,
  type ResourceRecord,
  RRClass,
  RRType,
} from '@mailanchor/dns';
import { digestOf } from './algorithm.ts';
import { dsDigest } from './ds.ts';
import { DnssecError } from './errors.ts';
import { keyTag } from './key-tag.ts';

/** Octets of the file, and keys in it, that are considered at all: the real one has 2 kB. */
const MAX_CHARACTERS = 64 * 1024;
const MAX_KEYS = 100;
const ANCHOR_TTL = 86_400;

interface Element {
  readonly name: string;
  readonly line: number;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

/** Elements, with the attributes each must and may have, and the children in their order; `?` marks what may be missing. */
const SHAPES: Readonly<
  Record<string, { readonly attributes: readonly string[]; readonly children: readonly string[] }>
> = {
  TrustAnchor: { attributes: ['id', 'source'], children: ['Zone', 'KeyDigest+'] },
  KeyDigest: {
    attributes: ['id', 'validFrom', 'validUntil?'],
    // The last two came later: the key itself beside its digest.
    children: ['KeyTag', 'Algorithm', 'DigestType', 'Digest', 'PublicKey?', 'Flags?'],
  },
};

/** Whether the text is XML, and so no master file. */
export function looksLikeXml(text: string): boolean {
  return /^\uFEFF?\s*</.test(text);
}

/**
 * DS records for the keys that are valid at `now` (milliseconds since the epoch). Throws `DnssecError` 'trust-anchor', whose message names
 * source and line, for any other document, and where no key is valid at that time.
 */
export function parseRootAnchorsXml(text: string, source: string, now: number): ResourceRecord[] {
  const problem = (line: number, what: string) =>
    new DnssecError('trust-anchor', `${source}${line > 0 ? `:${line}` : ''}: ${what}`);
  if (text.length > MAX_CHARACTERS) throw problem(0, `longer than ${MAX_CHARACTERS} characters`);
  const root = readDocument(text, problem);
  checkShape(root, problem);
  const [zone, ...digests] = root.children;
  let name: Name;
  try {
    name = Name.fromText(zone!.text);
  } catch {
    throw problem(zone!.line, `"${zone!.text}" is no zone`);
  }
  if (digests.length > MAX_KEYS) throw problem(0, `more than ${MAX_KEYS} keys`);

  const records: ResourceRecord[] = [];
  for (const digest of digests) {
    const rdata = readDigest(digest, name, problem);
    const from = readTime(digest, 'validFrom', problem)!;
    const until = readTime(digest, 'validUntil', problem) ?? Number.POSITIVE_INFINITY;
    if (until <= from) throw problem(digest.line, 'validUntil is not after validFrom');
    if (from <= now && now < until)
      records.push({ name, type: RRType.DS, class: RRClass.IN, ttl: ANCHOR_TTL, rdata });
  }
  if (records.length === 0) {
    throw problem(0, `none of its ${digests.length} keys is valid at ${new Date(now).toISOString()}`);
  }
  return records;
}

type Problem = (line: number, what: string) => DnssecError;

const TOKEN =
  /(?<comment><!--(?:(?!--)[\s\S])*-->)|<\/(?<close>[A-Za-z]+)\s*>|<(?<open>[A-Za-z]+)(?<attributes>(?:\s+[A-Za-z]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*)\s*(?<empty>\/?)>|(?<text>[^<&]+)/y;
const ATTRIBUTE = /([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const DECLARATION = /^\uFEFF?(?:<\?xml\s+version\s*=\s*["']1\.[01]["'][^?<>]*\?>)?/;

function readDocument(text: string, problem: Problem): Element {
  let root: Element | undefined;
  const open: Element[] = [];
  let line = 1;
  const advance = (part: string) => {
    for (const character of part) if (character === '\n') line++;
  };
  TOKEN.lastIndex = DECLARATION.exec(text)?.[0].length ?? 0;
  advance(text.slice(0, TOKEN.lastIndex));
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups)
      throw problem(line, `"${text.slice(at, at + 20).split('\n')[0]}" has no place in a trust anchor file`);
    const parent = open.at(-1);
    if (groups['open'] !== undefined) {
      const element: Element = {
        name: groups['open'],
        line,
        attributes: readAttributes(groups['attributes'] ?? '', line, problem),
        children: [],
        text: '',
      };
      if (parent) parent.children.push(element);
      else if (root) throw problem(line, 'more than one root element');
      else root = element;
      if (groups['empty'] === '') open.push(element);
      // Three levels are all there are.
      if (open.length > 3) throw problem(line, `${element.name} has no place here`);
    } else if (groups['close'] !== undefined) {
      if (open.pop()?.name !== groups['close']) throw problem(line, `</${groups['close']}> closes nothing`);
    } else if (groups['text'] !== undefined) {
      if (parent) parent.text += groups['text'];
      else if (groups['text'].trim() !== '') throw problem(line, 'text outside of the root element');
    }
    advance(text.slice(at, TOKEN.lastIndex));
  }
  if (!root || open.length > 0) throw problem(line, 'the document ends too early');
  return root;
}

function readAttributes(text: string, line: number, problem: Problem): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) throw problem(line, `${name} twice`);
    attributes.set(name, double ?? single ?? '');
  }
  return attributes;
}

function checkShape(root: Element, problem: Problem): void {
  if (root.name !== 'TrustAnchor') throw problem(root.line, `${root.name} instead of TrustAnchor`);
  const pending = [root];
  for (let element = pending.pop(); element; element = pending.pop()) {
    const { name, line, attributes, children } = element;
    const shape = SHAPES[name] ?? { attributes: [], children: [] };
    const known = shape.attributes.map((attribute) => attribute.replace('?', ''));
    for (const attribute of attributes.keys())
      if (!known.includes(attribute)) throw problem(line, `${name} has no attribute ${attribute}`);
    for (const attribute of shape.attributes)
      if (!attribute.endsWith('?') && !attributes.has(attribute))
        throw problem(line, `${name} lacks ${attribute}`);
    const rest = children.map((child) => child.name);
    for (const wanted of shape.children) {
      const child = wanted.replace(/[?+]$/, '');
      if (rest[0] === child) rest.shift();
      else if (!wanted.endsWith('?')) throw problem(line, `${name} lacks ${child}`);
      while (wanted.endsWith('+') && rest[0] === child) rest.shift();
    }
    if (rest.length > 0) throw problem(line, `${rest[0]} has no place in ${name}`);
    if (children.length > 0 && element.text.trim() !== '') throw problem(line, `text in ${name}`);
    element.text = element.text.trim();
    pending.push(...children);
  }
}

function child(element: Element, name: string): Element | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

function readNumber(element: Element, name: string, max: number, problem: Problem): number {
  const { text, line } = child(element, name)!;
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw problem(line, `${name} "${text}" is no number up to ${max}`);
  return value;
}

/** The DS RDATA; the key beside it, where there is one, must be the digest's. */
function readDigest(element: Element, zone: Name, problem: Problem): Uint8Array {
  const tag = readNumber(element, 'KeyTag', 65_535, problem);
  const algorithm = readNumber(element, 'Algorithm', 255, problem);
  const digestType = readNumber(element, 'DigestType', 255, problem);
  const { text, line } = child(element, 'Digest')!;
  const octets = digestOf(digestType)?.octets;
  let digest: Uint8Array;
  try {
    digest = hexDecode(text);
  } catch {
    throw problem(line, `the digest of key ${tag} is not hexadecimal`);
  }
  if (digest.length === 0 || (octets !== undefined && digest.length !== octets)) {
    throw problem(
      line,
      `a digest of type ${digestType} has ${octets} octets, that of key ${tag} has ${digest.length}`,
    );
  }
  const publicKey = child(element, 'PublicKey');
  if ((publicKey === undefined) !== (child(element, 'Flags') === undefined)) {
    throw problem(element.line, 'PublicKey and Flags go together');
  }
  if (publicKey) {
    let key: Uint8Array;
    try {
      key = base64Decode(publicKey.text.replace(/\s+/g, ''));
    } catch {
      throw problem(publicKey.line, `the public key ${tag} is not base64`);
    }
    const flags = readNumber(element, 'Flags', 65_535, problem);
    const rdata = encodeDnskey({ flags, protocol: 3, algorithm, publicKey: key });
    const expected = dsDigest(zone, rdata, digestType);
    if (keyTag(rdata) !== tag || (expected && Buffer.compare(expected, digest) !== 0)) {
      throw problem(publicKey.line, `the public key is not the one of key tag ${tag} and its digest`);
    }
  }
  return encodeDs({ keyTag: tag, algorithm, digestType, digest });
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/;

/** Milliseconds since the epoch; without a zone it is UTC. */
function readTime(element: Element, name: string, problem: Problem): number | undefined {
  const text = element.attributes.get(name);
  if (text === undefined) return undefined;
  const match = DATE_TIME.exec(text);
  const time = match ? Date.parse(match[1] === undefined ? `${text}Z` : text) : Number.NaN;
  if (Number.isNaN(time)) throw problem(element.line, `${name} "${text}" is no date and time`);
  return time;
}
