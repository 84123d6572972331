export * from './check-destination.ts';
export * from './errors.ts';
export * from './target.ts';
export * from './verdict.ts';
