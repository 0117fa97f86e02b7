import type { Role } from './roles.js';

/** Who can have a permission. It decides which kind of credential a route requires. */
export type Audience = 'tenant-user' | 'platform-user' | 'user' | 'service';

interface PermissionRow {
  readonly audience: Audience;
  readonly roles: readonly Role[];
  /** Platform administrators have it in every tenant, without a membership. */
  readonly platformAdmin: boolean;
  /** Only people may use it: no API token can have it. */
  readonly onlyPeople?: true;
  readonly description: string;
}

const OWNER = ['owner'] as const;
const MANAGERS = ['owner', 'full_access'] as const;
const USERS = ['owner', 'full_access', 'limited_access'] as const;
const EVERYONE = ['owner', 'full_access', 'limited_access', 'auditor'] as const;

const members = (roles: readonly Role[], description: string): PermissionRow => ({
  audience: 'tenant-user',
  roles,
  platformAdmin: false,
  description,
});
/**
 * Only people manage members, tokens and receivers of events: a token must not create further tokens, nor send itself events
 * that it may not read.
 */
const onlyPeople = (roles: readonly Role[], description: string): PermissionRow => ({
  ...members(roles, description),
  onlyPeople: true,
});
const platform = (description: string): PermissionRow => ({
  audience: 'platform-user',
  roles: [],
  platformAdmin: true,
  description,
});
const services = (description: string): PermissionRow => ({
  audience: 'service',
  roles: [],
  platformAdmin: false,
  description,
});

/** The one table of permissions: `@Requires` takes its keys, `docs/permissions.md` is generated from it. */
export const permissions = {
  'session:self': {
    audience: 'user',
    roles: EVERYONE,
    platformAdmin: true,
    description: "List and end the account's sessions; change its password and second factors",
  },
  'tenants:list': platform('List the tenants'),
  'tenants:manage': platform('Create, suspend, reactivate and delete tenants'),
  'users:manage': platform('List accounts; start password resets and address verifications; delete second factors'),
  'scheduler:manage': platform("Read the scheduler's state and confirm the clock after a jump"),
  'platform-identity-providers:manage': platform("Create, change and delete the installation's identity providers"),
  'platform-history:manage': platform('Rotate the keys that sign checkpoints'),
  'platform-audit:read': platform("Read the installation's own history"),
  'platform-history:erase': platform("Erase personal fields in the installation's own history, month by month"),
  'tenant:read': { ...members(EVERYONE, 'Read the tenant and its settings'), platformAdmin: true },
  'tenant:write': members(OWNER, "Change the tenant's name and settings"),
  'members:read': members(EVERYONE, 'List the members'),
  'members:write': onlyPeople(MANAGERS, 'Invite, change and remove members (below owner, unless one is an owner)'),
  'members:recover': onlyPeople(
    OWNER,
    'Start password resets for members whose accounts only this tenant knows; delete their second factors',
  ),
  'api-tokens:self': onlyPeople(
    EVERYONE,
    "Create, list and revoke one's own API tokens; owners can list and revoke all",
  ),
  'service-accounts:read': members(EVERYONE, 'List the service accounts'),
  'service-accounts:write': onlyPeople(OWNER, 'Create and delete service accounts and their API tokens'),
  'services:read': members(EVERYONE, 'List services and their masked credentials'),
  'services:write': members(
    MANAGERS,
    'Create, change and delete services; create, discard, reactivate, regenerate and delete credentials',
  ),
  'credentials:reveal': members(USERS, "Reveal a credential's secret"),
  'keys:read': members(EVERYONE, 'List keys and their public keys'),
  'keys:write': members(MANAGERS, 'Generate, import, change, rotate, retire, compromise and delete keys'),
  'keys:export': members(OWNER, 'Export the private key of an exportable key'),
  'certificate-authorities:write': members(OWNER, 'Create certificate authorities'),
  'certificates:read': members(EVERYONE, 'List certificates and certificate authorities'),
  'certificates:issue': members(USERS, 'Issue certificates'),
  'certificates:write': members(MANAGERS, 'Renew, revoke, hold and release certificates'),
  'acme:read': members(EVERYONE, 'List ACME bindings, accounts and orders'),
  'acme:write': members(MANAGERS, 'Create and delete ACME bindings of services; revoke ACME accounts'),
  'token-profiles:read': members(EVERYONE, 'Read token profiles'),
  'token-profiles:write': members(MANAGERS, 'Create, change and delete token profiles'),
  'transactions:read': members(USERS, 'Look up token transactions by id or phone number, without their tokens'),
  'licenses:read': members(EVERYONE, 'Read the entitlements of customers and their revisions'),
  'expirations:read': members(EVERYONE, 'Read the calendar of expiries and rotations'),
  'audit:read': members(['owner', 'full_access', 'auditor'], "Read the tenant's history"),
  'history:erase': onlyPeople(OWNER, "Erase personal fields in the tenant's history, month by month"),
  'identity-providers:read': members(['owner', 'full_access', 'auditor'], 'Read the identity providers'),
  'identity-providers:write': onlyPeople(
    OWNER,
    'Create, change and delete identity providers, which control membership',
  ),
  'webhooks:read': members(['owner', 'full_access', 'auditor'], 'Read the webhooks and their deliveries'),
  'webhooks:write': onlyPeople(MANAGERS, 'Create, change and delete webhooks, which receive events of the history'),
  'tokens:sign': services('Request tokens of the granted profiles'),
  'tokens:verify': services('Verify tokens of the granted profiles'),
  'certificates:request': services('Request and renew its own certificates'),
  'callers:authenticate': services('Identify the caller of another API (for gateways)'),
  'service:self': services('Read its own service'),
} as const satisfies Record<string, PermissionRow>;

export type Permission = keyof typeof permissions;

const permissionNames = Object.keys(permissions) as Permission[];

/** The permissions of a role in a tenant. */
export const permissionsOfRole = (role: Role): Permission[] =>
  permissionNames.filter((name) => {
    const row: PermissionRow = permissions[name];
    return row.audience === 'tenant-user' && row.roles.includes(role);
  });

/** The permissions of a platform administrator, in the installation and in every tenant. */
export const platformAdminPermissions: readonly Permission[] = permissionNames.filter(
  (name) => permissions[name].platformAdmin && permissions[name].audience !== 'user',
);

/** The permissions that an API token can have: those in a tenant that are not for people only. */
export const tokenPermissions: readonly Permission[] = permissionNames.filter((name) => {
  const row: PermissionRow = permissions[name];
  return row.audience === 'tenant-user' && !row.onlyPeople;
});

export const permissionRow = (permission: Permission): PermissionRow => permissions[permission];

export const isPermission = (text: string): text is Permission => Object.hasOwn(permissions, text);
