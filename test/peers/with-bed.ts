/** Tests that need the bed: where there is none, one skipped test says why. */
import { describe, inject, test } from 'vitest';
import './global-setup.ts';
import type { Network } from './bed.ts';

export function describeWithBed(name: string, tests: (bed: Network) => void): void {
  const bed = inject('bed');
  describe(name, () => {
    if (typeof bed === 'string') test('real peers', ({ skip }) => skip(bed));
    else tests(bed);
  });
}
