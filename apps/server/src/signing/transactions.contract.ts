import { type Page, toRfc3339 } from '#core';
import { PHONE_NUMBER, type Transaction } from '#signing';

import { PageOf, PageQuery } from '../admin/page.contract.js';
import { Choice, Instant, Text } from '../http/fields.js';

const PHONE_EXAMPLE = '+4915112345678';
const XID_EXAMPLE = 'order-4711';
const PROFILE_EXAMPLE = 'app-verify';
const KID_EXAMPLE = '6f1c2f0e-4a55-4c86-9f5e-0f0f5a0e9c11';

export class ProfileQuery {
  @Text({
    optional: true,
    max: 64,
    example: PROFILE_EXAMPLE,
    description: 'Name of the token profile, where several could be meant',
  })
  profile?: string;
}

export class TransactionQuery extends PageQuery {
  // A `+` that was not encoded arrives as a blank.
  @Text({
    max: 17,
    pattern: /^[+ ]?\d{7,15}$/,
    example: PHONE_EXAMPLE,
    description: 'The number, with or without `+`',
  })
  phone: string;

  static phoneNumber({ phone }: TransactionQuery): string {
    return phone.replace(' ', '+');
  }
}

export class TransactionAnswer {
  @Text({ max: 64, example: XID_EXAMPLE, description: 'Id of the transaction' })
  xid: string;

  @Text({ max: 16, pattern: PHONE_NUMBER, example: PHONE_EXAMPLE, description: 'As it was given' })
  phoneNumber: string;

  @Text({ max: 64, example: PROFILE_EXAMPLE })
  profile: string;

  @Text({ max: 128, example: KID_EXAMPLE, description: 'The key version that signed' })
  kid: string;

  @Instant()
  issuedAt: string;

  @Instant()
  expiresAt: string;

  @Choice(['live', 'expired'], { example: 'live' })
  status: string;

  @Text({
    optional: true,
    max: 4_096,
    example: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJl',
    description: 'The token, until it expires',
  })
  token?: string;

  static of({ issuedAt, expiresAt, token, ...rest }: Transaction): TransactionAnswer {
    const times = { issuedAt: toRfc3339(issuedAt), expiresAt: toRfc3339(expiresAt) };
    return { ...rest, ...times, ...(token === undefined ? {} : { token }) };
  }
}

export class TransactionPage extends PageOf(TransactionAnswer) {}

export type TransactionAnswers = Page<TransactionAnswer>;
