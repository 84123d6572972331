/** The class of a tone in the page's style sheet. */
import type { Tone } from '../../terminal/paint.ts';

export function toneClass(tone: Tone): string {
  return tone === 'dim' ? 'dimmed' : tone;
}
