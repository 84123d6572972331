import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TypeBitmap } from './type-bitmap.ts';

describe('TypeBitmap', () => {
  it('has exactly what it was made of', () => {
    const types = fc.uniqueArray(fc.integer({ min: 0, max: 65535 }), { maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(types, fc.integer({ min: 0, max: 65535 }), (given, other) => {
        const bitmap = TypeBitmap.of(given);
        expect(bitmap.types).toEqual([...given].sort((a, b) => a - b));
        expect(given.every((type) => bitmap.has(type))).toBe(true);
        expect(bitmap.has(other)).toBe(given.includes(other));
        expect(TypeBitmap.fromWire(bitmap.wire).equals(bitmap)).toBe(true);
      }),
    );
  });

  it('writes its types as JSON mnemonics', () => {
    expect(JSON.stringify(TypeBitmap.of([1, 52, 65280]))).toBe('["A","TLSA","TYPE65280"]');
  });
});
