/** Colour and signs, on a terminal that wants them; plain words everywhere else. */
import pc from 'picocolors';
import type { Environment } from '../options/sources.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'dim';

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  info(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
  /** A block of colour for the one word that matters most. */
  badge(tone: Tone, text: string): string;
  tone(tone: Tone, text: string): string;
}

export function createPaint(colour: boolean): Paint {
  const c = pc.createColors(colour);
  const tones: Record<Tone, (text: string) => string> = {
    good: c.green,
    bad: c.red,
    warn: c.yellow,
    plain: (text) => text,
    dim: c.dim,
  };
  const blocks: Record<Tone, (text: string) => string> = {
    good: (text) => c.bgGreen(c.black(` ${text} `)),
    bad: (text) => c.bgRed(c.white(` ${text} `)),
    warn: (text) => c.bgYellow(c.black(` ${text} `)),
    plain: (text) => c.inverse(` ${text} `),
    dim: (text) => c.inverse(` ${text} `),
  };
  return {
    good: c.green,
    bad: c.red,
    warn: c.yellow,
    info: c.cyan,
    dim: c.dim,
    bold: c.bold,
    badge: (tone, text) => (colour ? c.bold(blocks[tone](text)) : text),
    tone: (tone, text) => tones[tone](text),
  };
}

/** Colour only on a terminal, not under NO_COLOR (https://no-color.org: set and not empty), not on a dumb one. */
export function wantsColour(stream: { readonly isTTY?: boolean }, environment: Environment): boolean {
  return stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
}

/** The sign before a line: shape as well as colour, for those who do not see the colour. */
export const SIGN = { good: '✔', bad: '✘', warn: '!', dim: '–', plain: '·' } as const satisfies Record<
  Tone,
  string
>;

export function sign(paint: Paint, tone: Tone): string {
  return paint.tone(tone, SIGN[tone]);
}
