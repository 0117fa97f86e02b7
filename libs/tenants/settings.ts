import { flag, optional, setting, wholeNumber } from '#config';
import { Secret, isEmailAddress, normalizeEmail } from '#core';

/** The first administrator, and how long people stay signed in. */
export const accountSettings = {
  adminEmail: setting({
    variable: 'CHANCERY_ADMIN_EMAIL',
    fallback: 'admin@localhost',
    parse: (value) => {
      const email = normalizeEmail(value);
      if (!isEmailAddress(email)) throw new Error('must be an e-mail address');
      return email;
    },
    description: 'E-mail of the platform admin that the first start creates.',
  }),
  adminPassword: optional({
    variable: 'CHANCERY_ADMIN_PASSWORD',
    parse: (value) => {
      if (value.length < 12 || value.length > 256) throw new Error('must have 12 to 256 characters');
      return new Secret(value);
    },
    description: 'Password of that platform admin. If unset, a random password is created and printed once.',
    secret: true,
  }),
  passwordSignIn: setting({
    variable: 'CHANCERY_PASSWORD_SIGN_IN',
    fallback: 'true',
    parse: flag,
    description:
      'Whether people can sign in with a password. `false`: only through an identity provider; set it to `true` ' +
      'if the provider fails.',
  }),
  sessionIdleMinutes: setting({
    variable: 'CHANCERY_SESSION_IDLE_MINUTES',
    fallback: '480',
    parse: wholeNumber(15, 43_200),
    description: "Minutes without renewal after which a person's session ends.",
  }),
  sessionDays: setting({
    variable: 'CHANCERY_SESSION_DAYS',
    fallback: '30',
    parse: wholeNumber(1, 365),
    description: "Days after which a person's session ends, however often it is renewed.",
  }),
} as const;
