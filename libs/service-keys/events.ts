import { defineEvents } from '#core';

export const serviceEvents = defineEvents('service', {
  created: 'A service was created',
  changed: 'A service was changed: name, description, granted profiles, allowed addresses',
  deleted: 'A service was deleted, and all its credentials with it',
});

export const credentialEvents = defineEvents('credential', {
  created: 'A credential was created, active at once',
  regenerated: 'A credential got a successor and is discarded when the overlap ends',
  succeeded: 'Chancery made a successor for a last active credential that expires or was compromised',
  discarded: 'A credential was discarded: it is inactive and refused',
  overlap_ended: 'The overlap of a regenerated credential ended: it is inactive and refused',
  reactivated: 'An inactive credential was made active again',
  compromised: 'A credential was marked as compromised: it is refused for ever',
  expired: 'The expiry of a credential was recorded',
  lapsed: 'The last active credential of its type expired without a successor, as the tenant had set',
  revealed: 'The secret of a credential was shown',
  changed: "A credential's name or expiry was changed",
  deleted: 'A credential was deleted: its secret is erased',
  accepted: 'A gateway was told that the credential is good',
  leak_checked: 'A string was checked for being a credential of the tenant',
});
