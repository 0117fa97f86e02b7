import { sessionErrors } from '#tenants';
import { Flag, PasswordField } from '../http/fields.js';

/** The body of a call that needs the caller's own password in the same request. */
export class StepUp {
  @PasswordField({ optional: true, description: "The caller's own password; 401 `PASSWORD_REQUIRED` without it" })
  password?: string;
}

/** The body of a call that is rejected where something depends on its target, unless the caller insists. */
export class ForcedAction {
  @Flag({
    optional: true,
    default: false,
    description: 'Do it although something depends on it; needs `password`',
    example: false,
  })
  force?: boolean;
  @PasswordField({ optional: true, description: "The caller's own password; needed with `force`" }) password?: string;
}

/** The same for a call that needs the password in any case. */
export class ForcedStepUp extends StepUp {
  @Flag({ optional: true, default: false, description: 'Do it although something depends on it', example: false })
  force?: boolean;
}

/** How such a call refuses the password. */
export const stepUpErrors = [
  sessionErrors.PASSWORD_REQUIRED,
  sessionErrors.PASSWORD_INVALID,
  sessionErrors.TOO_MANY_ATTEMPTS,
];
