/** What the types promise to whoever writes a mail server. Checked by the compiler with the tests. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expectTypeOf, test } from 'vitest';
import {
  type ConnectMxOptions,
  connectMx,
  type DestinationPlan,
  type MxConnection,
  type MxFailed,
  type MxReason,
  planDestination,
  type StsCache,
  type StsSource,
} from '../src/index.ts';

test('connectMx and planDestination need no options', () => {
  expectTypeOf(connectMx).toBeCallableWith('example.org');
  expectTypeOf(planDestination).toBeCallableWith('example.org');
  expectTypeOf(connectMx).returns.resolves.toEqualTypeOf<MxConnection>();
  expectTypeOf(planDestination).returns.resolves.toEqualTypeOf<DestinationPlan>();
});

test('a socket is in a connected result alone', () => {
  type Of<K extends MxConnection['kind']> = Extract<MxConnection, { kind: K }>;
  expectTypeOf<Of<'connected'>['socket']>().toEqualTypeOf<Socket | TLSSocket>();
  expectTypeOf<Of<'connected'>['authenticated']>().toEqualTypeOf<
    'dane' | 'pkix' | 'encrypted' | 'cleartext'
  >();
  expectTypeOf<Of<'deferred'>>().not.toHaveProperty('socket');
  expectTypeOf<Of<'failed'>>().not.toHaveProperty('socket');
  expectTypeOf<Of<'deferred'>['reason']>().toEqualTypeOf<MxReason>();
  expectTypeOf<MxFailed['reason']>().toEqualTypeOf<'null-mx' | 'no-such-domain' | 'loop' | 'requiretls'>();
});

test('results cannot be changed, and options are checked', () => {
  expectTypeOf<MxConnection['attempts']>().toExtend<readonly unknown[]>();
  expectTypeOf<ConnectMxOptions['mode']>().toEqualTypeOf<
    'opportunistic' | 'dane-only' | 'audit' | undefined
  >();
  expectTypeOf<StsCache>().toExtend<StsSource>();
  expectTypeOf<ConnectMxOptions['sts']>().toEqualTypeOf<StsSource | false | undefined>();
});
