/** How much garbage a program that runs for long, a service or a check of a long list, lets pile up. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Per cent of the live heap by which it may grow between two full collections. */
const GROWTH = 50;
/** Octets of the young generation, both its halves: larger ones are collected more rarely, and no faster. */
const YOUNG_OCTETS = 32 * 1024 * 1024;
/** Milliseconds between two looks at its size. */
const LOOK_MS = 50;

/**
 * V8 would let a heap of live objects grow to several times its size before it cleans up, which suits a short program. Here a full
 * cache would hold two thirds of garbage; cleaning up earlier costs little, since most of it is done beside the main thread.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  // Its greatest size can only be set before V8 starts; that it doubles where much survives can be ended at any time.
  const look = setInterval(() => {
    if (youngOctets() < YOUNG_OCTETS) return;
    clearInterval(look);
    setFlagsFromString('--semi-space-growth-factor=1');
  }, LOOK_MS).unref();
}

function youngOctets(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
