/** How much garbage a long-running service lets pile up. */
import { setFlagsFromString } from 'node:v8';

/** Per cent of the live heap by which it may grow between two full collections. */
const GROWTH = 50;

/**
 * V8 would let a heap of live objects grow to several times its size before it cleans up, which suits a short program. Here a full
 * cache would hold two thirds of garbage; cleaning up earlier costs little, since most of it is done beside the main thread.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}
