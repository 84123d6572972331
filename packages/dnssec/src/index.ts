export * from './proof.ts';
export * from './resolver.ts';
