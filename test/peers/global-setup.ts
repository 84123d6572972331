/** Raises the bed once for all tests of this level, and takes it down whatever happens. */
import type { TestProject } from 'vitest/node';
import { type Network, raiseBed } from './bed.ts';
import { REQUIRED, whyNoPeers } from './peers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The bed, or why there is none. */
    readonly bed: Network | string;
  }
}

export default function setUp(project: TestProject): (() => void) | undefined {
  const absent = whyNoPeers();
  if (absent !== undefined) {
    if (REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);
    project.provide('bed', absent);
    return undefined;
  }
  const { network, lower } = raiseBed(200, 20);
  project.provide('bed', network);
  return lower;
}
