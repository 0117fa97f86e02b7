import { toRfc3339 } from '#core';
import { PHONE_NUMBER, type Transaction, XID } from '#signing';

import { PageOf, PageQuery } from '../admin/page.contract.js';
import { Compiled } from '../http/compiled-input.js';
import { Choice, Instant, Text } from '../http/fields.js';

const PHONE_EXAMPLE = '+4915112345678';
const XID_EXAMPLE = 'order-4711';
const PROFILE_EXAMPLE = 'app-verify';
const KID_EXAMPLE = '6f1c2f0e-4a55-4c86-9f5e-0f0f5a0e9c11';

/** Of each call for a token by which a vendor's client asks. */
@Compiled()
export class ProfileQuery {
  @Text({
    optional: true,
    max: 64,
    example: PROFILE_EXAMPLE,
    description: 'Name of the token profile, if several match',
  })
  profile?: string;
}

@Compiled()
export class PhoneTokenQuery extends ProfileQuery {
  @Text({
    optional: true,
    max: 64,
    example: 'acme',
    description: 'Id or slug of the tenant, for clients without a credential',
  })
  tenant?: string;
}

/** A number with or without `+`; an unencoded `+` arrives as a blank. */
const SENT_PHONE_NUMBER = /^[+ ]?\d{7,15}$/;

export class TransactionQuery extends PageQuery {
  @Text({
    max: 17,
    pattern: SENT_PHONE_NUMBER,
    example: PHONE_EXAMPLE,
    description: 'The number, with or without `+`',
  })
  phone: string;

  static phoneNumber({ phone }: TransactionQuery): string {
    return phone.replace(' ', '+');
  }
}

export class TransactionSearchQuery extends PageQuery {
  @Text({ optional: true, max: 64, pattern: XID, example: XID_EXAMPLE, description: 'Id of the transaction' })
  xid?: string;

  @Text({
    optional: true,
    max: 17,
    pattern: SENT_PHONE_NUMBER,
    example: PHONE_EXAMPLE,
    description: 'The number, with or without `+`',
  })
  phone?: string;
}

export class FoundTransaction {
  @Text({ max: 64, example: XID_EXAMPLE, description: 'Id of the transaction' })
  xid: string;

  @Text({
    nullable: true,
    max: 16,
    pattern: PHONE_NUMBER,
    example: PHONE_EXAMPLE,
    description: 'Phone number as it was sent; `null` if the stored value was altered',
  })
  phoneNumber: string | null;

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
}

export class FoundTransactionPage extends PageOf(FoundTransaction) {}

export const presentFound = ({ issuedAt, expiresAt, ...rest }: Omit<Transaction, 'token'>): FoundTransaction => ({
  ...rest,
  issuedAt: toRfc3339(issuedAt),
  expiresAt: toRfc3339(expiresAt),
});

export class TransactionAnswer extends FoundTransaction {
  @Text({
    optional: true,
    max: 4_096,
    example: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJl',
    description: 'The token, until it expires',
  })
  token?: string;

  static of({ token, ...rest }: Transaction): TransactionAnswer {
    return { ...presentFound(rest), ...(token === undefined ? {} : { token }) };
  }
}

export class TransactionPage extends PageOf(TransactionAnswer) {}
