import { useQuery } from '@tanstack/react-query';

import { keyStoresQuery } from '../queries.js';
import { useTenant } from '../tenant.js';
import { SelectField } from './form.js';

/** Where a new private key is made; nothing to choose where the operator has opened no store to the tenant. */
export function KeyStoreField() {
  const { tenantId } = useTenant();
  const stores = useQuery(keyStoresQuery(tenantId)).data?.items ?? [];
  if (stores.length === 0) return null;
  const options = stores.map(({ name, type, answers }) => ({
    value: name,
    label: `${name} (${type}${answers === false ? ', does not answer' : ''})`,
  }));
  return (
    <SelectField
      label="Private key"
      name="keyStore"
      hint="In a key store, the key is created there and never leaves it"
      options={[{ value: '', label: 'Sealed in the database' }, ...options]}
    />
  );
}
