import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';
import { capabilitiesOf, MAX_REPLY_LINES, parseReplyLine, type ReplyOutcome, readReply } from './reply.ts';

const LIMITS = { lineOctets: 100, totalOctets: 5_000 };

async function read(...chunks: (string | Buffer)[]): Promise<ReplyOutcome> {
  const stream = new PassThrough();
  const reader = new LineReader(stream, LIMITS);
  for (const chunk of chunks) stream.write(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
  stream.end();
  return readReply(reader, () => 1_000);
}

describe('parseReplyLine', () => {
  const cases: [string, object][] = [
    ['220 ready', { code: 220, last: true, text: 'ready' }],
    ['250-SIZE 1', { code: 250, last: false, text: 'SIZE 1' }],
    ['250', { code: 250, last: true, text: '' }],
    ['250 ', { code: 250, last: true, text: '' }],
    ['250  two', { code: 250, last: true, text: ' two' }],
    ['199 x', { kind: 'malformed' }],
    ['600 x', { kind: 'malformed' }],
    ['25', { kind: 'malformed' }],
    ['2500 x', { kind: 'malformed' }],
    ['250_x', { kind: 'malformed' }],
    [' 250 x', { kind: 'malformed' }],
    ['', { kind: 'malformed' }],
  ];
  for (const [line, expected] of cases) {
    it(JSON.stringify(line), () => expect(parseReplyLine(line)).toMatchObject(expected));
  }
});

describe('readReply', () => {
  const cases: [string, string[], object][] = [
    ['one line', ['220 hello\r\n'], { reply: { code: 220, lines: ['hello'] } }],
    ['several', ['250-a\r\n250-b\r\n250 c\r\n'], { reply: { code: 250, lines: ['a', 'b', 'c'] } }],
    ['in pieces', ['25', '0-a\r', '\n250', ' b\r\n'], { reply: { lines: ['a', 'b'] } }],
    ['LF alone', ['250-a\n250 b\n'], { reply: { lines: ['a', 'b'] } }],
    ['codes differ', ['250-a\r\n251 b\r\n'], { kind: 'malformed' }],
    ['cut off', ['250-a\r\n'], { kind: 'closed' }],
    ['nothing', [], { kind: 'closed' }],
    ['not SMTP', ['hello\r\n'], { kind: 'malformed' }],
    ['long line', [`250 ${'x'.repeat(200)}\r\n`], { kind: 'line-too-long' }],
    ['long line without end', ['x'.repeat(200)], { kind: 'line-too-long' }],
    ['too many lines', ['250-x\r\n'.repeat(MAX_REPLY_LINES + 1)], { kind: 'malformed' }],
    ['too much', [`250-${'x'.repeat(90)}\r\n`.repeat(60)], { kind: 'too-much-data' }],
  ];
  for (const [title, chunks, expected] of cases) {
    it(title, async () => expect(await read(...chunks)).toMatchObject(expected));
  }

  it('ends whatever the octets, and however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), async (chunks) => {
        const outcome = await read(...chunks.map((chunk) => Buffer.from(chunk)));
        expect(outcome.kind).not.toBe('timeout');
      }),
    );
  });

  it('gives back every reply that is well formed', async () => {
    const line = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
      maxLength: 40,
    });
    const reply = fc.record({
      code: fc.integer({ min: 200, max: 599 }),
      lines: fc.array(line, { minLength: 1, maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(reply, async ({ code, lines }) => {
        const wire = lines
          .map((text, i) => `${code}${i === lines.length - 1 ? ' ' : '-'}${text}\r\n`)
          .join('');
        expect(await read(wire)).toEqual({ kind: 'reply', reply: { code, lines } });
      }),
    );
  });

  it('one time for all lines of a reply', async () => {
    const stream = new PassThrough();
    const reader = new LineReader(stream, LIMITS);
    stream.write('250-a\r\n250-b\r\n');
    let asked = 0;
    const outcome = await readReply(reader, () => (asked++ === 0 ? 5 : 0));
    expect([outcome.kind, asked]).toEqual(['timeout', 2]);
  });

  it('leaves the next reply for the next call', async () => {
    const stream = new PassThrough();
    const reader = new LineReader(stream, LIMITS);
    stream.write('250 a\r\n220 b\r\n');
    expect(await readReply(reader, () => 1_000)).toMatchObject({ reply: { lines: ['a'] } });
    expect(reader.pending).toBe(7);
    expect(await readReply(reader, () => 1_000)).toMatchObject({ reply: { lines: ['b'] } });
    expect(reader.pending).toBe(0);
  });

  it('an error of the connection is told', async () => {
    const stream = new PassThrough();
    const reader = new LineReader(stream, LIMITS);
    stream.destroy(new Error('reset'));
    expect(await readReply(reader, () => 1_000)).toMatchObject({
      kind: 'closed',
      error: { message: 'reset' },
    });
  });
});

describe('capabilitiesOf', () => {
  it('keywords in upper case with their parameters, without the greeting', () => {
    const lines = ['STARTTLS host', 'size 100', 'AUTH=PLAIN', 'StartTLS ', '-bad', 'X-Y'];
    expect([...capabilitiesOf({ code: 250, lines })]).toEqual([
      ['SIZE', '100'],
      ['AUTH', 'PLAIN'],
      ['STARTTLS', ''],
      ['X-Y', ''],
    ]);
  });
});
