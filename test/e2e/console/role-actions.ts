import { type Permission, type Role, permissionsOfRole } from '#tenants';

/** The actions on the pages, and the permission that the API asks for each. */
export const ACTIONS: Readonly<Record<string, Permission>> = {
  'Create service': 'services:write',
  'Rotate credentials': 'services:write',
  'Cancel the rotation': 'services:write',
  Change: 'services:write',
  'Delete service': 'services:write',
  'Create authentication credential': 'services:write',
  'Show Service key': 'credentials:reveal',
  Discard: 'services:write',
  'It was leaked': 'services:write',
  'Generate key': 'keys:write',
  'Import key': 'keys:write',
  Rotate: 'keys:write',
  'Delete key': 'keys:write',
  Retire: 'keys:write',
  'Create token profile': 'token-profiles:write',
  'Delete token profile': 'token-profiles:write',
  'Issue a token': 'credentials:reveal',
  Diagnose: 'credentials:reveal',
  'Issue certificate': 'certificates:issue',
  'Create authority': 'certificate-authorities:write',
  'Upload certificate': 'certificate-authorities:write',
  'Delete authority': 'certificate-authorities:write',
  Hold: 'certificates:write',
  Revoke: 'certificates:write',
  Invite: 'members:write',
  'Create service account': 'service-accounts:write',
  'Save the settings': 'tenant:write',
  'Create webhook': 'webhooks:write',
  'Change webhook': 'webhooks:write',
  Pause: 'webhooks:write',
  'Rotate the secret': 'webhooks:write',
  'Delete webhook': 'webhooks:write',
  'Add identity provider': 'identity-providers:write',
  'Save the sign-in': 'tenant:write',
  'Add trust': 'services:write',
  'Try a token': 'services:write',
  'Create ACME binding': 'acme:write',
  'Suspend the tenant': 'tenants:manage',
  'Delete the tenant': 'tenants:manage',
};

interface NamedAction {
  /** With the name of what it is done to. */
  readonly pattern: RegExp;
  readonly permission: Permission;
  /** Whether the API refuses it to the role for this one, although the role has the permission. */
  readonly refused?: (role: Role, name: string) => boolean;
}

/** The actions on one thing of a list. */
export const NAMED_ACTIONS: readonly NamedAction[] = [
  {
    pattern: /^Manage (.+)$/,
    permission: 'members:write',
    // The members that the tests made are called after their roles.
    refused: (role, name) => role !== 'owner' && name.toLowerCase() === 'owner',
  },
  { pattern: /^Erase \d{4}-\d\d$/, permission: 'history:erase' },
  { pattern: /^New token for (.+)$/, permission: 'members:write' },
  { pattern: /^Withdraw the invitation of (.+)$/, permission: 'members:write' },
  { pattern: /^(?:Test|Change) (<img.+)$/, permission: 'identity-providers:write' },
  { pattern: /^Delete identity provider (.+)$/, permission: 'identity-providers:write' },
  { pattern: /^Delete ACME binding (.+)$/, permission: 'acme:write' },
  { pattern: /^Revoke ACME account (.+)$/, permission: 'acme:write' },
  { pattern: /^Delete trust (.+)$/, permission: 'services:write' },
  { pattern: /^Create API token of (.+)$/, permission: 'service-accounts:write' },
  { pattern: /^Delete service account (.+)$/, permission: 'service-accounts:write' },
];

/** By what permission it is read what members with limited access do not even read. */
export const READ_BY: Readonly<Record<string, Permission>> = {
  webhooks: 'webhooks:read',
  'identity-providers': 'identity-providers:read',
  history: 'audit:read',
};

/** What the API asks for an action, and whether it permits it to the role; `undefined` where no action is called so. */
export function permittedAction(
  role: Role,
  name: string,
): { readonly action: string; readonly permitted: boolean } | undefined {
  const permissions = permissionsOfRole(role);
  const permission = ACTIONS[name];
  if (permission !== undefined) return { action: name, permitted: permissions.includes(permission) };
  const named = NAMED_ACTIONS.find(({ pattern }) => pattern.test(name));
  if (named === undefined) return undefined;
  const refused = named.refused?.(role, named.pattern.exec(name)![1]!) ?? false;
  return { action: String(named.pattern), permitted: permissions.includes(named.permission) && !refused };
}

/** What shows something on the page, and opens no dialog. */
const SHOWN = [
  'Copy .*|Show the JWKS|Public (JWK|PEM)|Show more|Try again|Download (PEM|the request \\(CSR\\))',
  'Apply|Clear the filters|Show|Show the events of .+|Compare with now|Cancel the comparison|Export (NDJSON|CSV)|Keep the (present checkpoint|checkpoint of the installation)|Verify',
  '(Previous|Next) month|\\d+ on .+|End the session from .+|Change the password|Read again',
];
/** What is the person's own, or goes on in a dialog. */
const ASKED = [
  'Rotate what remains|Create a calendar link|Create API token|Revoke (?!ACME ).+|Orders of .+',
  'Add an app|Add a passkey|New recovery codes',
];
const oneOf = (names: readonly string[]): RegExp => new RegExp(`^(${names.join('|')})$`, 's');

/** What changes nothing but what the person sees, or only what is their own. */
export const HARMLESS = oneOf([...SHOWN, ...ASKED]);

/** What is done, or shown on the page, without a dialog. */
export const WITHOUT_DIALOG = oneOf([
  ...SHOWN,
  'Create authentication credential|Show Service key|Cancel the rotation|Diagnose|Issue a token|Hold|Pause',
  'Save the settings|Save the sign-in|New token for .+|Withdraw the invitation of .+|Delete ACME binding .+',
]);
