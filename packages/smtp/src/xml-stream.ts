/**
 * The tags of an XMPP stream, one at a time, as far as opening TLS needs them: the restricted XML of rfc6120#section-11.1, without
 * comments, processing instructions, document types and entities of its own. Nothing is built up: a tag has its name and namespace
 * prefix, and whether it opens, closes or does both.
 */
export interface XmlTag {
  readonly kind: 'open' | 'close' | 'empty';
  /** Without prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Prefix, then the local part. */
const NAME = /^(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)/;
const ATTRIBUTE = /^\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/;

/** Whether `text`, which ends with `>`, ends a tag: in the value of an attribute a `>` may stand for itself. */
export function isWholeTag(text: string): boolean {
  const start = text.indexOf('<');
  if (start < 0) return true;
  let quote = '';
  for (const character of text.slice(start)) {
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
  }
  return quote === '';
}

/**
 * Reads `text`, up to and with its `>`; what stands before the `<` is character data, which is passed over. Undefined: not a tag that a
 * stream may have. The XML declaration is given back as 'declaration'.
 */
export function readTag(text: string): XmlTag | 'declaration' | undefined {
  const start = text.indexOf('<');
  if (start < 0) return undefined;
  const body = text.slice(start + 1, -1);
  if (/^\?xml\s[^<]*\?$/.test(body)) return 'declaration';
  const closing = body.startsWith('/');
  const empty = body.endsWith('/') && !closing;
  let rest = body.slice(closing ? 1 : 0, empty ? -1 : undefined);
  const name = NAME.exec(rest);
  if (!name) return undefined;
  rest = rest.slice(name[0].length);
  const attributes = new Map<string, string>();
  for (let found = ATTRIBUTE.exec(rest); found; found = ATTRIBUTE.exec(rest)) {
    attributes.set(found[1]!, found[2] ?? found[3] ?? '');
    rest = rest.slice(found[0].length);
  }
  if (rest.trim() !== '' || (closing && attributes.size > 0)) return undefined;
  return { kind: closing ? 'close' : empty ? 'empty' : 'open', name: name[2]!, attributes };
}
