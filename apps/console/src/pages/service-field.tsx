import { useInfiniteQuery } from '@tanstack/react-query';

import { SelectField } from '../components/form.js';
import { Empty } from '../components/page.js';
import { itemsOf, servicesQuery } from '../queries.js';
import { useTenant } from '../tenant.js';

/** A choice among the services that were granted a token profile. */
export function ServiceField({ profile }: { readonly profile?: string | undefined }) {
  const { tenantId } = useTenant();
  const services = itemsOf(useInfiniteQuery(servicesQuery(tenantId))).data ?? [];
  const granted = services.filter(
    ({ profiles }) => profile === undefined || profiles.includes(profile) || profiles.includes('*'),
  );
  if (granted.length === 0)
    return <Empty>No service may use it yet: change a service and add the profile there.</Empty>;
  return (
    <SelectField
      label="As the service"
      name="serviceId"
      options={granted.map(({ id, name }) => ({ value: id, label: name }))}
    />
  );
}
