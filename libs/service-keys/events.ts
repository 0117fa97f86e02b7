import { defineEvents } from '#core';

export const serviceEvents = defineEvents('service', {
  created: 'A service was created',
  changed: 'A service was changed: name, description, granted profiles, allowed addresses',
  deleted: 'A service was deleted, and all its credentials with it',
});

export const credentialEvents = defineEvents('credential', {
  created: 'A credential was created in the state active',
  regenerated: 'A successor was created; the credential is discarded when the overlap ends',
  succeeded:
    'Chancery created a successor for a last active credential that is about to expire or was marked as compromised',
  succession_stopped:
    'A last active credential is about to expire and gets no successor: it is itself one that no request ever used',
  discarded: 'A credential was discarded: it is inactive and rejected',
  overlap_ended: 'The overlap of a regenerated credential ended: it is inactive and rejected',
  reactivated: 'An inactive credential was made active again',
  compromised: 'A credential was marked as compromised and is permanently rejected',
  expired: 'The expiry of a credential was recorded',
  lapsed:
    'The last active credential of its type expired without a successor: the tenant settings ask for none, or no request had used it',
  revealed: 'The secret of a credential was revealed',
  changed: "A credential's name or expiry was changed",
  deleted: 'A credential was deleted: its secret is erased',
  use_refused:
    'A credential that is discarded, expired, compromised or deleted, or not allowed from this address, was used; recorded at the first use, then once a minute with the number of uses',
  accepted: 'A gateway asked about a credential and it was accepted',
  leak_checked: 'A string was compared with the credentials of the tenant',
});
