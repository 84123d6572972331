/** `@mailanchor/dnssec`: every answer comes with its proof. */
export * from './algorithm.ts';
export { type Budgets, DEFAULT_BUDGETS } from './budget.ts';
export { canonicalOrder, canonicalRdata, signedData } from './canonical.ts';
export {
  type ChildRequest,
  childRequest,
  dsOf,
  isSignedBy,
  keysNamedBy,
  matchesDs,
  type RequestProblem,
  sameDelegation,
  usableKeys,
} from './child-request.ts';
export { dsDigest } from './ds.ts';
export * from './errors.ts';
export * from './fake-resolver.ts';
export { keyTag } from './key-tag.ts';
export type { NegativeTrustAnchor } from './negative-trust-anchor.ts';
export { nsec3Hash } from './nsec3.ts';
export * from './proof.ts';
export { importPublicKey, KeyStore, keyBits } from './public-key.ts';
export type { QueryEvent, ServerEndpoint } from './resolver/exchange.ts';
export type { ResponseJudgement, ResponseQuestion } from './resolver/judge-response.ts';
export type { QnameMinimisation } from './resolver/qname-minimisation.ts';
export type { CacheStats, ResolverStats } from './resolver/resolver-stats.ts';
export { builtInRootHints, parseRootHints, type RootHint } from './resolver/root-hints.ts';
export type { UncheckedAnswer } from './resolver/unchecked.ts';
export {
  createResolver,
  type ResolverOptions,
  type UncheckedResolveOptions,
  ValidatingResolver,
} from './resolver/validating-resolver.ts';
export * from './resolver.ts';
export { nearestTime, type SignedRRset, type VerifyContext, verifyRRset, type ZoneKey } from './signature.ts';
export type { QueryPurpose } from './source.ts';
export { parseTrustAnchors, rootTrustAnchors } from './trust-anchor.ts';
export type {
  AnchorKeyPhase,
  AnchorKeyState,
  ConfiguredAnchor,
  TrustAnchorState,
  TrustPointState,
} from './trust-anchor-state.ts';
export {
  type AnchorChange,
  keysFrom,
  type Schedule,
  TrustAnchorStore,
  type TrustAnchorStoreOptions,
} from './trust-anchor-store.ts';
