import { createTransport } from 'nodemailer';
import { expectTypeOf, test } from 'vitest';
import {
  type DaneSendError,
  type DaneSentInfo,
  type DaneTransportOptions,
  daneTransport,
} from '../src/index.ts';

test('nodemailer knows what comes back', () => {
  const mailer = createTransport(daneTransport());
  expectTypeOf(mailer.sendMail).returns.resolves.toEqualTypeOf<DaneSentInfo>();
  expectTypeOf<DaneSentInfo['results'][number]['kind']>().toEqualTypeOf<
    'accepted' | 'rejected' | 'deferred'
  >();
  expectTypeOf<DaneSendError['code']>().toEqualTypeOf<'EDEFERRED' | 'EREJECTED' | 'EENVELOPE' | 'EMESSAGE'>();
});

test('what is a message of its own affair is no option of the transport', () => {
  expectTypeOf<DaneTransportOptions>().not.toHaveProperty('requireTls');
  expectTypeOf<DaneTransportOptions>().toHaveProperty('mode');
});
