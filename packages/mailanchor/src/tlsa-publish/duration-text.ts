/** `2 h`, `7 min 5 s`, `3 d 4 h`: the two largest units. `seconds` is a whole number. */
export function durationText(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [size, unit] = units[first]!;
  const rest = seconds % size;
  const [nextSize, nextUnit] = units[first + 1] ?? [1, ''];
  const next = Math.floor(rest / nextSize);
  return next > 0 && nextUnit
    ? `${Math.floor(seconds / size)} ${unit} ${next} ${nextUnit}`
    : `${Math.floor(seconds / size)} ${unit}`;
}
