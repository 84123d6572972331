export * from './fake-resolver.ts';
export * from './proof.ts';
export * from './resolver.ts';
