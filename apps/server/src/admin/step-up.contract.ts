import { sessionErrors } from '#tenants';
import { PasswordField } from '../http/fields.js';

/** The body of a call that needs the caller's own password in the same request. */
export class StepUp {
  @PasswordField({ optional: true, description: "The caller's own password; 401 `PASSWORD_REQUIRED` without it" })
  password?: string;
}

/** How such a call refuses the password. */
export const stepUpErrors = [
  sessionErrors.PASSWORD_REQUIRED,
  sessionErrors.PASSWORD_INVALID,
  sessionErrors.TOO_MANY_ATTEMPTS,
];
