import { defineEvents } from '#core';

export const serviceEvents = defineEvents('service', {
  created: 'A service was created',
  changed: 'The name, description, granted profiles or allowed addresses of a service were changed',
  deleted: 'A service was deleted together with all its credentials',
});

export const credentialEvents = defineEvents('credential', {
  created: 'A credential was created in the state active',
  regenerated: 'A successor was created; the credential is discarded when the overlap ends',
  succeeded:
    'Chancery created a successor for a last active credential that is about to expire or was marked as compromised',
  succession_stopped:
    'A last active credential is about to expire and gets no successor, because no request has ever used it',
  discarded: 'A credential was discarded: it is inactive and rejected',
  overlap_ended: 'The overlap of a regenerated credential ended: it is inactive and rejected',
  reactivated: 'An inactive credential was made active again',
  compromised: 'A credential was marked as compromised and is permanently rejected',
  expired: 'The expiry of a credential was recorded',
  lapsed:
    'The last active credential of its type expired without a successor, because of the tenant settings or because no request had used it',
  revealed: 'The secret of a credential was revealed',
  changed: "A credential's name or expiry was changed",
  deleted: 'A credential was deleted: its secret is erased',
  use_refused:
    'The use of a credential was rejected: it is discarded, expired, compromised or deleted, or not allowed from this address; recorded immediately the first time, then once a minute with the number of uses',
  accepted: 'A gateway asked about a credential and it was accepted',
  leak_checked: 'A string was compared with the credentials of the tenant',
});

export const trustEvents = defineEvents('trust', {
  created: 'A trust was created: workloads with tokens of its issuer may act as the service',
  deleted: 'A trust was deleted: credentials that were exchanged under it, and tokens that it accepted, are rejected',
  exchanged:
    'A workload exchanged its token for a short-lived credential of the service; includes the claims that matched',
  accepted:
    'A workload sent a token of its issuer; recorded once per token, with the claims that matched and the credential under which its requests are recorded',
  refused:
    "A workload's token was rejected for a service; recorded immediately the first time, then once a minute with the number of attempts",
});

export const credentialRotationEvents = defineEvents('credential_rotation', {
  started: 'A rotation of many credentials was requested; each is regenerated separately',
  completed: 'Every credential of the rotation was regenerated or rejected',
  cancelled: 'A rotation was cancelled; credentials that it had already regenerated stay as they are',
});
