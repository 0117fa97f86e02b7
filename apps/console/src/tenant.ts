import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';

import { selfQuery } from './queries.js';
import { reasonWithout } from './reasons.js';

/** The tenant of the address, and what the person may do in it. */
export function useTenant() {
  const { tenant: slug = '' } = useParams({ strict: false });
  const { data: self } = useSuspenseQuery(selfQuery);
  const membership = self.memberships.find((each) => each.slug === slug);
  if (membership === undefined) throw new Error(`You are not a member of ${slug}`);
  const { tenantId, name, role, permissions } = membership;
  return {
    tenantId,
    slug,
    name,
    role,
    permissions,
    may: (permission: (typeof permissions)[number]) => permissions.includes(permission),
    /** Why the role does not permit it; `undefined` where it does. */
    reason: (permission: (typeof permissions)[number]) => reasonWithout(permissions, permission, role),
  };
}
