/**
 * STARTTLS of XMPP (rfc6120#section-5.4): the client opens a stream to the domain, the server opens its own and lists its features,
 * `<starttls/>` is answered by `<proceed/>` or `<failure/>`. The octet after the `>` of `<proceed/>` is the handshake's.
 */
import { type Conversation, type End, isEnd } from '../conversation.ts';
import { printable } from '../printable.ts';
import { isWholeTag, readTag, type XmlTag } from '../xml-stream.ts';
import { type Opener, refusedStarttls } from './opener.ts';

const TLS_NAMESPACE = 'urn:ietf:params:xml:ns:xmpp-tls';
/** Tags of one answer, and how deep they may be within each other. */
const MAX_TAGS = 256;
const MAX_DEPTH = 16;

export const openXmppClient: Opener = (conversation, opening, { domain }) =>
  openXmpp(conversation, opening, 'jabber:client', domain ?? '');

export const openXmppServer: Opener = (conversation, opening, { domain }) =>
  openXmpp(conversation, opening, 'jabber:server', domain ?? '');

async function openXmpp(
  conversation: Conversation,
  opening: Parameters<Opener>[1],
  namespace: string,
  domain: string,
): Promise<End | undefined> {
  const failure = conversation.send(
    `<?xml version='1.0'?><stream:stream to='${escaped(domain)}' version='1.0' xml:lang='en' xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams'>`,
    'the stream',
    '',
  );
  if (failure) return failure;
  const tags = new Tags(conversation, 'stream');
  const header = await tags.next();
  if (isEnd(header)) return header;
  if (header.tag.kind !== 'open' || header.tag.name !== 'stream') return noStream(header.text);
  opening.greeting = printable(header.tag.attributes.get('from') ?? '');

  const features = await child(tags);
  if (isEnd(features)) return features;
  const [first] = features;
  if (first?.name === 'error') {
    const why = features[1]?.name ?? 'error';
    return { kind: 'greeting-refused', text: `the server ends the stream: ${printable(why)}` };
  }
  if (first?.name !== 'features') return noStream(first?.name ?? '');
  opening.starttls = features.some(
    ({ name, attributes }) => name === 'starttls' && attributes.get('xmlns') === TLS_NAMESPACE,
  );
  if (!opening.starttls) {
    await conversation.quit('</stream:stream>');
    return { kind: 'starttls-not-offered', text: 'the server does not offer STARTTLS' };
  }

  const unasked = conversation.send(`<starttls xmlns='${TLS_NAMESPACE}'/>`, 'STARTTLS', '');
  if (unasked) return unasked;
  const answer = await child(new Tags(conversation, 'STARTTLS'));
  if (isEnd(answer)) return answer;
  if (answer[0]?.name === 'proceed' && answer[0].attributes.get('xmlns') === TLS_NAMESPACE) return undefined;
  return refusedStarttls('STARTTLS', answer[0]?.name ?? '');
}

interface Told {
  readonly tag: XmlTag;
  /** As it came. */
  readonly text: string;
}

/** The tags of one answer, in the time of one reply. */
class Tags {
  readonly #conversation: Conversation;
  readonly #after: string;
  readonly #remaining: () => number;
  #count = 0;

  constructor(conversation: Conversation, after: string) {
    this.#conversation = conversation;
    this.#after = after;
    this.#remaining = conversation.replyTime();
  }

  async next(): Promise<Told | End> {
    while (this.#count++ < MAX_TAGS) {
      const read = await this.#conversation.upTo('>', isWholeTag, this.#after, this.#remaining);
      if (isEnd(read)) return read;
      const tag = readTag(read.text);
      if (tag === undefined) return noStream(read.text);
      if (tag !== 'declaration') return { tag, text: read.text };
    }
    return { kind: 'protocol-error', text: `no answer in ${MAX_TAGS} tags (${this.#after})` };
  }
}

/** One child of the stream whole: its own tag and those of all that is in it, closing ones left out. */
async function child(tags: Tags): Promise<readonly XmlTag[] | End> {
  const within: XmlTag[] = [];
  let depth = 0;
  do {
    const told = await tags.next();
    if (isEnd(told)) return told;
    const { tag } = told;
    if (tag.kind === 'close') {
      // `</stream:stream>`: the server is done with us.
      if (--depth < 0) return { kind: 'closed', text: 'the server closed the stream' };
      continue;
    }
    within.push(tag);
    if (tag.kind === 'open' && ++depth > MAX_DEPTH) return noStream('elements too deep');
  } while (depth > 0);
  return within;
}

function noStream(text: string): End {
  return { kind: 'protocol-error', text: `not an XMPP stream: "${printable(text.trim(), 80)}"` };
}

/** Names of targets hold no such character; those of a caller may. */
function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
