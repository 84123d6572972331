/** Rollovers that never leave a moment without a match (rfc7671#section-8): what is to be done next, by looking alone. */
export { attemptKey, PATIENCE_MS, RETRY_MS } from './attempts.ts';
export { type Coverage, type CoverageOptions, coverageOf, type Subject, suffices } from './coverage.ts';
export { type Obstacle, obstacles } from './deploy-step.ts';
export { type PlaceFacts, placeFacts } from './facts.ts';
export {
  believableUntil,
  type Look,
  type PlaceMemory,
  type RememberedSet,
  rememberLook,
  type ServerSight,
  TTLS_TO_WAIT,
} from './memory.ts';
export { nextStep } from './next-step.ts';
export {
  combinationOf,
  hasRecord,
  joinRecords,
  type RecordTexts,
  recordsOfTexts,
  recordTexts,
  sameRecords,
  withoutRecords,
} from './record-set.ts';
export { remember, rememberAttempt, rememberBegun, rememberDone, startReplacing } from './remember.ts';
export { deployKey } from './roll-deploy.ts';
export { type Decision, type RecordChange, ROLL_STATES, type RollState, type RollStep } from './step.ts';
export {
  type AddressSight,
  type Attempt,
  type HostMemory,
  type HostView,
  type Identity,
  KEY_POLICIES,
  type KeyPolicy,
  NO_MEMORY,
  type PlaceSight,
  SETTLE_MS,
} from './view.ts';
export { diskKey, issuerRecords, keyDigest, keyRecords, nextKey, wantedOfDisk } from './wanted.ts';
