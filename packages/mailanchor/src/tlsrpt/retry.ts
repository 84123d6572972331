/** When to try again (rfc8460#section-5.5): waiting twice as long each time, for a day after the first try. */

const FIRST_MS = 300_000;
const LONGEST_MS = 14_400_000;
const GIVE_UP_MS = 86_400_000;

/**
 * The time of the next try, or undefined where it is given up. `attempts`: made so far, at least 1; `firstAt`: when the first was.
 * `chance`, 0 to 1, keeps those that failed together from coming back together.
 */
export function nextTry(
  attempts: number,
  firstAt: number,
  now: number,
  { chance, atLeastMs = 0 }: { readonly chance: number; readonly atLeastMs?: number },
): number | undefined {
  const backoff = Math.min(FIRST_MS * 2 ** (attempts - 1), LONGEST_MS);
  const next = now + Math.max(Math.round(backoff * (0.9 + 0.2 * chance)), atLeastMs);
  return next - firstAt <= GIVE_UP_MS ? next : undefined;
}
