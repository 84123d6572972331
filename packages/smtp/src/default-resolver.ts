/**
 * The resolver of those who name none: it iterates from the root by the anchors that are built in, is made when it is first needed, and is
 * one for the whole process, so that all share what it has found. It keeps no process alive and needs no closing.
 */
import { createResolver, type Resolver } from '@mailanchor/dnssec';

let shared: Resolver | undefined;

export function defaultResolver(): Resolver {
  shared ??= createResolver({});
  return shared;
}
