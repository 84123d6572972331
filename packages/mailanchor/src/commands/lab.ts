/** `mailanchor lab` */
import type { Context } from '../context.ts';

export async function runLab(_options: Record<string, unknown>, _context: Context): Promise<number> {
  throw new Error('not yet');
}
