// Made from the API document by `npm run docs`; a test fails where the two differ.
export interface paths {
    "/health/live": {
        /** Check whether the process runs; restart it if not */
        get: operations["getLiveness"];
    };
    "/health/started": {
        /** Check whether the start is complete; send nothing else before */
        get: operations["getStart"];
    };
    "/health/ready": {
        /** Check whether this process accepts requests */
        get: operations["getReadiness"];
    };
    "/metrics": {
        /**
         * Read the metrics of this process, for Prometheus
         * @description Not found unless `CHANCERY_METRICS_TOKEN` is set and `CHANCERY_METRICS_PORT` is not.
         */
        get: operations["getMetrics"];
    };
    "/v1/auth/login": {
        /** Log in with e-mail and password */
        post: operations["logIn"];
    };
    "/v1/auth/login/verify": {
        /** Complete a sign-in with a second factor */
        post: operations["verifyLogIn"];
    };
    "/v1/auth/refresh": {
        /** Renew a session: get a new access token and refresh token; the old refresh token ends */
        post: operations["renew"];
    };
    "/v1/auth/sessions": {
        /** List the active sessions of the account */
        get: operations["listSessions"];
    };
    "/v1/auth/sessions/{sessionId}": {
        /** End one of your sessions on all instances */
        delete: operations["endSession"];
    };
    "/v1/auth/me": {
        /** Read the signed-in user and their memberships */
        get: operations["getSelf"];
    };
    "/v1/auth/logout": {
        /** End the sessions of the access token and of the cookie, on all instances */
        post: operations["logOut"];
    };
    "/v1/auth/password": {
        /** Change the password of the account; all other sessions end */
        post: operations["changePassword"];
    };
    "/v1/auth/reset": {
        /** Request a password reset by e-mail */
        post: operations["askForReset"];
    };
    "/v1/auth/reset/complete": {
        /** Set a new password with a reset token; all sessions of the account end */
        post: operations["completeReset"];
    };
    "/v1/auth/factors": {
        /** List the second factors of the account */
        get: operations["listFactors"];
        /** Enrol a second factor; confirm it within 5 minutes. If the account already has one, step up with it first */
        post: operations["enrolFactor"];
    };
    "/v1/auth/factors/{factorId}/confirm": {
        /** Confirm a second factor with its first proof */
        post: operations["confirmFactor"];
    };
    "/v1/auth/factors/{factorId}": {
        /** Delete a second factor; step up with a second factor first */
        delete: operations["deleteFactor"];
    };
    "/v1/auth/factors/recovery-codes": {
        /** Create ten new recovery codes; step up with a second factor first */
        post: operations["renewRecoveryCodes"];
    };
    "/v1/auth/step-up": {
        /** Step up the session for 5 minutes with the password or a second factor */
        post: operations["stepUp"];
    };
    "/v1/auth/step-up/challenge": {
        /** Request the challenge that a passkey signs for a step-up of this session, within 5 minutes */
        post: operations["askForStepUp"];
    };
    "/v1/tenants": {
        /** List the tenants of the installation */
        get: operations["listTenants"];
        /** Create a tenant, with its first owner if one is named */
        post: operations["createTenant"];
    };
    "/v1/tenants/{tenantId}": {
        /** Read the tenant and its settings */
        get: operations["getTenant"];
        /** Delete a tenant: destroys its data key and thereby all its secrets; its history remains */
        delete: operations["deleteTenant"];
        /** Change the tenant's name and settings */
        patch: operations["changeTenant"];
    };
    "/v1/tenants/{tenantId}/suspend": {
        /** Suspend a tenant: its members and services are rejected; its public keys remain available */
        post: operations["suspendTenant"];
    };
    "/v1/tenants/{tenantId}/reactivate": {
        /** Reactivate a suspended tenant */
        post: operations["reactivateTenant"];
    };
    "/v1/tenants/{tenantId}/owner-invitation": {
        /** Invite the owner of a tenant that has none */
        post: operations["inviteOwner"];
    };
    "/v1/tenants/{tenantId}/members": {
        /** List the members */
        get: operations["listMembers"];
        /** Invite a person as a member */
        post: operations["inviteMember"];
    };
    "/v1/tenants/{tenantId}/members/{userId}": {
        /** Remove a member; the account remains */
        delete: operations["removeMember"];
        /** Change a member's role */
        patch: operations["changeMember"];
    };
    "/v1/tenants/{tenantId}/members/{userId}/sessions": {
        /** End every session of a member, on all instances */
        delete: operations["endSessions"];
    };
    "/v1/tenants/{tenantId}/members/{userId}/reset": {
        /** Start the password reset of a member whose account only this tenant knows */
        post: operations["resetMember"];
    };
    "/v1/tenants/{tenantId}/members/{userId}/factors": {
        /** Delete the second factors of a member whose account only this tenant knows */
        delete: operations["resetMemberFactors"];
    };
    "/v1/tenants/{tenantId}/invitations": {
        /** List the invitations */
        get: operations["listInvitations"];
    };
    "/v1/tenants/{tenantId}/invitations/{invitationId}/resend": {
        /** Create a new token for a pending invitation, valid for seven days; the previous one ends */
        post: operations["resendInvitation"];
    };
    "/v1/tenants/{tenantId}/invitations/{invitationId}": {
        /** Withdraw a pending invitation */
        delete: operations["withdrawInvitation"];
    };
    "/v1/invitations/accept": {
        /** Accept an invitation: with a session as that user, or without one by choosing a name and a password */
        post: operations["acceptInvitation"];
    };
    "/v1/users": {
        /** List the accounts of the installation */
        get: operations["listUsers"];
    };
    "/v1/users/{userId}/reset": {
        /** Start the password reset of an account */
        post: operations["resetUser"];
    };
    "/v1/users/{userId}/verification": {
        /** Start the verification of an account's address: its holder chooses a new password, and every tenant can then invite the account */
        post: operations["verifyUser"];
    };
    "/v1/users/{userId}/factors": {
        /** Delete the second factors of an account */
        delete: operations["resetUserFactors"];
    };
    "/v1/tenants/{tenantId}/api-tokens": {
        /** List your API tokens; owners see all API tokens of the tenant */
        get: operations["listApiTokens"];
        /** Create an API token that acts as you, with fewer permissions */
        post: operations["createApiToken"];
    };
    "/v1/tenants/{tenantId}/api-tokens/{apiTokenId}": {
        /** Revoke one of your API tokens; owners can revoke any API token of the tenant */
        delete: operations["revokeApiToken"];
    };
    "/v1/tenants/{tenantId}/service-accounts": {
        /** List the service accounts */
        get: operations["listServiceAccounts"];
        /** Create a service account: automation with a role, and no password */
        post: operations["createServiceAccount"];
    };
    "/v1/tenants/{tenantId}/service-accounts/{serviceAccountId}": {
        /** Delete a service account; its API tokens are rejected */
        delete: operations["deleteServiceAccount"];
    };
    "/v1/tenants/{tenantId}/service-accounts/{serviceAccountId}/api-tokens": {
        /** Create an API token of a service account */
        post: operations["createTokenOfAccount"];
    };
    "/v1/tenants/{tenantId}/services": {
        /** List the services, or find one by its name */
        get: operations["listServices"];
        /** Create a service with its first service key and JWT credential */
        post: operations["createService"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}": {
        /** Read a service */
        get: operations["getService"];
        /** Delete a service and erase the secrets of all its credentials */
        delete: operations["deleteService"];
        /** Change a service: name, description, granted profiles, allowed networks, contacts */
        patch: operations["changeService"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials": {
        /** List the credentials of a service, masked, with the allowed actions */
        get: operations["listCredentials"];
        /** Create a credential in the state active */
        post: operations["createCredential"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}": {
        /** Read a credential, masked */
        get: operations["getCredential"];
        /** Delete a credential that is not active: its secret is erased */
        delete: operations["deleteCredential"];
        /** Change the name or the expiry of a credential */
        patch: operations["changeCredential"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}/reveal": {
        /** Reveal the secret of a credential; recorded in the history */
        post: operations["revealCredential"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}/discard": {
        /** Discard a credential: it is rejected until it is reactivated */
        post: operations["discardCredential"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}/reactivate": {
        /** Reactivate an inactive credential */
        post: operations["reactivateCredential"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}/regenerate": {
        /** Create a successor; the old credential is discarded when the overlap ends */
        post: operations["regenerateCredential"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}/compromise": {
        /** Mark a credential as compromised: it is permanently rejected */
        post: operations["compromiseCredential"];
    };
    "/v1/tenants/{tenantId}/credentials": {
        /** Search the credentials of all services, masked, with the allowed actions */
        get: operations["listCredentialsOfTenant"];
    };
    "/v1/tenants/{tenantId}/credentials/export": {
        /** Export the credentials of all services, masked, one JSON object per line */
        get: operations["exportCredentials"];
    };
    "/v1/tenants/{tenantId}/credentials:rotate": {
        /** Rotate all selected credentials: each gets a successor, and is discarded when its overlap ends */
        post: operations["rotateCredentials"];
    };
    "/v1/tenants/{tenantId}/credential-rotations": {
        /** List the rotations, including those that ended in the last 90 days */
        get: operations["listCredentialRotations"];
    };
    "/v1/tenants/{tenantId}/credential-rotations/{rotationId}": {
        /** Read a rotation and its progress */
        get: operations["getCredentialRotation"];
    };
    "/v1/tenants/{tenantId}/credential-rotations/{rotationId}/items": {
        /** Read the report of a rotation: the outcome for each credential */
        get: operations["listCredentialRotationItems"];
    };
    "/v1/tenants/{tenantId}/credential-rotations/{rotationId}/cancel": {
        /** Cancel a rotation; existing successors remain */
        post: operations["cancelCredentialRotation"];
    };
    "/v1/tenants/{tenantId}/leaks": {
        /** Check whether a string is, or was, a credential of the tenant */
        post: operations["checkLeak"];
    };
    "/v1/tenants/{tenantId}/keys": {
        /** List the keys, or find one by its name */
        get: operations["listKeys"];
        /** Generate a key; its first version is active */
        post: operations["generateKey"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}": {
        /** Read a key and its versions */
        get: operations["getKey"];
        /** Delete a key: it no longer signs or verifies; it can be restored for a limited time */
        delete: operations["deleteKey"];
        /** Change the name, rotation schedule or contacts of a key, or make it non-exportable */
        patch: operations["changeKey"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/users": {
        /** List who signed with a key and when, and what may sign with it or certifies it */
        get: operations["listKeyUsers"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/rotate": {
        /** Rotate a key: the next version is published now and signs when all JWKS caches have been refreshed */
        post: operations["rotateKey"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/retire": {
        /** Retire a version: it stops signing; its tokens can be verified until they expire */
        post: operations["retireKeyVersion"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/compromise": {
        /** Mark a key version as compromised; its successor is activated immediately */
        post: operations["compromiseKeyVersion"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/restore": {
        /** Restore a deleted key that has not been destroyed yet */
        post: operations["restoreKey"];
    };
    "/v1/tenants/{tenantId}/keys/import": {
        /** Import a key after checks; its first version is active */
        post: operations["importKey"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/public": {
        /** Download the public key of a version */
        get: operations["getPublicKey"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/versions/{kid}/export": {
        /** Export the private key of a version; recorded in the history */
        post: operations["exportPrivateKey"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/csr": {
        /** Create a certificate signing request for a key */
        post: operations["requestKeyCertificate"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/certificate": {
        /** Store the certificate that a vendor issued for a key */
        post: operations["storeKeyCertificate"];
    };
    "/v1/tenants/{tenantId}/keys/{keyId}/certificates": {
        /** List the certificates that vendors issued for a key */
        get: operations["listKeyCertificates"];
    };
    "/v1/tenants/{tenantId}/key-stores": {
        /** List the key stores that the tenant may use */
        get: operations["listKeyStores"];
    };
    "/v1/tenants/{tenantId}/certificate-authorities": {
        /** List the certificate authorities */
        get: operations["listCertificateAuthorities"];
        /** Create a root or an intermediate authority, request one from an external issuer, or import one with its key */
        post: operations["createCertificateAuthority"];
    };
    "/v1/tenants/{tenantId}/certificate-authorities/{caId}": {
        /** Read a certificate authority */
        get: operations["getCertificateAuthority"];
        /** Delete an authority that never had a certificate, and destroy its key */
        delete: operations["deleteCertificateAuthority"];
        /** Change the contacts of an authority */
        patch: operations["changeCertificateAuthority"];
    };
    "/v1/tenants/{tenantId}/certificate-authorities/{caId}/chain": {
        /** Download the chain of an authority */
        get: operations["getCertificateAuthorityChain"];
    };
    "/v1/tenants/{tenantId}/certificate-authorities/{caId}/certificate": {
        /** Store the certificate that an external issuer issued for an authority, or its successor for the same key */
        post: operations["storeCertificateAuthorityCertificate"];
    };
    "/v1/tenants/{tenantId}/certificate-authorities/{caId}/status": {
        /** Read the state of the CRL and of the OCSP responder of an authority */
        get: operations["getCertificateAuthorityStatus"];
    };
    "/v1/tenants/{tenantId}/certificate-authorities/{caId}/revoke": {
        /** Revoke an authority, the authorities below it, and all certificates that they issued */
        post: operations["revokeCertificateAuthority"];
    };
    "/v1/tenants/{tenantId}/certificates": {
        /** Search the inventory */
        get: operations["listCertificates"];
        /** Issue a certificate for a CSR; a rejection lists every violated rule */
        post: operations["issueCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/export": {
        /** Export the inventory, one JSON object per line */
        get: operations["exportCertificates"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}": {
        /** Read a certificate */
        get: operations["getCertificate"];
        /** Change the contacts of a certificate */
        patch: operations["changeCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}/certificate": {
        /** Download a certificate */
        get: operations["downloadCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}/renew": {
        /** Renew a certificate with the same names, and with the same key unless a CSR contains a new one */
        post: operations["renewCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}/revoke": {
        /** Revoke a certificate permanently; `keyCompromise` also revokes the other certificates of its key */
        post: operations["revokeCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}/hold": {
        /** Put a certificate on hold */
        post: operations["holdCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}/release": {
        /** Release a certificate from hold */
        post: operations["releaseCertificate"];
    };
    "/v1/tenants/{tenantId}/certificates/{kid}/pkcs12": {
        /** Bundle a certificate with its issuers and its exportable private key */
        post: operations["bundleCertificate"];
    };
    "/v1/tenants/{tenantId}/token-profiles": {
        /** List the token profiles */
        get: operations["listTokenProfiles"];
        /** Create a token profile */
        post: operations["createTokenProfile"];
    };
    "/v1/tenants/{tenantId}/token-profiles/{name}": {
        /** Read a token profile */
        get: operations["getTokenProfile"];
        /** Delete a token profile */
        delete: operations["deleteTokenProfile"];
        /** Change a token profile */
        patch: operations["changeTokenProfile"];
    };
    "/v1/tenants/{tenantId}/token-profiles/{name}/system-user-token": {
        /** Store the system user token that a profile signs */
        put: operations["storeSystemUserToken"];
        /** Remove the stored system user token of a profile */
        delete: operations["removeSystemUserToken"];
    };
    "/v1/tenants/{tenantId}/transactions": {
        /** Look up transactions by id or phone number */
        get: operations["searchTransactions"];
    };
    "/v1/tenants/{tenantId}/licenses": {
        /** List the entitlements */
        get: operations["listLicenses"];
    };
    "/v1/tenants/{tenantId}/licenses/{licenseId}": {
        /** Read an entitlement */
        get: operations["getLicense"];
    };
    "/v1/tenants/{tenantId}/licenses/{licenseId}/revisions": {
        /** List the updates of an entitlement */
        get: operations["listLicenseRevisions"];
    };
    "/v1/tenants/{tenantId}/expirations.ics": {
        /** Export the expiries, rotations and starts of the next year as iCalendar */
        get: operations["getCalendarFile"];
    };
    "/v1/tenants/{tenantId}/expirations": {
        /** List upcoming expiries, rotations and starts of all kinds, soonest first */
        get: operations["listExpirations"];
    };
    "/v1/tenants/{tenantId}/as-of": {
        /** Rebuild the tenant's resources at a past time from its history */
        get: operations["getAsOf"];
    };
    "/v1/tenants/{tenantId}/as-of/signers": {
        /**
         * List who could have a token signed with a profile at a past time, and with which key
         * @description Credentials of services, and trusts with which workloads could act as a service, in order of creation.
         */
        get: operations["getSigners"];
    };
    "/v1/tenants/{tenantId}/audit-events": {
        /** Query the history of the tenant */
        get: operations["listAuditEvents"];
    };
    "/v1/tenants/{tenantId}/audit-events/density": {
        /** Count the events of each hour of a day */
        get: operations["getAuditDensity"];
    };
    "/v1/tenants/{tenantId}/audit-events/export": {
        /** Export the history, or a period of it, with the checkpoint that covers it */
        get: operations["exportAuditEvents"];
    };
    "/v1/tenants/{tenantId}/audit-events/checkpoint": {
        /** Read the last signed checkpoint of the history */
        get: operations["getCheckpoint"];
    };
    "/v1/tenants/{tenantId}/audit-events/proofs/inclusion": {
        /** Prove that an event is in the history */
        get: operations["getInclusionProof"];
    };
    "/v1/tenants/{tenantId}/audit-events/proofs/consistency": {
        /** Prove that an earlier state of the history is the beginning of a later one */
        get: operations["getConsistencyProof"];
    };
    "/v1/tenants/{tenantId}/audit-events/{sequence}": {
        /** Read one event, by its sequence number or its id */
        get: operations["getAuditEvent"];
    };
    "/v1/tenants/{tenantId}/audit-events/{sequence}/proof": {
        /** Prove one event with a file that can be verified without this server (C2SP tlog-proof) */
        get: operations["getEventProof"];
    };
    "/v1/platform/audit-events": {
        /** Query the installation's own history */
        get: operations["listPlatformAuditEvents"];
    };
    "/v1/platform/audit-events/density": {
        /** Count the events of each hour of a day in the installation's own history */
        get: operations["getPlatformAuditDensity"];
    };
    "/v1/platform/audit-events/export": {
        /** Export the installation's own history, or a period of it */
        get: operations["exportPlatformAuditEvents"];
    };
    "/v1/platform/audit-events/checkpoint": {
        /** Read the last signed checkpoint of the installation's own history */
        get: operations["getPlatformCheckpoint"];
    };
    "/v1/platform/audit-events/{sequence}": {
        /** Read one event of the installation, by its sequence number or its id */
        get: operations["getPlatformAuditEvent"];
    };
    "/v1/platform/audit-events/{sequence}/proof": {
        /** Prove one event of the installation with a file that can be verified without this server */
        get: operations["getPlatformEventProof"];
    };
    "/v1/history/checkpoint": {
        /** Read the last signed checkpoint of the log of checkpoints */
        get: operations["getCheckpointLogCheckpoint"];
    };
    "/v1/history/tile/{path}": {
        /** Download a tile of hashes or a bundle of entries of the log of checkpoints */
        get: operations["getCheckpointLogTile"];
    };
    "/v1/tenants/{tenantId}/history/checkpoint": {
        /** Read the last signed checkpoint of the history (C2SP tlog-checkpoint) */
        get: operations["getLogCheckpoint"];
    };
    "/v1/tenants/{tenantId}/history/tile/{path}": {
        /** Download a tile of hashes or a bundle of entries of the history (C2SP tlog-tiles) */
        get: operations["getLogTile"];
    };
    "/v1/tenants/{tenantId}/history/platform-proof": {
        /** Prove that the log of checkpoints contains the last checkpoint of the history (C2SP tlog-proof) */
        get: operations["getPlatformProof"];
    };
    "/v1/tenants/{tenantId}/history/platform-consistency": {
        /** Prove that the log of checkpoints continues an earlier checkpoint of it (RFC 9162 §2.1.4) */
        get: operations["getPlatformConsistency"];
    };
    "/v1/platform/history/checkpoint": {
        /** Read the last signed checkpoint of the installation's own history */
        get: operations["getPlatformLogCheckpoint"];
    };
    "/v1/platform/history/tile/{path}": {
        /** Download a tile of hashes or a bundle of entries of the installation's own history */
        get: operations["getPlatformLogTile"];
    };
    "/v1/platform/history/keys/rotate": {
        /** Rotate the keys that sign the checkpoints of all histories: the earlier ones sign beside the new ones for a year. The new Ed25519 key is made where the settings say */
        post: operations["rotateLogKeys"];
    };
    "/v1/platform/history/keys/compromise": {
        /** Mark a checkpoint key as compromised: it ends immediately, and every history is signed again without it (idempotent) */
        post: operations["compromiseLogKey"];
    };
    "/v1/tenants/{tenantId}/history/months": {
        /** List the months of the history, and whether their personal fields are erased */
        get: operations["listHistoryMonths"];
    };
    "/v1/tenants/{tenantId}/history/months/{month}/erase": {
        /** Permanently erase the personal fields of a month; all proofs remain valid (idempotent) */
        post: operations["eraseHistoryMonth"];
    };
    "/v1/platform/history/months": {
        /** List the months of the installation's own history */
        get: operations["listPlatformHistoryMonths"];
    };
    "/v1/platform/history/months/{month}/erase": {
        /** Permanently erase the personal fields of a month of the installation's own history (idempotent) */
        post: operations["erasePlatformHistoryMonth"];
    };
    "/v1/history/keys": {
        /** Read the keys that verify the checkpoints of a history */
        get: operations["getLogKeys"];
    };
    "/v1/platform/scheduler": {
        /** Read the scheduler's state and the clocks */
        get: operations["getScheduler"];
    };
    "/v1/platform/scheduler/confirm": {
        /** Confirm that the clocks of all hosts are correct: paused actions continue (idempotent) */
        post: operations["confirmClock"];
    };
    "/v1/tenants/{tenantId}/webhooks": {
        /** List the webhooks */
        get: operations["listWebhooks"];
        /** Create a webhook: future events are sent to it */
        post: operations["createWebhook"];
    };
    "/v1/tenants/{tenantId}/webhooks/{webhookId}": {
        /** Read a webhook */
        get: operations["getWebhook"];
        /** Delete a webhook with its secrets */
        delete: operations["deleteWebhook"];
        /** Change the URL or the actions of a webhook */
        patch: operations["changeWebhook"];
    };
    "/v1/tenants/{tenantId}/webhooks/{webhookId}/disable": {
        /** Disable a webhook: events that occur until it is enabled are never sent */
        post: operations["disableWebhook"];
    };
    "/v1/tenants/{tenantId}/webhooks/{webhookId}/enable": {
        /** Enable a webhook: future events are sent */
        post: operations["enableWebhook"];
    };
    "/v1/tenants/{tenantId}/webhooks/{webhookId}/rotate-secret": {
        /** Rotate the secret of a webhook; the previous one also signs during the overlap */
        post: operations["rotateWebhookSecret"];
    };
    "/v1/tenants/{tenantId}/webhooks/{webhookId}/deliveries": {
        /** List a webhook's deliveries of the last 30 days */
        get: operations["listDeliveries"];
    };
    "/v1/tenants/{tenantId}/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver": {
        /** Send an event to a webhook again */
        post: operations["redeliver"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/acme-bindings": {
        /** List the ACME bindings of a service */
        get: operations["listAcmeBindings"];
        /** Create a key that binds one ACME account to the service */
        post: operations["createAcmeBinding"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/acme-bindings/{acmeBindingId}": {
        /** Delete an ACME binding; an account that used it remains */
        delete: operations["deleteAcmeBinding"];
    };
    "/v1/tenants/{tenantId}/acme-accounts": {
        /** List the ACME accounts of the tenant, or of a service */
        get: operations["listAcmeAccounts"];
    };
    "/v1/tenants/{tenantId}/acme-accounts/{acmeAccountId}": {
        /** Read an ACME account */
        get: operations["getAcmeAccount"];
    };
    "/v1/tenants/{tenantId}/acme-accounts/{acmeAccountId}/revoke": {
        /** Revoke an ACME account: it can order no more certificates; existing ones remain */
        post: operations["revokeAcmeAccount"];
    };
    "/v1/tenants/{tenantId}/acme-accounts/{acmeAccountId}/orders": {
        /** List the orders of an ACME account */
        get: operations["listAcmeOrders"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/trusts": {
        /** List the trusts of a service */
        get: operations["listTrusts"];
        /** Create a trust: workloads with tokens of its issuer can act as the service */
        post: operations["createTrust"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/trusts/try": {
        /** Check whether a workload's token would be accepted, and why not; the token is not used up */
        post: operations["tryToken"];
    };
    "/v1/tenants/{tenantId}/services/{serviceId}/trusts/{trustId}": {
        /** Read a trust of a service */
        get: operations["getTrust"];
        /** Delete a trust of a service; credentials that were exchanged under it are rejected */
        delete: operations["deleteTrust"];
    };
    "/v1/tenants/{tenantId}/identity-providers": {
        /** List the identity providers of the tenant */
        get: operations["listIdentityProviders"];
        /** Create an identity provider through which the tenant's members sign in */
        post: operations["createIdentityProvider"];
    };
    "/v1/tenants/{tenantId}/identity-providers/{identityProviderId}": {
        /** Read an identity provider of the tenant */
        get: operations["getIdentityProvider"];
        /** Delete an identity provider of the tenant; the sessions that it started end */
        delete: operations["deleteIdentityProvider"];
        /** Change an identity provider of the tenant, except its issuer and client */
        patch: operations["changeIdentityProvider"];
    };
    "/v1/tenants/{tenantId}/identity-providers/{identityProviderId}/test": {
        /** Test an identity provider of the tenant: reads its metadata, changes nothing */
        post: operations["testIdentityProvider"];
    };
    "/v1/platform/identity-providers": {
        /** List the identity providers of the installation */
        get: operations["listPlatformIdentityProviders"];
        /** Create an identity provider of the installation */
        post: operations["createPlatformIdentityProvider"];
    };
    "/v1/platform/identity-providers/{identityProviderId}": {
        /** Read an identity provider of the installation */
        get: operations["getPlatformIdentityProvider"];
        /** Delete an identity provider of the installation; the sessions that it started end */
        delete: operations["deletePlatformIdentityProvider"];
        /** Change an identity provider of the installation, except its issuer and client */
        patch: operations["changePlatformIdentityProvider"];
    };
    "/v1/platform/identity-providers/{identityProviderId}/test": {
        /** Test an identity provider of the installation: reads its metadata, changes nothing */
        post: operations["testPlatformIdentityProvider"];
    };
    "/v1/auth/identity-providers": {
        /** List the identity providers through which people can sign in */
        get: operations["listOfferedIdentityProviders"];
    };
    "/v1/auth/identity-providers/{identityProviderId}/sign-in": {
        /** Begin a sign-in at an identity provider */
        post: operations["beginProviderSignIn"];
    };
    "/v1/auth/identity-providers/complete": {
        /** Complete a sign-in with the identity provider's response */
        post: operations["completeProviderSignIn"];
    };
    "/v1/auth/step-up/identity-provider": {
        /** Begin a step-up of this session with a new sign-in at its identity provider */
        post: operations["beginProviderStepUp"];
    };
    "/v1/auth/step-up/identity-provider/complete": {
        /** Complete a step-up with the identity provider's response */
        post: operations["completeProviderStepUp"];
    };
    "/v1/sign/{profile}": {
        /** Issue a token with a profile */
        post: operations["signToken"];
    };
    "/v1/sign/{profile}/batch": {
        /** Issue up to 100 tokens with a profile */
        post: operations["signTokens"];
    };
    "/v1/verify": {
        /** Verify a token of a profile */
        post: operations["verifyToken"];
    };
    "/v1/diagnose": {
        /** Diagnose a rejected token or the service’s own JWT */
        post: operations["diagnoseToken"];
    };
    "/v1/whoami": {
        /** Identify the calling service */
        get: operations["whoami"];
    };
    "/v1/token-exchange": {
        /** Exchange a workload's token for a short-lived credential of a service that trusts it */
        post: operations["exchangeToken"];
    };
    "/v1/authenticate": {
        /** Authenticate the credentials of another request */
        post: operations["authenticateCaller"];
    };
    "/v1/forward-auth": {
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        get: operations["forwardAuth"];
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        put: operations["forwardAuthPut"];
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        post: operations["forwardAuthPost"];
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        delete: operations["forwardAuthDelete"];
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        options: operations["forwardAuthOptions"];
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        head: operations["forwardAuthHead"];
        /** Check a forwarded request (nginx auth_request, Traefik, Envoy) */
        patch: operations["forwardAuthPatch"];
    };
    "/v1/token/{phone}": {
        /** Issue a token for a phone number with a new transaction id */
        get: operations["getPhoneToken"];
    };
    "/v1/token/{phone}/{xid}": {
        /** Get the token of a transaction; it stays the same until it expires */
        get: operations["getTransactionToken"];
    };
    "/v1/transactions/{xid}": {
        /** Read a transaction, with its token until the token expires */
        get: operations["getTransaction"];
    };
    "/v1/transactions": {
        /** List the transactions of a phone number */
        get: operations["listTransactions"];
    };
    "/v1/system-user-token": {
        /** Sign the stored system user token with the current minute */
        get: operations["getSystemUserToken"];
    };
    "/v1/auth/token": {
        /** Issue a token for the user of an ID token or, for a service, for an anonymous user */
        get: operations["getUserToken"];
        /** Issue a token for a user */
        post: operations["createUserToken"];
        /** Answer the CORS preflight of a page that requests a token */
        options: operations["askForUserToken"];
    };
    "/auth/token": {
        /** Issue a token for a user, at the path in the vendor’s samples */
        get: operations["getUserTokenAtVendorPath"];
        /** Answer the CORS preflight, at the path in the vendor’s samples */
        options: operations["askForUserTokenAtVendorPath"];
    };
    "/v1/licensing/update": {
        /** Update a customer's entitlement with a signed request */
        post: operations["updateLicense"];
    };
    "/v1/api/licensing/update": {
        /** Update an entitlement, at the path in the vendor’s sample */
        post: operations["updateLicenseAtSandboxPath"];
    };
    "/v1/certificates": {
        /** Request a certificate for itself */
        post: operations["requestCertificate"];
    };
    "/v1/certificates/{kid}/renew": {
        /** Renew one of its own certificates */
        post: operations["renewOwnCertificate"];
    };
    "/v1/tenants/{tenantId}/.well-known/jwks.json": {
        /** Read the public keys of the tenant, as a JWK Set */
        get: operations["getJwks"];
    };
    "/v1/tenants/{tenantId}/.well-known/openid-configuration": {
        /** Read the OpenID Connect discovery document of the tenant */
        get: operations["getIssuerMetadata"];
    };
    "/pki/{caId}/ca.crt": {
        /** Download the certificate of an authority */
        get: operations["getAuthorityCertificate"];
    };
    "/pki/{caId}/crl": {
        /** Download the revocation list of an authority */
        get: operations["getCrl"];
    };
    "/pki/{caId}/ocsp": {
        /** Request the status of certificates (RFC 6960) */
        post: operations["askStatus"];
    };
    "/pki/{caId}/ocsp/{request}": {
        /** Request the status of certificates with GET (cacheable) */
        get: operations["getStatus"];
    };
    "/acme/{caId}/directory": {
        /** Read the ACME directory of an authority */
        get: operations["getAcmeDirectory"];
    };
    "/acme/{caId}/new-nonce": {
        /** Get a nonce for the first request */
        get: operations["newAcmeNonce"];
    };
    "/acme/{caId}/new-account": {
        /** Create an account, or find the account of the key */
        post: operations["newAcmeAccount"];
    };
    "/acme/{caId}/accounts/{acmeAccountId}": {
        /** Read, change or deactivate the account that signs the request */
        post: operations["changeAcmeAccountByKey"];
    };
    "/acme/{caId}/accounts/{acmeAccountId}/orders": {
        /** List the orders of the account that signs the request */
        post: operations["listAcmeOrdersByKey"];
    };
    "/acme/{caId}/key-change": {
        /** Replace the key of the account that signs the request */
        post: operations["changeAcmeAccountKey"];
    };
    "/acme/{caId}/new-order": {
        /** Order a certificate */
        post: operations["newAcmeOrder"];
    };
    "/acme/{caId}/orders/{acmeOrderId}": {
        /** Read an order */
        post: operations["getAcmeOrderByKey"];
    };
    "/acme/{caId}/orders/{acmeOrderId}/finalize": {
        /** Send the certificate signing request of an order */
        post: operations["finalizeAcmeOrder"];
    };
    "/acme/{caId}/authorizations/{acmeAuthorizationId}": {
        /** Read or deactivate an authorization */
        post: operations["getAcmeAuthorization"];
    };
    "/acme/{caId}/challenges/{acmeAuthorizationId}/{challenge}": {
        /** Read a challenge, or have it validated */
        post: operations["answerAcmeChallenge"];
    };
    "/acme/{caId}/certificates/{kid}": {
        /** Download the certificate of an order with its issuers */
        post: operations["getAcmeCertificate"];
    };
    "/acme/{caId}/revoke-cert": {
        /** Revoke a certificate with the account that ordered it or with its own key */
        post: operations["revokeAcmeCertificate"];
    };
    "/acme/{caId}/renewal-info/{certificateId}": {
        /** Read when a certificate should be renewed */
        get: operations["getAcmeRenewalInfo"];
    };
    "/v1/acme-bindings": {
        /** Create a key that binds one ACME account to the calling service */
        post: operations["requestAcmeBinding"];
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Liveness: {
            /**
             * @description The process runs
             * @enum {string}
             */
            status: "live";
        };
        Started: {
            /**
             * @description The start is complete: the schema is up to date and requests are accepted
             * @enum {string}
             */
            status: "started";
        };
        Ready: {
            /**
             * @description The process can serve requests
             * @enum {string}
             */
            status: "ready";
            /** @description Result of each check */
            checks: {
                [key: string]: unknown;
            };
            /** @description Degraded features: `sharedRateLimits` while Redis does not answer, `scheduler` while the clock is not confirmed, `keyStores` while a key store does not answer, `history` if signed events are missing or changed */
            degraded: string[];
        };
        AccessToken: {
            /** @description Access token, for `Authorization: Bearer` */
            accessToken: string;
            /**
             * @description Authentication scheme (RFC 6750)
             * @enum {string}
             */
            tokenType: "Bearer";
            /** @description Seconds until the token expires */
            expiresIn: number;
            /** @description Returns the next pair of tokens, once; a second use ends the session. Absent if it is in a cookie */
            refreshToken?: string;
            /** @description Seconds until the session ends if it is not renewed */
            refreshExpiresIn: number;
        };
        SecondFactorRequest: {
            /** @description Factors of the account */
            methods: ("totp" | "passkey" | "recovery_code")[];
            /** @description Options for `navigator.credentials.get`, read with `PublicKeyCredential.parseRequestOptionsFromJSON`; `null` without a passkey */
            passkeyOptions: {
                [key: string]: unknown;
            } | null;
            /** @description Always `true`: the session begins with `POST /v1/auth/login/verify` */
            mfaRequired: boolean;
            /** @description Token for `POST /v1/auth/login/verify`, valid for 5 minutes */
            mfaToken: string;
        };
        LogIn: {
            /**
             * Format: email
             * @description E-mail address of the account
             */
            email: string;
            /**
             * Format: password
             * @description Their password
             */
            password: string;
            /** @description Id or slug of a tenant: selects the account that only this tenant knows, if other accounts have the same address */
            tenant?: string;
            /**
             * @description Where the refresh token is returned: `token`: in the response; `cookie`: in a cookie that scripts cannot read, for pages of this installation
             * @default token
             * @enum {string}
             */
            session?: "token" | "cookie";
        };
        LogInVerification: {
            /** @description The current code of an authenticator app (RFC 6238); each is accepted once */
            totp?: string;
            /**
             * @description What `navigator.credentials.get` answered, by its `toJSON` (WebAuthn)
             * @example {
             *       "id": "ArPXkVSnfg",
             *       "rawId": "ArPXkVSnfg",
             *       "type": "public-key",
             *       "response": {},
             *       "clientExtensionResults": {}
             *     }
             */
            passkey?: {
                [key: string]: unknown;
            };
            /** @description A recovery code, instead of a lost factor; each is accepted once */
            recoveryCode?: string;
            /** @description `mfaToken` of the response of `POST /v1/auth/login` */
            mfaToken: string;
            /**
             * @description Where the refresh token is returned: `token`: in the response; `cookie`: in a cookie that scripts cannot read, for pages of this installation
             * @default token
             * @enum {string}
             */
            session?: "token" | "cookie";
        };
        Renewal: {
            /** @description The refresh token of the session; default: the one in the cookie */
            refreshToken?: string;
        };
        SessionOfUser: {
            /**
             * Format: uuid
             * @description Id of the session
             */
            id: string;
            /** @description Whether it is the session of this request */
            current: boolean;
            /** @description Source address at sign-in */
            sourceAddress: string | null;
            /** @description `User-Agent` at sign-in */
            userAgent: string | null;
            /**
             * Format: uuid
             * @description Id of the identity provider that started it; null for a password
             */
            identityProviderId: string | null;
            /**
             * Format: date-time
             * @description When it was started
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was last renewed
             */
            renewedAt: string;
            /**
             * Format: date-time
             * @description When it ends if it is not renewed
             */
            endsAt: string;
        };
        SessionPage: {
            /** @description The items of this page */
            items: components["schemas"]["SessionOfUser"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        DryRunEvent: {
            /** @description Action of the event */
            action: string;
            /** @description Type of the resource that would change */
            targetType: string;
            /** @description Id of the resource that would change */
            targetId: string;
        };
        DryRunImpact: {
            /** @description The events that the history would record, in their order; empty where nothing would change */
            events: components["schemas"]["DryRunEvent"][];
        };
        ActionDryRun: {
            /** @description Whether the action is allowed */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description The effect */
            impact: components["schemas"]["DryRunImpact"];
        };
        User: {
            /**
             * Format: uuid
             * @description Id of the user
             */
            id: string;
            /**
             * Format: email
             * @description E-mail address for sign-in
             */
            email: string;
            /** @description Name of the user */
            name: string;
            /** @description Whether the address is verified; an unverified account is valid only in the tenant that invited it */
            emailVerified: boolean;
            /** @description Whether the account has a second factor */
            secondFactor: boolean;
        };
        MembershipOfUser: {
            /**
             * Format: uuid
             * @description Id of the tenant
             */
            tenantId: string;
            /** @description Slug of the tenant */
            slug: string;
            /** @description Name of the tenant */
            name: string;
            /**
             * @description State of the tenant
             * @enum {string}
             */
            state: "active" | "suspended" | "deleted";
            /**
             * @description Role of the user in the tenant
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
            /** @description What the role permits in the tenant */
            permissions: ("session:self" | "tenants:list" | "tenants:manage" | "users:manage" | "scheduler:manage" | "platform-identity-providers:manage" | "platform-history:manage" | "platform-audit:read" | "platform-history:erase" | "tenant:read" | "tenant:write" | "members:read" | "members:write" | "members:recover" | "api-tokens:self" | "service-accounts:read" | "service-accounts:write" | "services:read" | "services:write" | "credentials:reveal" | "keys:read" | "keys:write" | "keys:export" | "certificate-authorities:write" | "certificates:read" | "certificates:issue" | "certificates:write" | "acme:read" | "acme:write" | "token-profiles:read" | "token-profiles:write" | "transactions:read" | "licenses:read" | "expirations:read" | "audit:read" | "history:erase" | "identity-providers:read" | "identity-providers:write" | "webhooks:read" | "webhooks:write" | "tokens:sign" | "tokens:verify" | "certificates:request" | "callers:authenticate" | "service:self")[];
            /** @description Whether members need a second factor: without one, everything in the tenant is 403 `SECOND_FACTOR_REQUIRED` */
            requiresSecondFactor: boolean;
        };
        Self: {
            /** @description The user who is signed in */
            user: components["schemas"]["User"];
            /**
             * @description Role in the installation, if any
             * @enum {string|null}
             */
            platformRole: "platform_admin" | null;
            /** @description What this role permits in the installation, and in every tenant */
            platformPermissions: ("session:self" | "tenants:list" | "tenants:manage" | "users:manage" | "scheduler:manage" | "platform-identity-providers:manage" | "platform-history:manage" | "platform-audit:read" | "platform-history:erase" | "tenant:read" | "tenant:write" | "members:read" | "members:write" | "members:recover" | "api-tokens:self" | "service-accounts:read" | "service-accounts:write" | "services:read" | "services:write" | "credentials:reveal" | "keys:read" | "keys:write" | "keys:export" | "certificate-authorities:write" | "certificates:read" | "certificates:issue" | "certificates:write" | "acme:read" | "acme:write" | "token-profiles:read" | "token-profiles:write" | "transactions:read" | "licenses:read" | "expirations:read" | "audit:read" | "history:erase" | "identity-providers:read" | "identity-providers:write" | "webhooks:read" | "webhooks:write" | "tokens:sign" | "tokens:verify" | "certificates:request" | "callers:authenticate" | "service:self")[];
            /** @description The tenants that the user is a member of */
            memberships: components["schemas"]["MembershipOfUser"][];
        };
        PasswordChange: {
            /**
             * Format: password
             * @description The current password
             */
            currentPassword: string;
            /**
             * Format: password
             * @description The new password: 12 to 256 characters
             */
            newPassword: string;
        };
        ResetRequest: {
            /**
             * Format: email
             * @description Address of the account
             */
            email: string;
            /** @description Id or slug of a tenant: selects the account that only this tenant knows, if other accounts have the same address */
            tenant?: string;
        };
        AskedReset: {
            /**
             * Format: email
             * @description The requested address, normalised
             */
            email: string;
        };
        NewPassword: {
            /** @description The token of the reset */
            token: string;
            /**
             * Format: password
             * @description The new password: 12 to 256 characters
             */
            password: string;
        };
        Factor: {
            /**
             * Format: uuid
             * @description Id of the factor
             */
            id: string;
            /**
             * @description `totp`: codes of an authenticator app (RFC 6238); `passkey`: WebAuthn
             * @enum {string}
             */
            kind: "totp" | "passkey";
            /** @description Name by which the user recognises it */
            name: string;
            /**
             * Format: date-time
             * @description When it was enrolled
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was confirmed; it is required from then on
             */
            confirmedAt: string | null;
            /**
             * Format: date-time
             * @description When it was last accepted
             */
            lastUsedAt: string | null;
        };
        FactorList: {
            /** @description The confirmed factors, oldest first */
            items: components["schemas"]["Factor"][];
            /** @description Number of unused recovery codes */
            recoveryCodesLeft: number;
        };
        NewFactor: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /**
             * @description `totp`: codes of an authenticator app (RFC 6238); `passkey`: WebAuthn
             * @enum {string}
             */
            kind: "totp" | "passkey";
            /** @description Name by which the user recognises it */
            name: string;
        };
        TotpSetup: {
            /** @description Secret in Base32, to type into the authenticator app */
            secret: string;
            /** @description The same for a QR code */
            uri: string;
        };
        EnrolledFactor: {
            /** @description The factor, not yet confirmed */
            factor: components["schemas"]["Factor"];
            /** @description Secret for the authenticator app; shown only in this response */
            totp?: components["schemas"]["TotpSetup"];
            /** @description Options for `navigator.credentials.create`, read by `PublicKeyCredential.parseCreationOptionsFromJSON` */
            passkey?: {
                [key: string]: unknown;
            };
        };
        FactorConfirmation: {
            /** @description The current code of an authenticator app (RFC 6238); each is accepted once */
            totp?: string;
            /**
             * @description What `navigator.credentials.create` answered, by its `toJSON` (WebAuthn)
             * @example {
             *       "id": "ArPXkVSnfg",
             *       "rawId": "ArPXkVSnfg",
             *       "type": "public-key",
             *       "response": {},
             *       "clientExtensionResults": {}
             *     }
             */
            passkey?: {
                [key: string]: unknown;
            };
        };
        FactorWithCodes: {
            /** @description The confirmed factor */
            factor: components["schemas"]["Factor"];
            /** @description Recovery codes: each replaces a second factor once; shown only in this response */
            recoveryCodes?: string[];
        };
        StepUp: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
        };
        NewRecoveryCodes: {
            /** @description Recovery codes: each replaces a second factor once; shown only in this response */
            recoveryCodes: string[];
        };
        FreshProof: {
            /** @description The current code of an authenticator app (RFC 6238); each is accepted once */
            totp?: string;
            /**
             * @description What `navigator.credentials.get` answered, by its `toJSON` (WebAuthn)
             * @example {
             *       "id": "ArPXkVSnfg",
             *       "rawId": "ArPXkVSnfg",
             *       "type": "public-key",
             *       "response": {},
             *       "clientExtensionResults": {}
             *     }
             */
            passkey?: {
                [key: string]: unknown;
            };
            /** @description A recovery code, instead of a lost factor; each is accepted once */
            recoveryCode?: string;
            /**
             * Format: password
             * @description The caller's own password
             */
            password?: string;
        };
        StepUpAnswer: {
            /** @description Token for the header `X-Step-Up`, valid in requests of this session */
            stepUpToken: string;
            /** @description Seconds until the token expires */
            expiresIn: number;
        };
        AskedFactor: {
            /** @description Factors of the account */
            methods: ("totp" | "passkey" | "recovery_code")[];
            /** @description Options for `navigator.credentials.get`, read with `PublicKeyCredential.parseRequestOptionsFromJSON`; `null` without a passkey */
            passkeyOptions: {
                [key: string]: unknown;
            } | null;
        };
        NewOwner: {
            /**
             * Format: email
             * @description E-mail address of the owner
             */
            email: string;
            /** @description Name of the owner */
            name: string;
            /**
             * Format: password
             * @description Their first password: 12 to 256 characters
             */
            password: string;
        };
        NewTenant: {
            /** @description Name of the tenant in URLs; cannot be changed */
            slug: string;
            /** @description Name of the tenant */
            name: string;
            /** @description The first owner, with an account that only this tenant knows. If absent, invite an owner afterwards */
            owner?: components["schemas"]["NewOwner"];
        };
        Tenant: {
            /**
             * Format: uuid
             * @description Id of the tenant
             */
            id: string;
            /** @description Can be used in URLs instead of the id */
            slug: string;
            /** @description Name of the tenant */
            name: string;
            /**
             * @description Requests of members and services of a suspended tenant are rejected
             * @enum {string}
             */
            state: "active" | "suspended" | "deleted";
            /** @description `credentialsPerType`: Live credentials per service and auth type (2 to 10). `reveal`: Whether secrets can be shown again: allowed, once, never. `expiryLeadDays`: Days before expiry at which the last active credential gets a successor (1 to 90). `credentialLifetimeDays`: Validity of a successor that Chancery creates, in days; at least twice `expiryLeadDays` (1 to 3650). `inactiveCredentialDays`: Days without use after which an inactive credential is deleted; 0: never (0 to 365). `onLastExpiry`: What happens when the last active credential expires: successor, lapse. `keyDeletionDays`: Days during which a deleted key can be restored (0 to 30). `keyVersions`: Maximum number of key versions that sign, will sign or verify, for all keys together (10 to 2000). `transactionRetentionDays`: Days for which a token transaction is stored (1 to 730). `personalDataRetentionMonths`: Months after which a month's personal fields are erased from the history; 0: never (0 to 240). `historyRetentionDays`: Days after which the events of the history are erased; their hashes and proofs remain; 0: never. A shorter period takes effect after 30 days; the operator sets a minimum (0 to 36500). `historyHold`: Legal hold: prevents erasing events and personal fields of the history. `requireSecondFactor`: Whether members need a second factor to work in the tenant. `passwordSignIn`: Which members may work in the tenant by a session that began with a password; the others sign in by an identity provider: all, owners, none. `admitProviderGroups`: Whether the installation's identity providers can add members through group mappings. `announcementDays`: Days before an expiry or rotation at which it is announced (at most 10 numbers from 1 to 90; none: no announcements). `allowedDnsNames`: DNS names that authorities without their own `domains` certify; if empty, only names under `<slug>.internal` (at most 50: exact names, or `*.` and a domain for every name below it) */
            settings: {
                [key: string]: unknown;
            };
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
        };
        TenantPage: {
            /** @description The items of this page */
            items: components["schemas"]["Tenant"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        TenantChange: {
            /** @description Name of the tenant */
            name?: string;
            /** @description The settings to change; the others keep their values. `credentialsPerType`: Live credentials per service and auth type (2 to 10). `reveal`: Whether secrets can be shown again: allowed, once, never. `expiryLeadDays`: Days before expiry at which the last active credential gets a successor (1 to 90). `credentialLifetimeDays`: Validity of a successor that Chancery creates, in days; at least twice `expiryLeadDays` (1 to 3650). `inactiveCredentialDays`: Days without use after which an inactive credential is deleted; 0: never (0 to 365). `onLastExpiry`: What happens when the last active credential expires: successor, lapse. `keyDeletionDays`: Days during which a deleted key can be restored (0 to 30). `keyVersions`: Maximum number of key versions that sign, will sign or verify, for all keys together (10 to 2000). `transactionRetentionDays`: Days for which a token transaction is stored (1 to 730). `personalDataRetentionMonths`: Months after which a month's personal fields are erased from the history; 0: never (0 to 240). `historyRetentionDays`: Days after which the events of the history are erased; their hashes and proofs remain; 0: never. A shorter period takes effect after 30 days; the operator sets a minimum (0 to 36500). `historyHold`: Legal hold: prevents erasing events and personal fields of the history. `requireSecondFactor`: Whether members need a second factor to work in the tenant. `passwordSignIn`: Which members may work in the tenant by a session that began with a password; the others sign in by an identity provider: all, owners, none. `admitProviderGroups`: Whether the installation's identity providers can add members through group mappings. `announcementDays`: Days before an expiry or rotation at which it is announced (at most 10 numbers from 1 to 90; none: no announcements). `allowedDnsNames`: DNS names that authorities without their own `domains` certify; if empty, only names under `<slug>.internal` (at most 50: exact names, or `*.` and a domain for every name below it) */
            settings?: {
                [key: string]: unknown;
            };
            /**
             * Format: password
             * @description The caller's own password; required, with the permission `history:erase`, for changes that erase parts of the history earlier (a shorter `personalDataRetentionMonths` or `historyRetentionDays`, the end of `historyHold`)
             */
            password?: string;
        };
        NewOwnerInvitation: {
            /**
             * Format: email
             * @description E-mail address of the person who will be the owner
             */
            email: string;
        };
        Invitation: {
            /**
             * Format: uuid
             * @description Id of the invitation
             */
            id: string;
            /**
             * Format: email
             * @description Address of the invited person
             */
            email: string;
            /**
             * @description Role that the person will have
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
            /**
             * @description State
             * @enum {string}
             */
            state: "pending" | "accepted" | "withdrawn" | "expired";
            /**
             * Format: uuid
             * @description Id of the inviter
             */
            invitedBy: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the invitation expires
             */
            expiresAt: string;
        };
        InvitationWithToken: {
            /** @description The invitation */
            invitation: components["schemas"]["Invitation"];
            /** @description Token of the invitation, for the invited person; shown only in this response; absent if it was sent by e-mail */
            token?: string;
        };
        TenantDeletion: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /** @description The slug of the tenant, as a confirmation; required unless it is a dry run */
            confirm?: string;
        };
        NewMember: {
            /**
             * Format: email
             * @description Address of the invited person
             */
            email: string;
            /**
             * @description Below the role of the caller, unless the caller is an owner
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
        };
        Member: {
            /**
             * Format: uuid
             * @description Id of the user
             */
            userId: string;
            /**
             * Format: email
             * @description E-mail address for sign-in
             */
            email: string;
            /** @description Name of the user */
            name: string;
            /**
             * @description Role in this tenant
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
            /** @description Whether the address of the account is verified */
            emailVerified: boolean;
            /** @description Whether the member may work in this tenant; false for an account that only another tenant knows */
            admitted: boolean;
            /**
             * Format: uuid
             * @description Id of the identity provider whose groups set the role at each sign-in; null for an invited member
             */
            identityProviderId: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When the user became a member
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the membership last changed
             */
            updatedAt: string;
        };
        MemberPage: {
            /** @description The items of this page */
            items: components["schemas"]["Member"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        MemberChange: {
            /**
             * @description The new role: below the role of the caller, unless the caller is an owner
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
        };
        EndingApiToken: {
            /**
             * Format: uuid
             * @description Id of the API token
             */
            id: string;
            /** @description Name of the API token */
            name: string;
            /**
             * Format: date-time
             * @description When it was last used
             */
            lastUsedAt: string | null;
        };
        MemberRemovalImpact: {
            /** @description API tokens of the member, which would be rejected */
            apiTokens: components["schemas"]["EndingApiToken"][];
            /** @description Whether all sessions of the account would end: no other tenant knows it */
            sessionsEnd: boolean;
            /** @description Whether the groups of an identity provider make the person a member again at the next sign-in */
            returnsBySignIn: boolean;
        };
        MemberRemovalDryRun: {
            /** @description Whether the removal is allowed */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description The effect */
            impact: components["schemas"]["MemberRemovalImpact"];
        };
        StartedReset: {
            /** @description Token of the reset, for the account's holder; shown only in this response; absent if it was sent by e-mail */
            token?: string;
            /**
             * Format: date-time
             * @description When the token expires
             */
            expiresAt: string;
        };
        InvitationPage: {
            /** @description The items of this page */
            items: components["schemas"]["Invitation"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        InvitationAcceptance: {
            /** @description The token of the invitation */
            token: string;
            /** @description Name of a person without an account; not with a session */
            name?: string;
            /**
             * Format: password
             * @description New password of a person without an account: 12 to 256 characters; not with a session
             */
            password?: string;
        };
        AcceptedMembership: {
            /**
             * Format: uuid
             * @description Id of the user
             */
            userId: string;
            /**
             * Format: email
             * @description E-mail address for sign-in
             */
            email: string;
            /**
             * Format: uuid
             * @description Id of the tenant
             */
            tenantId: string;
            /** @description Slug of the tenant */
            slug: string;
            /**
             * @description Role in the tenant
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
        };
        Account: {
            /**
             * Format: uuid
             * @description Id of the user
             */
            id: string;
            /**
             * Format: email
             * @description E-mail address for sign-in
             */
            email: string;
            /** @description Name of the user */
            name: string;
            /** @description Whether the address is verified */
            emailVerified: boolean;
            /**
             * Format: uuid
             * @description The only tenant that knows the account; null for a verified account
             */
            knownIn: string | null;
            /** @description Whether the user administers the installation */
            platformAdmin: boolean;
            /**
             * Format: date-time
             * @description When the account was created
             */
            createdAt: string;
        };
        AccountPage: {
            /** @description The items of this page */
            items: components["schemas"]["Account"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        NewApiToken: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /** @description Purpose of the token */
            name: string;
            /** @description Permissions of the token, within those of the role of its owner */
            permissions: ("tenant:read" | "tenant:write" | "members:read" | "service-accounts:read" | "services:read" | "services:write" | "credentials:reveal" | "keys:read" | "keys:write" | "keys:export" | "certificate-authorities:write" | "certificates:read" | "certificates:issue" | "certificates:write" | "acme:read" | "acme:write" | "token-profiles:read" | "token-profiles:write" | "transactions:read" | "licenses:read" | "expirations:read" | "audit:read" | "identity-providers:read" | "webhooks:read")[];
            /**
             * Format: date-time
             * @description When it expires: at most 365 days from now
             */
            expiresAt: string;
            /** @description Networks from which it may be used; empty: any */
            allowedCidrs?: string[];
            /**
             * @description Whether it may also make calls that require a password; requires `X-Step-Up` with a second factor
             * @default false
             */
            stepUp?: boolean;
        };
        ApiToken: {
            /**
             * Format: uuid
             * @description Id of the API token
             */
            id: string;
            /** @description Purpose of the token */
            name: string;
            /**
             * Format: uuid
             * @description Id of the user or service account that owns the token
             */
            ownerId: string;
            /**
             * @description Type of the owner
             * @enum {string}
             */
            ownerType: "user" | "service_account";
            /** @description Permissions of the token, within those of the role of its owner */
            permissions: ("tenant:read" | "tenant:write" | "members:read" | "service-accounts:read" | "services:read" | "services:write" | "credentials:reveal" | "keys:read" | "keys:write" | "keys:export" | "certificate-authorities:write" | "certificates:read" | "certificates:issue" | "certificates:write" | "acme:read" | "acme:write" | "token-profiles:read" | "token-profiles:write" | "transactions:read" | "licenses:read" | "expirations:read" | "audit:read" | "identity-providers:read" | "webhooks:read")[];
            /** @description Whether it may make calls that require a password */
            stepUp: boolean;
            /** @description Networks from which it may be used; empty: any */
            allowedCidrs: string[];
            /**
             * @description Whether it can be used
             * @enum {string}
             */
            state: "active" | "revoked" | "expired";
            /** @description The token, masked */
            tokenMasked: string;
            /**
             * Format: uuid
             * @description Id of the user who created it
             */
            createdBy: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was last used, to the minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When a use of it was last rejected
             */
            lastRefusedAt: string | null;
            /** @description How many uses of it were rejected */
            refusedUses: number;
        };
        ApiTokenWithSecret: {
            /** @description The API token */
            apiToken: components["schemas"]["ApiToken"];
            /** @description Secret for `Authorization: Bearer`; shown only in this response */
            token: string;
        };
        ApiTokenPage: {
            /** @description The items of this page */
            items: components["schemas"]["ApiToken"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        NewServiceAccount: {
            /** @description Unique among the service accounts of the tenant */
            name: string;
            /**
             * @description Role: the limit of the permissions of its API tokens
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
        };
        ServiceAccount: {
            /**
             * Format: uuid
             * @description Id of the service account
             */
            id: string;
            /** @description Name of the owner */
            name: string;
            /**
             * @description Role: the limit of the permissions of its API tokens
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
            /**
             * Format: uuid
             * @description Id of the user who created it
             */
            createdBy: string;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
        };
        ServiceAccountPage: {
            /** @description The items of this page */
            items: components["schemas"]["ServiceAccount"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        NewService: {
            /** @description Unique among the services of the tenant */
            name: string;
            /** @description Description */
            description?: string;
            /** @description Names of the granted token profiles; `*` means all */
            profiles?: string[];
            /** @description Allowed source networks; empty: any */
            allowedCidrs?: string[];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
        };
        Service: {
            /**
             * Format: uuid
             * @description Id of the service; the `iss` of the JWTs that it signs itself
             */
            id: string;
            /** @description Unique among the services of the tenant */
            name: string;
            /** @description Description */
            description: string | null;
            /** @description Names of the granted token profiles; `*` means all */
            profiles: string[];
            /** @description Allowed source networks; empty: any */
            allowedCidrs: string[];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When a request last used one of its credentials, exact to a minute
             */
            lastUsedAt: string | null;
        };
        CredentialWithSecret: {
            /**
             * Format: uuid
             * @description Id of the credential
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /**
             * @description How the service authenticates
             * @enum {string}
             */
            authType: "service_key" | "jwt";
            /**
             * @description State; only active credentials are accepted
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /** @description A name for people */
            name: string | null;
            /** @description The masked secret */
            secretMasked: string;
            /** @description SHA-256 of the secret, hexadecimal */
            fingerprint: string;
            /**
             * Format: uuid
             * @description The credential that it replaces
             */
            replaces: string | null;
            /**
             * Format: uuid
             * @description Its successor
             */
            replacedBy: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When it expires; null: never
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description When it is discarded because it has a successor
             */
            overlapEndsAt: string | null;
            /**
             * Format: date-time
             * @description When a request last used it, exact to a minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When a request with it was last rejected because it was discarded, expired or compromised, or sent from a wrong address
             */
            lastRefusedAt: string | null;
            /** @description Number of rejected requests with this credential, exact to a few seconds */
            refusedUses: number;
            /**
             * Format: date-time
             * @description When its secret was last shown
             */
            revealedAt: string | null;
            /**
             * Format: date-time
             * @description When it was discarded
             */
            discardedAt: string | null;
            /**
             * Format: date-time
             * @description When it was marked as compromised
             */
            compromisedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted and its secret erased
             */
            deletedAt: string | null;
            /** @description The secret itself: store it now */
            secret: string;
        };
        CreatedService: {
            /** @description The new service */
            service: components["schemas"]["Service"];
            /** @description Its service key, for `X-Service-Key` */
            serviceKey: components["schemas"]["CredentialWithSecret"];
            /** @description The secret with which it signs its own JWTs (HS256) */
            jwtCredential: components["schemas"]["CredentialWithSecret"];
        };
        ServicePage: {
            /** @description The items of this page */
            items: components["schemas"]["Service"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        ServiceChange: {
            /** @description Unique among the services of the tenant */
            name?: string;
            /** @description Description */
            description?: string | null;
            /** @description Names of the granted token profiles; `*` means all */
            profiles?: string[];
            /** @description Allowed source networks; empty: any */
            allowedCidrs?: string[];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
        };
        ServiceDeletionImpact: {
            /** @description Credentials that are active or inactive, whose secrets would be erased */
            liveCredentials: number;
            /**
             * Format: date-time
             * @description When a request last used one of them, exact to a minute
             */
            lastUsedAt: string | null;
        };
        ServiceDeletionDryRun: {
            /** @description Whether the deletion is allowed */
            allowed: boolean;
            /** @description The effect */
            impact: components["schemas"]["ServiceDeletionImpact"];
        };
        Credential: {
            /**
             * Format: uuid
             * @description Id of the credential
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /**
             * @description How the service authenticates
             * @enum {string}
             */
            authType: "service_key" | "jwt";
            /**
             * @description State; only active credentials are accepted
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /** @description A name for people */
            name: string | null;
            /** @description The masked secret */
            secretMasked: string;
            /** @description SHA-256 of the secret, hexadecimal */
            fingerprint: string;
            /**
             * Format: uuid
             * @description The credential that it replaces
             */
            replaces: string | null;
            /**
             * Format: uuid
             * @description Its successor
             */
            replacedBy: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When it expires; null: never
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description When it is discarded because it has a successor
             */
            overlapEndsAt: string | null;
            /**
             * Format: date-time
             * @description When a request last used it, exact to a minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When a request with it was last rejected because it was discarded, expired or compromised, or sent from a wrong address
             */
            lastRefusedAt: string | null;
            /** @description Number of rejected requests with this credential, exact to a few seconds */
            refusedUses: number;
            /**
             * Format: date-time
             * @description When its secret was last shown
             */
            revealedAt: string | null;
            /**
             * Format: date-time
             * @description When it was discarded
             */
            discardedAt: string | null;
            /**
             * Format: date-time
             * @description When it was marked as compromised
             */
            compromisedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted and its secret erased
             */
            deletedAt: string | null;
            /** @description Actions that the state permits */
            allowedActions: ("reveal" | "discard" | "reactivate" | "regenerate" | "compromise" | "update" | "delete")[];
            /** @description All other actions, with the error code */
            blockedActions: {
                [key: string]: unknown;
            };
        };
        CredentialPage: {
            /** @description The items of this page */
            items: components["schemas"]["Credential"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        NewCredential: {
            /**
             * @description How the service authenticates
             * @enum {string}
             */
            authType: "service_key" | "jwt";
            /** @description A name for people */
            name?: string;
            /**
             * Format: date-time
             * @description When it expires; null: never
             */
            expiresAt?: string | null;
        };
        RevealedSecret: {
            /** @description The secret itself */
            secret: string;
        };
        CredentialDryRunImpact: {
            /**
             * @description State of the credential afterwards
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /** @description Active credentials of its type afterwards */
            activeAfter: number;
            /** @description Inactive credentials of its type afterwards */
            inactiveAfter: number;
            /** @description Whether a successor would be created */
            successor: boolean;
            /**
             * Format: date-time
             * @description When it was last used
             */
            lastUsedAt: string | null;
        };
        CredentialDryRun: {
            /** @description Whether the action is allowed */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description The state afterwards */
            impact: components["schemas"]["CredentialDryRunImpact"];
        };
        Regeneration: {
            /**
             * @description Seconds for which the old credential remains active, at most until its own expiry
             * @default 0
             */
            overlapSeconds?: number;
            /**
             * Format: date-time
             * @description Expiry of the successor; null: never; absent: the same lifetime as the old credential
             */
            expiresAt?: string | null;
            /**
             * @description Delete the inactive credential of the type first
             * @default false
             */
            deleteInactive?: boolean;
            /**
             * Format: password
             * @description The caller's own password; required with `deleteInactive`
             */
            password?: string;
        };
        RegeneratedCredential: {
            /**
             * Format: uuid
             * @description Id of the credential
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /**
             * @description How the service authenticates
             * @enum {string}
             */
            authType: "service_key" | "jwt";
            /**
             * @description State; only active credentials are accepted
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /** @description A name for people */
            name: string | null;
            /** @description The masked secret */
            secretMasked: string;
            /** @description SHA-256 of the secret, hexadecimal */
            fingerprint: string;
            /**
             * Format: uuid
             * @description The credential that it replaces
             */
            replaces: string | null;
            /**
             * Format: uuid
             * @description Its successor
             */
            replacedBy: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When it expires; null: never
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description When the credential that it replaces is discarded
             */
            overlapEndsAt: string | null;
            /**
             * Format: date-time
             * @description When a request last used it, exact to a minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When a request with it was last rejected because it was discarded, expired or compromised, or sent from a wrong address
             */
            lastRefusedAt: string | null;
            /** @description Number of rejected requests with this credential, exact to a few seconds */
            refusedUses: number;
            /**
             * Format: date-time
             * @description When its secret was last shown
             */
            revealedAt: string | null;
            /**
             * Format: date-time
             * @description When it was discarded
             */
            discardedAt: string | null;
            /**
             * Format: date-time
             * @description When it was marked as compromised
             */
            compromisedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted and its secret erased
             */
            deletedAt: string | null;
            /** @description The secret itself: store it now */
            secret: string;
        };
        CompromisedCredential: {
            /**
             * Format: uuid
             * @description Id of the credential
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /**
             * @description How the service authenticates
             * @enum {string}
             */
            authType: "service_key" | "jwt";
            /**
             * @description State; only active credentials are accepted
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /** @description A name for people */
            name: string | null;
            /** @description The masked secret */
            secretMasked: string;
            /** @description SHA-256 of the secret, hexadecimal */
            fingerprint: string;
            /**
             * Format: uuid
             * @description The credential that it replaces
             */
            replaces: string | null;
            /**
             * Format: uuid
             * @description Its successor
             */
            replacedBy: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When it expires; null: never
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description When it is discarded because it has a successor
             */
            overlapEndsAt: string | null;
            /**
             * Format: date-time
             * @description When a request last used it, exact to a minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When a request with it was last rejected because it was discarded, expired or compromised, or sent from a wrong address
             */
            lastRefusedAt: string | null;
            /** @description Number of rejected requests with this credential, exact to a few seconds */
            refusedUses: number;
            /**
             * Format: date-time
             * @description When its secret was last shown
             */
            revealedAt: string | null;
            /**
             * Format: date-time
             * @description When it was discarded
             */
            discardedAt: string | null;
            /**
             * Format: date-time
             * @description When it was marked as compromised
             */
            compromisedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted and its secret erased
             */
            deletedAt: string | null;
            /** @description The successor that was created because the last active credential was compromised */
            successor?: components["schemas"]["CredentialWithSecret"];
        };
        Compromise: {
            /** @description Reason, recorded in the history */
            reason?: string;
        };
        CredentialChange: {
            /** @description A name for people */
            name?: string | null;
            /**
             * Format: date-time
             * @description When it expires; null: never
             */
            expiresAt?: string | null;
        };
        RejectedCredential: {
            /**
             * Format: uuid
             * @description The credential
             */
            credentialId: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /** @description Code of the reason why the credential was not rotated */
            code: string;
        };
        CredentialRotationImpact: {
            /** @description Number of selected credentials */
            total: number;
            /** @description Number of credentials that would be rotated immediately */
            rotated: number;
            /** @description Number of credentials that would wait for the end of an overlap */
            waiting: number;
            /** @description Credentials that would be rejected */
            rejected: components["schemas"]["RejectedCredential"][];
        };
        CredentialRotationDryRun: {
            /** @description Whether any credential would be rotated */
            allowed: boolean;
            /** @description The effect */
            impact: components["schemas"]["CredentialRotationImpact"];
        };
        RotationFilter: {
            /**
             * @description Only those of this type
             * @enum {string}
             */
            authType?: "service_key" | "jwt";
            /**
             * Format: uuid
             * @description Only those of this service
             */
            serviceId?: string;
            /**
             * Format: email
             * @description Only those of services with this contact address; the newest thousand services
             */
            owner?: string;
            /** @description Only those with this name */
            name?: string;
            /** @description Only those that expire before this time; a date is the start of that day in UTC */
            expiresBefore?: unknown | unknown;
            /** @description Only those created before this time; a date is the start of that day in UTC */
            createdBefore?: unknown | unknown;
            /** @description Only those without use since this time; one that was never used counts from its creation */
            unusedSince?: unknown | unknown;
        };
        NewCredentialRotation: {
            /** @description Filter of active credentials; an empty object selects all of the tenant */
            filter: components["schemas"]["RotationFilter"];
            /**
             * @description Seconds for which each old credential remains active, at most until its own expiry
             * @default 0
             */
            overlapSeconds?: number;
            /**
             * @description Delete the inactive credential of the type first; waits for the end of an overlap
             * @default false
             */
            deleteInactive?: boolean;
            /**
             * Format: password
             * @description The caller's own password; required with `deleteInactive`
             */
            password?: string;
            /**
             * @description Dry run: report the effect, change nothing
             * @default false
             */
            dryRun?: boolean;
        };
        AppliedRotationFilter: {
            /**
             * @description Only those of this type
             * @enum {string}
             */
            authType?: "service_key" | "jwt";
            /**
             * Format: uuid
             * @description Only those of this service
             */
            serviceId?: string;
            /**
             * Format: email
             * @description Only those of services with this contact
             */
            owner?: string;
            /** @description Only those with this name */
            name?: string;
            /**
             * Format: date-time
             * @description Only those that expire before this time
             */
            expiresBefore?: string;
            /**
             * Format: date-time
             * @description Only those created before this time
             */
            createdBefore?: string;
            /**
             * Format: date-time
             * @description Only those without use since this time
             */
            unusedSince?: string;
        };
        CredentialRotation: {
            /**
             * Format: uuid
             * @description Id of the rotation
             */
            id: string;
            /**
             * @description Running until each credential is rotated or rejected
             * @enum {string}
             */
            state: "running" | "completed" | "cancelled";
            /** @description Filter of the request */
            filter: components["schemas"]["AppliedRotationFilter"];
            /**
             * @description Seconds for which each old credential remains active, at most until its own expiry
             * @default 0
             */
            overlapSeconds: number;
            /** @description Whether inactive credentials are deleted to make room */
            deleteInactive: boolean;
            /** @description Number of selected credentials */
            total: number;
            /** @description Number of credentials that have a successor */
            rotated: number;
            /** @description Number of rejected credentials */
            rejected: number;
            /**
             * Format: uuid
             * @description The member or service account who requested it
             */
            requestedBy: string;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was requested
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it was completed or cancelled
             */
            endedAt: string | null;
        };
        CredentialRotationPage: {
            /** @description The items of this page */
            items: components["schemas"]["CredentialRotation"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        CredentialRotationItem: {
            /**
             * Format: uuid
             * @description The credential that is replaced
             */
            credentialId: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /**
             * @description Whether it has a successor
             * @enum {string}
             */
            state: "pending" | "rotated" | "rejected";
            /**
             * Format: uuid
             * @description Its successor; read the secret with `reveal`
             */
            successorId: string | null;
            /** @description Code of the reason why the credential was not rotated */
            code: string | null;
            /**
             * Format: date-time
             * @description When it is tried next, while it is pending
             */
            dueAt: string | null;
            /**
             * Format: date-time
             * @description When it was rotated or rejected
             */
            finishedAt: string | null;
        };
        CredentialRotationItemPage: {
            /** @description The items of this page */
            items: components["schemas"]["CredentialRotationItem"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        LeakRequest: {
            /** @description The string to check; it is not stored */
            secret: string;
            /**
             * @description Revoke what is found: marks a credential as compromised, expires a workload's credential, revokes an API token
             * @default false
             */
            compromise?: boolean;
        };
        LeakedCredential: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            serviceId: string;
            /** @enum {string} */
            authType: "service_key" | "jwt" | "workload";
            /**
             * @description Its state after this call
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /** Format: date-time */
            lastUsedAt: string | null;
        };
        LeakedApiToken: {
            /** Format: uuid */
            id: string;
            name: string;
            /**
             * @description Its state after this call
             * @enum {string}
             */
            state: "active" | "revoked" | "expired";
            /** Format: date-time */
            lastUsedAt: string | null;
        };
        LeakAnswer: {
            /** @description Whether the string is, or was, a credential or an API token of this tenant */
            found: boolean;
            credential?: components["schemas"]["LeakedCredential"];
            /**
             * Format: uuid
             * @description The successor that was created because the last active credential was compromised; reveal it to use it
             */
            successorId?: string;
            apiToken?: components["schemas"]["LeakedApiToken"];
        };
        NewKey: {
            /** @description Unique among the keys of the tenant */
            name: string;
            /**
             * @description JOSE name of the algorithm
             * @enum {string}
             */
            algorithm: "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "HS256" | "HS384" | "HS512" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87";
            /** @description RSA only: 2048, 3072, 4096; 3072 by default */
            modulusBits?: number;
            /** @description The same as `modulusBits` */
            size?: number;
            /**
             * @description Whether the private key can be exported
             * @default false
             */
            exportable?: boolean;
            /** @description Rotation period in seconds */
            rotateEverySeconds?: number;
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
            /** @description Key store in which the private keys of all versions are created; they never leave it */
            keyStore?: string;
        };
        KeyVersion: {
            /** @description Key ID (`kid`) */
            kid: string;
            /** @description Version number */
            number: number;
            /**
             * @description The active one signs; pending, active and retired ones are published
             * @enum {string}
             */
            state: "pending" | "active" | "retired" | "destroyed" | "compromised";
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it starts to sign
             */
            activatesAt: string | null;
            /**
             * Format: date-time
             * @description When it started to sign
             */
            activatedAt: string | null;
            /**
             * Format: date-time
             * @description When its successor takes over
             */
            retiresAt: string | null;
            /**
             * Format: date-time
             * @description When it stopped signing
             */
            retiredAt: string | null;
            /**
             * Format: date-time
             * @description When it was marked as compromised
             */
            compromisedAt: string | null;
            /**
             * Format: date-time
             * @description When its private key was destroyed
             */
            destroyedAt: string | null;
            /**
             * Format: date-time
             * @description When the last token that it signed expires
             */
            lastTokenExpiresAt: string | null;
            /** @description The public key as in the JWKS (RFC 7517); null for a shared secret */
            publicJwk: {
                [key: string]: unknown;
            } | null;
        };
        KeyDetails: {
            /**
             * Format: uuid
             * @description Id of the key
             */
            id: string;
            /** @description Unique among the keys of the tenant */
            name: string;
            /**
             * @description State; a deleted key can be restored for a limited time
             * @enum {string}
             */
            state: "active" | "deleted" | "destroyed";
            /**
             * @description JOSE name of the algorithm
             * @enum {string}
             */
            algorithm: "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "HS256" | "HS384" | "HS512" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87";
            /** @description RSA only: 2048, 3072, 4096; 3072 by default */
            modulusBits: number | null;
            /**
             * @description Encoding of an imported secret
             * @enum {string|null}
             */
            secretEncoding: "text" | "base64" | null;
            /**
             * @description Origin
             * @enum {string}
             */
            origin: "generated" | "imported";
            /** @description Key store of its private keys; null if they are sealed in the database */
            keyStore: string | null;
            /** @description Whether the private key can be exported */
            exportable: boolean;
            /** @description Weaker than the current minimum; imported */
            weak: boolean;
            /** @description Rotation period in seconds */
            rotateEverySeconds: number | null;
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When its next version will be published
             */
            nextRotationAt: string | null;
            /**
             * Format: date-time
             * @description When a token was last signed with it, exact to a minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted
             */
            deletedAt: string | null;
            /**
             * Format: date-time
             * @description Until when a deleted key can be restored
             */
            destroysAt: string | null;
            /** @description Newest first */
            versions: components["schemas"]["KeyVersion"][];
        };
        Key: {
            /**
             * Format: uuid
             * @description Id of the key
             */
            id: string;
            /** @description Unique among the keys of the tenant */
            name: string;
            /**
             * @description State; a deleted key can be restored for a limited time
             * @enum {string}
             */
            state: "active" | "deleted" | "destroyed";
            /**
             * @description JOSE name of the algorithm
             * @enum {string}
             */
            algorithm: "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "HS256" | "HS384" | "HS512" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87";
            /** @description RSA only: 2048, 3072, 4096; 3072 by default */
            modulusBits: number | null;
            /**
             * @description Encoding of an imported secret
             * @enum {string|null}
             */
            secretEncoding: "text" | "base64" | null;
            /**
             * @description Origin
             * @enum {string}
             */
            origin: "generated" | "imported";
            /** @description Key store of its private keys; null if they are sealed in the database */
            keyStore: string | null;
            /** @description Whether the private key can be exported */
            exportable: boolean;
            /** @description Weaker than the current minimum; imported */
            weak: boolean;
            /** @description Rotation period in seconds */
            rotateEverySeconds: number | null;
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When its next version will be published
             */
            nextRotationAt: string | null;
            /**
             * Format: date-time
             * @description When a token was last signed with it, exact to a minute
             */
            lastUsedAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted
             */
            deletedAt: string | null;
            /**
             * Format: date-time
             * @description Until when a deleted key can be restored
             */
            destroysAt: string | null;
        };
        KeyPage: {
            /** @description The items of this page */
            items: components["schemas"]["Key"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        UsingService: {
            /**
             * Format: uuid
             * @description Id of the service
             */
            id: string;
            /** @description Its name */
            name: string;
        };
        KeyUse: {
            /** @description Key ID (`kid`) of the tokens */
            kid: string;
            /** @description Name of the token profile */
            profile: string;
            /** @description The requesting service; null for users that the profile admits */
            service: components["schemas"]["UsingService"] | null;
            /** @description How many tokens were signed */
            tokens: number;
            /**
             * Format: date-time
             * @description When the first one was signed
             */
            firstUsedAt: string;
            /**
             * Format: date-time
             * @description When the last one was signed, exact to a minute
             */
            lastUsedAt: string;
        };
        KeyUserList: {
            /** @description Uses in the last 400 days, latest first */
            uses: components["schemas"]["KeyUse"][];
            /** @description Names of the token profiles that sign with it */
            profiles: string[];
            /** @description Names of the services that may request their tokens */
            services: string[];
            /** @description Key IDs (`kid`) of its certificates that are not revoked */
            certificates: string[];
            /** @description Ids of the authorities with this key, and of the authorities below them */
            authorities: string[];
        };
        KeyChange: {
            /** @description Unique among the keys of the tenant */
            name?: string;
            /** @description null: manual rotation only */
            rotateEverySeconds?: number | null;
            /** @description false: the private key can no longer be exported; cannot be set to true again */
            exportable?: boolean;
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
        };
        KeyImpact: {
            /** @description Token profiles that sign with the key */
            profiles: string[];
            /** @description Services that were granted one of them */
            services: string[];
            /**
             * Format: date-time
             * @description When the last signed token expires
             */
            lastTokenExpiresAt: string | null;
            /** @description `kid`s of the certificates of the key, which a compromise revokes */
            certificates?: string[];
            /** @description The authorities with the key, and those below them, which a compromise revokes together with their certificates */
            authorities?: string[];
            /** @description `kid`s of other versions with the same key, which a compromise marks as well */
            keyVersions?: string[];
            /** @description Whether no service and no unexpired token is affected */
            safeNow: boolean;
        };
        KeyDryRun: {
            /** @description Whether the action is allowed */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description Dependent resources */
            impact: components["schemas"]["KeyImpact"];
        };
        Rotation: {
            /**
             * @description Proceed although other resources depend on it; requires `password`
             * @default false
             */
            force?: boolean;
            /**
             * Format: password
             * @description The caller's own password; required with `force`
             */
            password?: string;
            /**
             * @description Activate immediately instead of waiting for JWKS caches to refresh
             * @default false
             */
            immediately?: boolean;
        };
        ForcedAction: {
            /**
             * @description Proceed although other resources depend on it; requires `password`
             * @default false
             */
            force?: boolean;
            /**
             * Format: password
             * @description The caller's own password; required with `force`
             */
            password?: string;
        };
        KeyCompromise: {
            /** @description Reason, recorded in the history */
            reason?: string;
        };
        ForcedStepUp: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /**
             * @description Proceed although other resources depend on it
             * @default false
             */
            force?: boolean;
        };
        KeyToImport: {
            /** @description Unique among the keys of the tenant */
            name: string;
            /**
             * @description JOSE name of the algorithm
             * @enum {string}
             */
            algorithm: "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "HS256" | "HS384" | "HS512" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87";
            /**
             * @description `pem`: PKCS#8, PKCS#1 or SEC 1 in PEM, encrypted or not; exported as encrypted PKCS#8; `jwk`: JSON Web Key; `rsa-xml`: RSAKeyValue of .NET; `pkcs12`: PKCS#12 in Base64; exported without a certificate; `secret`: A shared secret whose bytes are those of the text (UTF-8); `secret-base64`: A shared secret in Base64, which is decoded before use
             * @enum {string}
             */
            format: "pem" | "jwk" | "rsa-xml" | "pkcs12" | "secret" | "secret-base64";
            /** @description The key file as text (`pkcs12` in Base64); a `jwk` also as an object */
            data: string | {
                [key: string]: unknown;
            };
            /**
             * Format: password
             * @description The passphrase of the key file, if it is encrypted
             */
            password?: string;
            /**
             * @description Whether the private key can be exported
             * @default false
             */
            exportable?: boolean;
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
        };
        KeyExportRequest: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /**
             * @description `pem`: PKCS#8, PKCS#1 or SEC 1 in PEM, encrypted or not; exported as encrypted PKCS#8; `jwk`: JSON Web Key; `rsa-xml`: RSAKeyValue of .NET; `pkcs12`: PKCS#12 in Base64; exported without a certificate; `secret`: A shared secret whose bytes are those of the text (UTF-8); `secret-base64`: A shared secret in Base64, which is decoded before use
             * @enum {string}
             */
            format: "pem" | "jwk" | "rsa-xml" | "pkcs12" | "secret" | "secret-base64";
            /**
             * Format: password
             * @description Passphrase that encrypts the file: at least 8 characters; needed for `pem` and `pkcs12`
             */
            passphrase?: string;
        };
        ExportedKey: {
            /** @description Key ID (`kid`) of the version */
            kid: string;
            /**
             * @description `pem`: PKCS#8, PKCS#1 or SEC 1 in PEM, encrypted or not; exported as encrypted PKCS#8; `jwk`: JSON Web Key; `rsa-xml`: RSAKeyValue of .NET; `pkcs12`: PKCS#12 in Base64; exported without a certificate; `secret`: A shared secret whose bytes are those of the text (UTF-8); `secret-base64`: A shared secret in Base64, which is decoded before use
             * @enum {string}
             */
            format: "pem" | "jwk" | "rsa-xml" | "pkcs12" | "secret" | "secret-base64";
            /** @description The private key or shared secret, in a form that the import accepts; `pkcs12` contains no certificate */
            data: string;
        };
        Subject: {
            commonName: string;
            organizationName?: string;
            organizationalUnitName?: string;
            localityName?: string;
            stateOrProvinceName?: string;
            countryName?: string;
        };
        KeyRequest: {
            /** @description The subject of the request */
            subject: components["schemas"]["Subject"];
        };
        KeyRequestAnswer: {
            /** @description PKCS#10 request in PEM, to send to the vendor */
            csr: string;
        };
        KeyCertificateRequest: {
            /** @description The vendor's certificate: one PEM block */
            certificate: string;
            /** @description The kid that the vendor assigned */
            kid: string;
        };
        KeyCertificate: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            keyId: string;
            /** @description Key ID of the certificate, for `certificateKid` of a token profile */
            kid: string;
            /** @enum {string} */
            state: "active" | "expired";
            certificate: string;
            serialNumber: string;
            subject: string;
            issuer: string;
            /** Format: date-time */
            notBefore: string;
            /** Format: date-time */
            notAfter: string;
            /** Format: date-time */
            createdAt: string;
        };
        KeyCertificatePage: {
            /** @description The items of this page */
            items: components["schemas"]["KeyCertificate"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        KeyStore: {
            /** @description Its name: `keyStore` of new keys and certificate authorities */
            name: string;
            /**
             * @description Kind of the key store
             * @enum {string}
             */
            type: "pkcs11" | "transit" | "aws-kms" | "gcp-kms";
            /** @description Whether it answered the last call; null if this process has not called it yet */
            answers: boolean | null;
        };
        KeyStoreList: {
            /** @description The key stores, in the order of the configuration */
            items: components["schemas"]["KeyStore"][];
        };
        ConstrainedName: {
            /**
             * @description Kind of the name
             * @enum {string}
             */
            kind: "dns" | "email" | "ip";
            /** @description A domain, or an address range */
            value: string;
        };
        NameConstraintsField: {
            /** @description Every name of these kinds must be within one of these */
            permitted?: components["schemas"]["ConstrainedName"][];
            /** @description No name may be within one of these */
            excluded?: components["schemas"]["ConstrainedName"][];
        };
        NamePolicyField: {
            /** @description Attributes that a subject may have in addition to its common name */
            subjectAttributes?: ("commonName" | "surname" | "serialNumber" | "countryName" | "localityName" | "stateOrProvinceName" | "organizationName" | "organizationalUnitName" | "givenName" | "emailAddress" | "domainComponent")[];
            /** @description Permitted types of subject alternative names; default: `dns` */
            sanKinds?: ("dns" | "email" | "uri" | "ip" | "directory" | "other")[];
            /** @description Whether names may begin with `*.` */
            wildcards?: boolean;
            /** @description Whether the first alternative name becomes the common name of a request without one */
            commonNameFromSan?: boolean;
            /** @description If given, every DNS name must be one of these domains or a subdomain of one; otherwise the tenant's setting `allowedDnsNames` applies */
            domains?: string[];
            /** @description If given, every IP address must be in one of these networks; required to certify addresses through ACME */
            networks?: string[];
        };
        IssuingProfileField: {
            /**
             * @description How the `kid` is created: random, or the hexadecimal hash of the DER
             * @default uuid
             * @enum {string}
             */
            kid?: "uuid" | "sha1-der" | "sha256-der";
            /** @description Default validity in days */
            validityDays?: number;
            /** @description Maximum validity in days */
            validityDaysMax?: number;
            /** @description Names that certificates may have */
            names?: components["schemas"]["NamePolicyField"];
            /** @description Purposes of its certificates (RFC 5280 §4.2.1.12); default: `clientAuth`. Each certificate has all of them */
            extendedKeyUsage?: ("clientAuth" | "serverAuth" | "emailProtection" | "codeSigning")[];
            /** @description Whether a key may have several valid certificates */
            keyReuse?: boolean;
        };
        NewCertificateAuthority: {
            /** @description Unique among the authorities of the tenant */
            name: string;
            /** @description Subject name; required unless imported */
            subject?: components["schemas"]["Subject"];
            /**
             * @description Key type; JOSE names mean RSA-3072, P-256 and P-384
             * @default P-256
             * @enum {string}
             */
            keyAlgorithm?: "RSA-2048" | "RSA-3072" | "RSA-4096" | "P-256" | "P-384" | "RS256" | "ES256" | "ES384";
            /** @description Key store in which its private key is created; it never leaves it */
            keyStore?: string;
            /** @description Validity of its certificate in days; default: ten years; ends with the issuer's validity at the latest */
            validityDays?: number;
            /**
             * Format: uuid
             * @description Issuing CA; omit for a root
             */
            parentId?: string;
            /**
             * @description Whether an issuer outside this server, such as an offline root, issues its certificate. The authority is `pending` with a `csr` until the certificate is uploaded
             * @default false
             */
            externalIssuer?: boolean;
            /** @description Path length constraint; default: one less than that of the parent */
            pathLength?: number;
            /** @description RFC 5280 §4.2.1.10 */
            nameConstraints?: components["schemas"]["NameConstraintsField"];
            /** @description Rules for issued certificates */
            profile?: components["schemas"]["IssuingProfileField"];
            /** @description Sets the tenant's setting `allowedDnsNames` together with its first authority. Otherwise only names under `<slug>.internal` are certified until the setting is changed */
            allowedDnsNames?: string[];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
            /** @description To import: its certificate, followed by those of its issuers */
            certificatePem?: string;
            /** @description To import: its private key in PEM */
            key?: string;
            /** @description To import: the passphrase of an encrypted key */
            passphrase?: string;
        };
        CertificateAuthority: {
            /**
             * Format: uuid
             * @description Id of the authority
             */
            id: string;
            /** @description Unique among the authorities of the tenant */
            name: string;
            /**
             * @description State; only active authorities issue
             * @enum {string}
             */
            state: "pending" | "active" | "revoked" | "expired";
            /** @description Whether it is the default issuer */
            isDefault: boolean;
            /**
             * @description Origin of its key
             * @enum {string}
             */
            origin: "generated" | "imported";
            /**
             * Format: uuid
             * @description The authority that issued it
             */
            parentId: string | null;
            /**
             * @description Type of its key
             * @enum {string}
             */
            keyAlgorithm: "RSA-2048" | "RSA-3072" | "RSA-4096" | "P-256" | "P-384";
            /** @description Key store of its private key; null if it is sealed in the database */
            keyStore: string | null;
            /** @description RFC 4514 */
            subject: string;
            /** @description RFC 4514; null if it has no certificate yet */
            issuer: string | null;
            /** @description Hexadecimal; null if it has no certificate yet */
            serialNumber: string | null;
            /** @description Path length constraint: how many subordinate authorities may follow */
            pathLength: number | null;
            /** @description RFC 5280 §4.2.1.10 */
            nameConstraints: components["schemas"]["NameConstraintsField"] | null;
            /** @description Rules for issued certificates */
            profile: components["schemas"]["IssuingProfileField"];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
            /** @description PKCS#10 request for its external issuer, also for a renewal; null if it was created otherwise */
            csr: string | null;
            /** @description Its certificate; null if it has none yet */
            certificate: string | null;
            /**
             * Format: date-time
             * @description Start of the validity; null if it has no certificate yet
             */
            notBefore: string | null;
            /**
             * Format: date-time
             * @description End of the validity; until then the certificate of a pending authority can be uploaded
             */
            notAfter: string;
            /**
             * @description Revocation reason
             * @enum {string|null}
             */
            revocationReason: "unspecified" | "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "certificateHold" | "privilegeWithdrawn" | "aACompromise" | null;
            /**
             * Format: date-time
             * @description When it was revoked
             */
            revokedAt: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
        };
        CertificateAuthorityPage: {
            /** @description The items of this page */
            items: components["schemas"]["CertificateAuthority"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        ContactsChange: {
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
        };
        AuthorityCertificateImpact: {
            /** @description RFC 4514 */
            subject: string;
            /** @description RFC 4514 */
            issuer: string;
            /** @description Hexadecimal */
            serialNumber: string;
            /**
             * Format: date-time
             * @description Start of the validity
             */
            notBefore: string;
            /**
             * Format: date-time
             * @description End of the validity
             */
            notAfter: string;
            /** @description How many subordinate authorities the chain permits */
            pathLength: number | null;
            /** @description Serial number of the certificate that it would replace; null for the first one and for the same one */
            replacedSerialNumber: string | null;
        };
        AuthorityCertificateDryRun: {
            /** @description Whether the certificate is accepted */
            allowed: boolean;
            /** @description What it says */
            impact: components["schemas"]["AuthorityCertificateImpact"];
        };
        AuthorityCertificate: {
            /** @description Its certificate, followed by those of its issuers */
            certificatePem: string;
        };
        CrlState: {
            /** @description CRL number (RFC 5280 §5.2.3) */
            number: number;
            /**
             * Format: date-time
             * @description When it was signed
             */
            thisUpdate: string;
            /**
             * Format: date-time
             * @description When it ends
             */
            nextUpdate: string;
            /** @description Size in bytes */
            bytes: number;
            /** @description Whether the next one must be signed */
            isDue: boolean;
        };
        OcspSignerState: {
            /** @description Serial number of its certificate, hexadecimal */
            serialNumber: string;
            /**
             * Format: date-time
             * @description Start of its validity
             */
            notBefore: string;
            /**
             * Format: date-time
             * @description End of its validity; it is replaced earlier
             */
            notAfter: string;
        };
        OcspAnswerState: {
            /**
             * Format: date-time
             * @description When it was returned
             */
            answeredAt: string;
            /** @description The statuses that it contains */
            statuses: string;
        };
        CertificateAuthorityStatus: {
            /** @description The published list; null before the first one */
            crl: components["schemas"]["CrlState"] | null;
            /** @description The delegated OCSP responder (RFC 6960 §4.2.2.2); null before the first request */
            ocspSigner: components["schemas"]["OcspSignerState"] | null;
            /** @description The last OCSP response of this process; null if there was none since its start */
            lastOcspAnswer: components["schemas"]["OcspAnswerState"] | null;
        };
        AuthorityRevocationImpact: {
            /** @description Authorities that would be revoked, including subordinate ones */
            authorities: number;
            /** @description Valid certificates that would be revoked */
            certificates: number;
            /** @description With `keyCompromise` and `cACompromise`: the versions of signing keys with the same key, which would be marked as compromised */
            keyVersions?: string[];
        };
        AuthorityRevocationDryRun: {
            /** @description Whether the action is allowed */
            allowed: boolean;
            /** @description What would also be revoked */
            impact: components["schemas"]["AuthorityRevocationImpact"];
        };
        AuthorityRevocation: {
            /**
             * @description Reason by its name in RFC 5280 §5.3.1
             * @default cessationOfOperation
             * @enum {string}
             */
            reason?: "unspecified" | "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn" | "aACompromise";
        };
        NewCertificate: {
            /** @description PKCS#10 request in PEM */
            csr: string;
            /**
             * Format: uuid
             * @description Issuing CA; default: the default issuer
             */
            caId?: string;
            /**
             * Format: uuid
             * @description The service that it belongs to
             */
            serviceId?: string;
            /** @description Validity in days; default: that of the authority (365) */
            validityDays?: number;
            /** @description Alternative names in addition to those of the request */
            san?: string[];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts?: string[];
        };
        IgnoredPartField: {
            /**
             * @description Kind of the part
             * @enum {string}
             */
            kind: "extension" | "attribute" | "keyUsage";
            /** @description Object identifier, or the name of the key usage */
            id: string;
            /** @description Its name, if known */
            name: string | null;
        };
        NewlyIssuedCertificate: {
            /** @description Certificate ID (`kid`) */
            kid: string;
            /** @description The certificate in PEM; null during issuance */
            certificate: string | null;
            /** @description Hexadecimal */
            serialNumber: string;
            /** @description RFC 4514 */
            subject: string;
            /** @description RFC 4514 */
            issuer: string;
            /** @description Alternative names */
            san: string[];
            /**
             * Format: date-time
             * @description Start of the validity
             */
            notBefore: string;
            /**
             * Format: date-time
             * @description End of the validity
             */
            notAfter: string;
            /**
             * @description Only `active` certificates are valid
             * @enum {string}
             */
            state: "issuing" | "active" | "held" | "revoked" | "expired";
            /**
             * Format: uuid
             * @description Id of the issuing authority
             */
            caId: string;
            /**
             * Format: uuid
             * @description The service that it belongs to
             */
            serviceId: string | null;
            /** @description E-mail addresses that receive notices about it; if empty, the contacts of its service receive them */
            contacts: string[];
            /** @description Type of its key */
            keyAlgorithm: string;
            /** @description SHA-256 of its public key (SubjectPublicKeyInfo), hexadecimal */
            publicKeyHash: string;
            /** @description The certificate that it replaces */
            replaces: string | null;
            /** @description Its successor */
            replacedBy: string | null;
            /**
             * @description Revocation reason
             * @enum {string|null}
             */
            revocationReason: "unspecified" | "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "certificateHold" | "privilegeWithdrawn" | "aACompromise" | null;
            /**
             * Format: date-time
             * @description When it was revoked
             */
            revokedAt: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was issued
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /** @description PEM of its issuers, nearest first */
            chain: string;
            /** @description Parts of the request that are not in the certificate */
            ignored: components["schemas"]["IgnoredPartField"][];
        };
        Certificate: {
            /** @description Certificate ID (`kid`) */
            kid: string;
            /** @description The certificate in PEM; null during issuance */
            certificate: string | null;
            /** @description Hexadecimal */
            serialNumber: string;
            /** @description RFC 4514 */
            subject: string;
            /** @description RFC 4514 */
            issuer: string;
            /** @description Alternative names */
            san: string[];
            /**
             * Format: date-time
             * @description Start of the validity
             */
            notBefore: string;
            /**
             * Format: date-time
             * @description End of the validity
             */
            notAfter: string;
            /**
             * @description Only `active` certificates are valid
             * @enum {string}
             */
            state: "issuing" | "active" | "held" | "revoked" | "expired";
            /**
             * Format: uuid
             * @description Id of the issuing authority
             */
            caId: string;
            /**
             * Format: uuid
             * @description The service that it belongs to
             */
            serviceId: string | null;
            /** @description E-mail addresses that receive notices about it; if empty, the contacts of its service receive them */
            contacts: string[];
            /** @description Type of its key */
            keyAlgorithm: string;
            /** @description SHA-256 of its public key (SubjectPublicKeyInfo), hexadecimal */
            publicKeyHash: string;
            /** @description The certificate that it replaces */
            replaces: string | null;
            /** @description Its successor */
            replacedBy: string | null;
            /**
             * @description Revocation reason
             * @enum {string|null}
             */
            revocationReason: "unspecified" | "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "certificateHold" | "privilegeWithdrawn" | "aACompromise" | null;
            /**
             * Format: date-time
             * @description When it was revoked
             */
            revokedAt: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was issued
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
        };
        CertificatePage: {
            /** @description The items of this page */
            items: components["schemas"]["Certificate"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        CertificateWithChain: {
            /** @description Certificate ID (`kid`) */
            kid: string;
            /** @description The certificate in PEM; null during issuance */
            certificate: string | null;
            /** @description Hexadecimal */
            serialNumber: string;
            /** @description RFC 4514 */
            subject: string;
            /** @description RFC 4514 */
            issuer: string;
            /** @description Alternative names */
            san: string[];
            /**
             * Format: date-time
             * @description Start of the validity
             */
            notBefore: string;
            /**
             * Format: date-time
             * @description End of the validity
             */
            notAfter: string;
            /**
             * @description Only `active` certificates are valid
             * @enum {string}
             */
            state: "issuing" | "active" | "held" | "revoked" | "expired";
            /**
             * Format: uuid
             * @description Id of the issuing authority
             */
            caId: string;
            /**
             * Format: uuid
             * @description The service that it belongs to
             */
            serviceId: string | null;
            /** @description E-mail addresses that receive notices about it; if empty, the contacts of its service receive them */
            contacts: string[];
            /** @description Type of its key */
            keyAlgorithm: string;
            /** @description SHA-256 of its public key (SubjectPublicKeyInfo), hexadecimal */
            publicKeyHash: string;
            /** @description The certificate that it replaces */
            replaces: string | null;
            /** @description Its successor */
            replacedBy: string | null;
            /**
             * @description Revocation reason
             * @enum {string|null}
             */
            revocationReason: "unspecified" | "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "certificateHold" | "privilegeWithdrawn" | "aACompromise" | null;
            /**
             * Format: date-time
             * @description When it was revoked
             */
            revokedAt: string | null;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was issued
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
            /** @description PEM of its issuers, nearest first */
            chain: string;
        };
        CertificateRenewal: {
            /** @description A request with the new key; absent: the same key */
            csr?: string;
            /** @description Validity in days; default: that of the authority (365) */
            validityDays?: number;
        };
        RevocationOutcome: {
            /**
             * @description State afterwards
             * @enum {string}
             */
            state: "issuing" | "active" | "held" | "revoked" | "expired";
            /** @description With `keyCompromise`: the other certificates of the same key, which would also be revoked */
            alsoRevoked?: string[];
            /** @description With `keyCompromise`: the authorities with the same key, and those below them, which would be revoked together with their certificates */
            authorities?: string[];
            /** @description With `keyCompromise`: the versions of signing keys with the same key, which would be marked as compromised */
            keyVersions?: string[];
        };
        RevocationDryRun: {
            /** @description Whether the action is allowed */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description The state afterwards */
            impact: components["schemas"]["RevocationOutcome"];
        };
        Revocation: {
            /**
             * @description Reason by its name in RFC 5280 §5.3.1
             * @enum {string}
             */
            reason: "unspecified" | "keyCompromise" | "cACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation" | "privilegeWithdrawn" | "aACompromise";
        };
        BundleRequest: {
            /**
             * Format: uuid
             * @description The tenant's exportable key that the certificate belongs to
             */
            keyId: string;
            /** @description Passphrase that encrypts the bundle */
            passphrase: string;
        };
        TokenProfileRequest: {
            /**
             * Format: uuid
             * @description The key that signs
             */
            keyId?: string;
            /** @description The certificate that names the key: `xima-licensing` only. Without `keyId` the profile only verifies */
            certificateKid?: string;
            /** @description `iss`; default: the tenant’s URL (`jwt`) or the service’s id (`webex-connect`); required if the vendor identifies you by it (company name in `ccai-user`, customer id in `telesign-app-verify`) */
            issuer?: string;
            /** @description The permitted audiences of a token; empty: the caller chooses */
            audience?: string[];
            /**
             * @description Default lifetime in seconds
             * @default 300
             */
            ttlSeconds?: number;
            /**
             * @description Maximum lifetime in seconds that a caller may request
             * @default 3600
             */
            maxTtlSeconds?: number;
            /**
             * @description Clock tolerance in seconds when a token is verified
             * @default 60
             */
            skewSeconds?: number;
            /** @description Claims that every token carries */
            fixedClaims?: {
                [key: string]: unknown;
            };
            /** @description Claims that a caller may set; `*` means all */
            allowedClaims?: string[];
            /** @description Claims that a token must have */
            requiredClaims?: string[];
            /**
             * @description Version of the format, for `xima-licensing`
             * @enum {string}
             */
            version?: "v1" | "v2";
            /** @description Settings of the format; see `docs/token-formats.md` */
            settings?: {
                [key: string]: unknown;
            };
            /** @description Name that services use in requests */
            name: string;
            /** @enum {string} */
            format: "jwt" | "xima-licensing" | "superoffice-system-user" | "ccai-user" | "webex-connect" | "telesign-app-verify";
        };
        TokenProfileAnswer: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            format: "jwt" | "xima-licensing" | "superoffice-system-user" | "ccai-user" | "webex-connect" | "telesign-app-verify";
            /** Format: uuid */
            keyId: string | null;
            certificateKid: string | null;
            issuer: string | null;
            audience: string[];
            ttlSeconds: number;
            maxTtlSeconds: number;
            skewSeconds: number;
            fixedClaims: {
                [key: string]: unknown;
            };
            allowedClaims: string[];
            requiredClaims: string[];
            /**
             * @description Version of the format; null: the first
             * @enum {string|null}
             */
            version: "v1" | "v2" | null;
            /** @description Settings of the format */
            settings: {
                [key: string]: unknown;
            };
            /** @description Whether a system user token is stored: `superoffice-system-user` only */
            hasSystemUserToken: boolean;
            /** @description Increases with each change; the ETag */
            revision: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        TokenProfilePage: {
            /** @description The items of this page */
            items: components["schemas"]["TokenProfileAnswer"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        TokenProfileChangeRequest: {
            /**
             * Format: uuid
             * @description The key that signs
             */
            keyId?: string;
            /** @description The certificate that names the key: `xima-licensing` only. Without `keyId` the profile only verifies */
            certificateKid?: string;
            /** @description `iss`; default: the tenant’s URL (`jwt`) or the service’s id (`webex-connect`); required if the vendor identifies you by it (company name in `ccai-user`, customer id in `telesign-app-verify`) */
            issuer?: string;
            /** @description The permitted audiences of a token; empty: the caller chooses */
            audience?: string[];
            /**
             * @description Default lifetime in seconds
             * @default 300
             */
            ttlSeconds?: number;
            /**
             * @description Maximum lifetime in seconds that a caller may request
             * @default 3600
             */
            maxTtlSeconds?: number;
            /**
             * @description Clock tolerance in seconds when a token is verified
             * @default 60
             */
            skewSeconds?: number;
            /** @description Claims that every token carries */
            fixedClaims?: {
                [key: string]: unknown;
            };
            /** @description Claims that a caller may set; `*` means all */
            allowedClaims?: string[];
            /** @description Claims that a token must have */
            requiredClaims?: string[];
            /**
             * @description Version of the format, for `xima-licensing`
             * @enum {string}
             */
            version?: "v1" | "v2";
            /** @description Settings of the format; see `docs/token-formats.md` */
            settings?: {
                [key: string]: unknown;
            };
        };
        SystemUserTokenRequest: {
            /** @description System user token that SuperOffice issued for the customer; stored encrypted */
            systemUserToken: string;
        };
        TokenProfileDeletionEffect: {
            /** @description Services with a grant for this profile, which could no longer sign with it */
            services: string[];
        };
        TokenProfileDeletionDryRun: {
            /** @description Whether the profile would be deleted without `force` */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description Dependent resources */
            impact: components["schemas"]["TokenProfileDeletionEffect"];
        };
        FoundTransaction: {
            /** @description Id of the transaction */
            xid: string;
            /** @description Phone number as it was sent; `null` if the stored value was altered */
            phoneNumber: string | null;
            profile: string;
            /** @description The key version that signed */
            kid: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            expiresAt: string;
            /** @enum {string} */
            status: "live" | "expired";
        };
        FoundTransactionPage: {
            /** @description The items of this page */
            items: components["schemas"]["FoundTransaction"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        License: {
            /**
             * Format: uuid
             * @description Id of the entitlement
             */
            id: string;
            /** @description The customer, identified by `ccId` or `serial` */
            customer: {
                [key: string]: unknown;
            };
            /** @description Content of the latest revision */
            entitlement: {
                [key: string]: unknown;
            };
            /** @description Number of the newest update; the ETag */
            revision: number;
            /** @description The certificate that signed it */
            kid: string;
            /**
             * Format: date-time
             * @description When the first update was accepted
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the newest update was accepted
             */
            updatedAt: string;
        };
        LicensePage: {
            /** @description The items of this page */
            items: components["schemas"]["License"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        LicenseRevision: {
            /** @description Revision number */
            revision: number;
            /** @description The body as it was received, byte by byte */
            body: string;
            /** @description SHA-256 of the body: the `payload_hash` that was signed */
            bodyHash: string;
            /** @description The certificate that signed */
            kid: string;
            /** @description The name in that certificate */
            subject: string;
            /**
             * Format: uuid
             * @description The service that the certificate was issued to
             */
            serviceId: string | null;
            /** @description The `jti` */
            tokenId: string;
            /**
             * Format: date-time
             * @description When it was accepted
             */
            receivedAt: string;
        };
        LicenseRevisionPage: {
            /** @description The items of this page */
            items: components["schemas"]["LicenseRevision"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        MadeAnnouncement: {
            /** @description Days ahead */
            daysAhead: number;
            /**
             * Format: date-time
             * @description When it was announced
             */
            announcedAt: string;
        };
        Expiration: {
            /**
             * @description Kind of the item
             * @enum {string}
             */
            kind: "API token" | "CRL" | "certificate" | "certificate authority" | "credential" | "deleted key" | "foreign certificate" | "history" | "invitation" | "key rotation" | "key version";
            /**
             * Format: uuid
             * @description Id of the item
             */
            id: string;
            /**
             * Format: date-time
             * @description When it happens
             */
            dueAt: string;
            /** @description What happens at that time */
            happens: string;
            /** @description Name of the item, if it has one */
            name?: string;
            /** @description Kid of the item, if it has one */
            kid?: string;
            /** @description Contacts of the item, or of the resource that it belongs to */
            contacts: string[];
            /** @description Announcements so far */
            announcements: components["schemas"]["MadeAnnouncement"][];
            /**
             * Format: date-time
             * @description When it is announced next; null: never again
             */
            nextAnnouncementAt: string | null;
        };
        ExpirationPage: {
            /** @description The items of this page */
            items: components["schemas"]["Expiration"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        TenantAsOf: {
            /**
             * Format: uuid
             * @description Id of the tenant
             */
            id: string;
            /** @description Its name */
            name: string | null;
            /**
             * @description Its state
             * @enum {string}
             */
            state: "active" | "suspended" | "deleted";
            /** @description The settings that the tenant had set */
            settings: {
                [key: string]: unknown;
            };
        };
        ServiceAsOf: {
            /**
             * Format: uuid
             * @description Id of the service
             */
            id: string;
            /**
             * @description Its state
             * @enum {string}
             */
            state: "active";
            /** @description Its name */
            name: string;
            /** @description Purpose */
            description: string | null;
            /** @description Names of the granted token profiles; `*` means all */
            profiles: string[];
            /** @description Networks that its calls could come from; empty: any */
            allowedCidrs: string[];
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        ServicesAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["ServiceAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        CredentialAsOf: {
            /**
             * Format: uuid
             * @description Id of the credential
             */
            id: string;
            /**
             * @description The effective state
             * @enum {string}
             */
            state: "active" | "inactive" | "expired" | "compromised" | "deleted";
            /**
             * Format: uuid
             * @description The service that it belonged to
             */
            serviceId: string;
            /**
             * @description How the service authenticated
             * @enum {string}
             */
            authType: "service_key" | "jwt";
            /** @description A name for people */
            name: string | null;
            /** @description Fingerprint */
            fingerprint: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it would expire; null: never
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description When it would be discarded, because it was regenerated
             */
            overlapEndsAt: string | null;
            /**
             * Format: date-time
             * @description When it had been discarded
             */
            discardedAt: string | null;
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        CredentialsAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["CredentialAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        TrustAsOf: {
            /**
             * Format: uuid
             * @description Id of the trust
             */
            id: string;
            /**
             * Format: uuid
             * @description The service that workloads could act as
             */
            serviceId: string;
            /** @description Its name */
            name: string;
            /** @description Issuer of the tokens */
            issuer: string;
            /** @description Audience of the tokens */
            audience: string;
            /** @description Pattern of their subject */
            subject: string | null;
            /** @description Claims that the tokens had to have */
            claims: {
                [key: string]: unknown;
            };
            /** @description Lifetime of the exchanged credential, in seconds */
            ttlSeconds: number;
            /** @description Whether a token was accepted once */
            singleUse: boolean;
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        TrustsAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["TrustAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        KeyVersionAsOf: {
            /** @description Key ID (`kid`) */
            kid: string;
            /** @description Version number */
            number: number;
            /**
             * @description The effective state; the active version signed
             * @enum {string}
             */
            state: "pending" | "active" | "retired" | "destroyed" | "compromised";
            /**
             * Format: date-time
             * @description When it started signing, or would start
             */
            activatesAt: string | null;
            /**
             * Format: date-time
             * @description When its successor would take over
             */
            retiresAt: string | null;
            /**
             * Format: date-time
             * @description When it had stopped signing
             */
            retiredAt: string | null;
        };
        KeyAsOf: {
            /**
             * Format: uuid
             * @description Id of the key
             */
            id: string;
            /**
             * @description The effective state
             * @enum {string}
             */
            state: "active" | "deleted" | "destroyed";
            /** @description Its name */
            name: string;
            /** @description Its algorithm */
            algorithm: string;
            /** @description Whether the private key could be exported */
            exportable: boolean;
            /** @description Rotation period in seconds; null: manual rotation only */
            rotateEverySeconds: number | null;
            /** @description E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them */
            contacts: string[];
            /**
             * Format: date-time
             * @description Until when a deleted key could be restored
             */
            destroysAt: string | null;
            /** @description Oldest first, without destroyed ones */
            versions: components["schemas"]["KeyVersionAsOf"][];
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        KeysAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["KeyAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        TokenProfileAsOf: {
            /**
             * Format: uuid
             * @description Id of the profile
             */
            id: string;
            /** @description Its name */
            name: string;
            /**
             * @description Its format
             * @enum {string}
             */
            format: "jwt" | "xima-licensing" | "superoffice-system-user" | "ccai-user" | "webex-connect" | "telesign-app-verify";
            /**
             * Format: uuid
             * @description The key that signed
             */
            keyId: string | null;
            /** @description The certificate that named the key */
            certificateKid: string | null;
            /** @description `iss` */
            issuer: string | null;
            /** @description The audiences that a token could be for */
            audience: string[];
            /** @description Default lifetime in seconds */
            ttlSeconds: number;
            /** @description Maximum lifetime in seconds */
            maxTtlSeconds: number;
            /** @description Clock tolerance in seconds */
            skewSeconds: number;
            /** @description Claims that every token had */
            fixedClaims: {
                [key: string]: unknown;
            };
            /** @description Claims that a caller could set */
            allowedClaims: string[];
            /** @description Claims that a token had to have */
            requiredClaims: string[];
            /** @description Version of the format */
            formatVersion: string | null;
            /** @description Settings of the format */
            settings: {
                [key: string]: unknown;
            };
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        TokenProfilesAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["TokenProfileAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        CertificateAsOf: {
            /**
             * Format: uuid
             * @description Id of the certificate
             */
            id: string;
            /** @description Its kid */
            kid: string;
            /**
             * @description The effective state
             * @enum {string}
             */
            state: "issuing" | "active" | "held" | "revoked" | "expired";
            /** @description Serial number, hexadecimal */
            serialNumber: string;
            /** @description Subject */
            subject: string;
            /**
             * Format: uuid
             * @description The authority that issued it
             */
            caId: string;
            /**
             * Format: uuid
             * @description The service that it was issued to
             */
            serviceId: string | null;
            /**
             * Format: date-time
             * @description End of its validity
             */
            notAfter: string;
            /**
             * Format: date-time
             * @description When it had been revoked or put on hold
             */
            revokedAt: string | null;
            /** @description Why it was revoked */
            revocationReason: string | null;
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        CertificatesAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["CertificateAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        MemberAsOf: {
            /**
             * Format: uuid
             * @description Id of the user
             */
            id: string;
            /** @description E-mail address of the member */
            email: string | null;
            /** @description The role */
            role: string | null;
            /** @description false: the events about it do not contain all values; `missing` says why */
            isComplete: boolean;
            /** @description Why the events about it do not contain all values: too large, personal fields erased, or altered in the database */
            missing: ("too_large" | "erased" | "altered")[];
        };
        MembersAsOf: {
            /** @description The items of this page */
            items: components["schemas"]["MemberAsOf"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        AsOf: {
            /**
             * Format: date-time
             * @description The time of the snapshot
             */
            at: string;
            /** @description The tenant itself; null before it was created */
            tenant: components["schemas"]["TenantAsOf"] | null;
            /** @description Services that were not deleted */
            services?: components["schemas"]["ServicesAsOf"];
            /** @description Credentials that were not deleted */
            credentials?: components["schemas"]["CredentialsAsOf"];
            /** @description Trusts that were not deleted, of services that were not deleted */
            trusts?: components["schemas"]["TrustsAsOf"];
            /** @description Keys that were not destroyed, with their versions */
            keys?: components["schemas"]["KeysAsOf"];
            /** @description Token profiles */
            tokenProfiles?: components["schemas"]["TokenProfilesAsOf"];
            /** @description Certificates that authorities of the tenant issued */
            certificates?: components["schemas"]["CertificatesAsOf"];
            /** @description Members */
            members?: components["schemas"]["MembersAsOf"];
        };
        Signer: {
            /**
             * Format: uuid
             * @description The service
             */
            serviceId: string;
            /** @description Its name */
            serviceName: string;
            /** @description Networks that its calls could come from; empty: any */
            allowedCidrs: string[];
            /** @description The service's granted profiles; `*` means all */
            profiles: string[];
            /**
             * Format: uuid
             * @description The active credential; null: the signer is a trust
             */
            credentialId: string | null;
            /**
             * @description How the service authenticated; null: with a workload's token
             * @enum {string|null}
             */
            authType: "service_key" | "jwt" | null;
            /**
             * Format: date-time
             * @description When the credential would expire; null: never
             */
            expiresAt: string | null;
            /**
             * Format: uuid
             * @description The trust that workloads could use; null: the signer is a credential
             */
            trustId: string | null;
            /** @description Issuer that the trust named */
            issuer: string | null;
            /** @description Pattern of the subject in the trust */
            subject: string | null;
        };
        Signers: {
            /** @description The items of this page */
            items: components["schemas"]["Signer"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
            /**
             * Format: date-time
             * @description The time of the snapshot
             */
            at: string;
            /**
             * @description Why no caller could have a token signed; null if some could
             * @enum {string|null}
             */
            refusal: "NOT_FOUND" | "TENANT_SUSPENDED" | "KEY_NOT_USABLE" | null;
            /** @description The `kid` in tokens, of the key or certificate */
            kid: string | null;
            /** @description Whether callers without a credential were admitted, too: `publicAccess` */
            publicAccess: boolean;
            /** @description Whether users with an ID token were admitted, too: `trustedIssuer` */
            trustedIssuer: boolean;
        };
        EventActor: {
            /**
             * @description Type of the actor
             * @enum {string}
             */
            type: "user" | "service" | "service_account" | "system";
            /** @description Id of the user or service, name of the job */
            id: string;
            /** @description E-mail of a user (a personal field), name of a service or job */
            name: string | null;
            /** @description Role of the user in the tenant */
            role?: string;
        };
        EventTarget: {
            /** @description Type of the target */
            type: string;
            /** @description Id of the target */
            id: string;
        };
        PersonalReference: {
            /** @description Where the values belong in the event (RFC 6901) */
            fields: string[];
            /** @description SHA-256 of the RFC 8785 JSON of `{salt, values}`, which `ndjson` exports contain; hexadecimal */
            hash: string;
            /** @description The month whose key encrypts them */
            month: string;
        };
        AuditEvent: {
            /**
             * Format: uuid
             * @description Id of the event
             */
            id: string;
            /** @description Position in the history, from 0, without gaps: the index of its leaf in the Merkle tree (RFC 9162) */
            sequence: number;
            /**
             * Format: uuid
             * @description Id of the tenant of the history
             */
            tenantId: string;
            /**
             * Format: date-time
             * @description When it happened
             */
            occurredAt: string;
            /** @description Actor */
            actor: components["schemas"]["EventActor"];
            /** @description Action */
            action: string;
            /** @description The target of the action */
            target: components["schemas"]["EventTarget"];
            /**
             * @description Outcome
             * @enum {string}
             */
            outcome: "success" | "denied" | "failed";
            /** @description The request that caused it */
            requestId: string;
            /** @description Source address of the request */
            sourceAddress: string | null;
            /**
             * Format: uuid
             * @description The credential that was used or changed
             */
            credentialId?: string;
            /** @description The key version or certificate */
            kid?: string;
            /** @description The token */
            tokenId?: string;
            /** @description Values before the change */
            before?: {
                [key: string]: unknown;
            };
            /** @description Values after the change */
            after?: {
                [key: string]: unknown;
            };
            /** @description More details */
            details?: {
                [key: string]: unknown;
            };
            /** @description Format of the entry; absent from the first */
            formatVersion?: number;
            /** @description The personal fields; the hashed entry has `null` in their places */
            personal?: components["schemas"]["PersonalReference"];
            /** @description Set if the personal fields are `null` because their month's key was destroyed */
            erased?: boolean;
            /** @description Set if the personal fields are `null` because the stored values were altered */
            altered?: boolean;
            /** @description 16 random bytes, hexadecimal; part of what was hashed */
            salt: string;
            /** @description SHA-256(0x00 || entry), hexadecimal (RFC 9162). The entry is the RFC 8785 JSON of all members except `sequence`, `leafHash`, `erased` and `altered`, with `null` in the places of the personal fields; `Accept: application/octet-stream` returns it */
            leafHash: string;
        };
        AuditEventPage: {
            /** @description The items of this page */
            items: components["schemas"]["AuditEvent"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
            /** @description Events before this sequence number are erased; the history is complete from it on; 0 if no event is erased */
            erasedBefore: number;
        };
        AuditDensity: {
            /**
             * Format: date-time
             * @description Start of the day in UTC
             */
            day: string;
            /** @description Number of events in each hour; events at the end of an hour may be counted in the next one */
            hours: number[];
            /** @description Events before this sequence number are erased; the history is complete from it on; 0 if no event is erased */
            erasedBefore: number;
        };
        InclusionProof: {
            /** @description Sequence number of the event */
            sequence: number;
            /** @description Size of the tree */
            treeSize: number;
            /** @description Leaf hash of the event, hexadecimal */
            leafHash: string;
            /** @description Root of the tree, hexadecimal */
            rootHash: string;
            /** @description Hexadecimal, from the sibling of the leaf to the child of the root */
            proof: string[];
        };
        ConsistencyProof: {
            /** @description Size of the smaller tree */
            from: number;
            /** @description Size of the larger tree */
            to: number;
            /** @description Root of the smaller tree, hexadecimal */
            fromRootHash: string;
            /** @description Root of the larger tree, hexadecimal */
            toRootHash: string;
            /** @description Hexadecimal, in the order of RFC 9162 §2.1.4.1 */
            proof: string[];
        };
        LogKey: {
            /**
             * @description Algorithm of the key
             * @enum {string}
             */
            algorithm: "Ed25519" | "ML-DSA-44";
            /** @description The verifier key (C2SP signed-note): name, key id and public key */
            verifierKey: string;
            /**
             * Format: date-time
             * @description Since when it signs
             */
            from: string;
            /**
             * Format: date-time
             * @description When it stops signing, a year after the next key began; `null` for the latest key. It verifies what it signed until then
             */
            until: string | null;
            /** @description Number of the key pair */
            number: number;
            /**
             * Format: date-time
             * @description When it was marked as compromised: later-found checkpoints with only its signature prove nothing
             */
            compromisedAt: string | null;
            /** @description Name of the key store that the private key is in and never leaves; `null`: it is sealed in the database */
            keyStore: string | null;
        };
        LogKeys: {
            /** @description Name of the log */
            origin: string;
            /** @description Oldest first. Each signs every checkpoint between `from` and `until`; one is enough to verify */
            keys: components["schemas"]["LogKey"][];
        };
        LogKeyCompromise: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /** @description Number of the key pair */
            number: number;
        };
        HistoryMonth: {
            /**
             * Format: uuid
             * @description Id of the month
             */
            id: string;
            /** @description Calendar month in UTC */
            month: string;
            /**
             * @description `running`: the current month; `kept`: personal fields can be read; `erased`: personal fields are erased
             * @enum {string}
             */
            state: "running" | "kept" | "erased";
            /**
             * Format: date-time
             * @description Earliest time of erasure
             */
            erasableAt: string;
            /**
             * Format: date-time
             * @description When it was erased
             */
            erasedAt: string | null;
        };
        HistoryMonthPage: {
            /** @description The items of this page */
            items: components["schemas"]["HistoryMonth"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        HistoryErasureDryRun: {
            /** @description Whether the month would be erased */
            allowed: boolean;
            /** @description Code of the rejection */
            code?: string;
            /** @description The month whose personal fields would be erased */
            impact: components["schemas"]["HistoryMonth"];
        };
        KindOfWork: {
            /** @description Kind of due items */
            kind: string;
            /** @description Items handled since this process started */
            handled: number;
            /** @description Attempts that failed since this process started */
            failed: number;
        };
        SchedulerState: {
            /** @description Whether irreversible actions are paused on all instances until the clock is confirmed */
            paused: boolean;
            /**
             * Format: date-time
             * @description Since when it is paused
             */
            pausedAt: string | null;
            /**
             * Format: date-time
             * @description Expected time at the last jump
             */
            jumpedFrom: string | null;
            /**
             * Format: date-time
             * @description Time of the clock after the jump
             */
            jumpedTo: string | null;
            /**
             * Format: date-time
             * @description When the clock was last confirmed
             */
            confirmedAt: string | null;
            /**
             * @description This process's clock, compared with the uptime of its host and the mark
             * @enum {string}
             */
            clock: "steady" | "ahead" | "behind";
            /**
             * Format: date-time
             * @description Time of this host's clock
             */
            shown: string;
            /**
             * Format: date-time
             * @description The latest time of a clock that passed the comparison
             */
            mark: string | null;
            /**
             * Format: date-time
             * @description The database server's clock; `null` for an embedded database
             */
            databaseServer: string | null;
            /** @description Items by kind, of this process; empty if it does not run the scheduler */
            work: components["schemas"]["KindOfWork"][];
        };
        NewWebhook: {
            /** @description Purpose */
            name?: string;
            /** @description URL to which events are sent: `https:`, with a public address */
            url: string;
            /** @description Event actions to send: exact names, all of a noun (`credential.*`), or all (`*`) */
            actions: string[];
        };
        Webhook: {
            /**
             * Format: uuid
             * @description Id of the webhook
             */
            id: string;
            /** @description Purpose */
            name: string | null;
            /** @description URL to which events are sent: `https:`, with a public address */
            url: string;
            /** @description Event actions to send: exact names, all of a noun (`credential.*`), or all (`*`) */
            actions: string[];
            /**
             * @description Whether events are sent
             * @enum {string}
             */
            state: "active" | "disabled";
            /**
             * Format: date-time
             * @description Since when every attempt has failed; null while the receiver accepts
             */
            failingSince: string | null;
            /**
             * Format: date-time
             * @description When the receiver last accepted an event
             */
            deliveredAt: string | null;
            /**
             * Format: date-time
             * @description Until when the previous secret also signs; null if there is none
             */
            previousSecretUntil: string | null;
            /**
             * Format: uuid
             * @description Id of the user or the service account that created it
             */
            createdBy: string;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
        };
        WebhookWithSecret: {
            /** @description The webhook */
            webhook: components["schemas"]["Webhook"];
            /** @description The secret that signs its messages (Standard Webhooks); shown only once */
            secret: string;
        };
        WebhookPage: {
            /** @description The items of this page */
            items: components["schemas"]["Webhook"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        WebhookChange: {
            /** @description Purpose */
            name?: string;
            /** @description URL to which events are sent: `https:`, with a public address */
            url?: string;
            /** @description Event actions to send: exact names, all of a noun (`credential.*`), or all (`*`) */
            actions?: string[];
        };
        SecretRotation: {
            /**
             * @description Seconds for which the previous secret also signs
             * @default 86400
             */
            overlapSeconds?: number;
        };
        Delivery: {
            /**
             * Format: uuid
             * @description Id of the delivery: the `webhook-id` of each of its messages
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the event
             */
            eventId: string;
            /** @description Sequence number of the event */
            sequence: number;
            /** @description Action of the event */
            action: string;
            /**
             * @description State of the delivery
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /** @description Attempts since it was last requested */
            attempts: number;
            /** @description HTTP status of the last attempt */
            lastStatus: number | null;
            /** @description Reason why the last attempt got no response */
            lastError: string | null;
            /**
             * Format: date-time
             * @description When it was last tried
             */
            attemptedAt: string | null;
            /**
             * Format: date-time
             * @description When it is tried next; null unless it is pending
             */
            nextAttemptAt: string | null;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
        };
        DeliveryPage: {
            /** @description The items of this page */
            items: components["schemas"]["Delivery"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        NewAcmeBinding: {
            /**
             * Format: uuid
             * @description The issuing authority; default: the default issuer
             */
            caId?: string;
            /**
             * Format: date-time
             * @description Until when an account can be bound: at most 90 days from now; default: 7 days
             */
            expiresAt?: string;
        };
        AcmeBindingWithKey: {
            /**
             * Format: uuid
             * @description Id of the binding: the key identifier that the client sends (`eab-kid`)
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service that owns the certificates
             */
            serviceId: string;
            /**
             * Format: uuid
             * @description Id of the authority that issues them
             */
            caId: string;
            /** @description The directory URL for the client */
            directoryUrl: string;
            /**
             * Format: uuid
             * @description Id of the bound account; null before it exists
             */
            accountId: string | null;
            /**
             * Format: date-time
             * @description Until when an account can be bound
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /** @description The HMAC key, base64url (`eab-hmac-key`); shown only once */
            hmacKey: string;
        };
        AcmeBinding: {
            /**
             * Format: uuid
             * @description Id of the binding: the key identifier that the client sends (`eab-kid`)
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service that owns the certificates
             */
            serviceId: string;
            /**
             * Format: uuid
             * @description Id of the authority that issues them
             */
            caId: string;
            /** @description The directory URL for the client */
            directoryUrl: string;
            /**
             * Format: uuid
             * @description Id of the bound account; null before it exists
             */
            accountId: string | null;
            /**
             * Format: date-time
             * @description Until when an account can be bound
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
        };
        AcmeBindingPage: {
            /** @description The items of this page */
            items: components["schemas"]["AcmeBinding"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        AcmeAccount: {
            /**
             * Format: uuid
             * @description Id of the account
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service that owns its certificates
             */
            serviceId: string;
            /**
             * Format: uuid
             * @description Id of the authority that issues them
             */
            caId: string;
            /**
             * Format: uuid
             * @description Id of the binding that created it
             */
            bindingId: string;
            /**
             * @description State of the account (RFC 8555 §7.1.6)
             * @enum {string}
             */
            state: "valid" | "deactivated" | "revoked";
            /** @description Its contacts */
            contacts: string[];
            /** @description SHA-256 of its public key (SubjectPublicKeyInfo) */
            publicKeyHash: string;
            /**
             * Format: date-time
             * @description When it last ordered a certificate, to the hour
             */
            lastUsedAt: string | null;
            /** @description Increases with each change */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
        };
        AcmeAccountPage: {
            /** @description The items of this page */
            items: components["schemas"]["AcmeAccount"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        AcmeOrderOfAccount: {
            /**
             * Format: uuid
             * @description Id of the order
             */
            id: string;
            /**
             * @description State of the order (RFC 8555 §7.1.6)
             * @enum {string}
             */
            state: "pending" | "ready" | "processing" | "valid" | "invalid";
            /** @description Its DNS names and IP addresses */
            names: string[];
            /** @description The certificate (`kid`); null until it is issued */
            certificateKid: string | null;
            /** @description The certificate (`kid`) that it replaces */
            replacesKid: string | null;
            /**
             * Format: date-time
             * @description Until when it can be finalized
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
        };
        AcmeOrderPage: {
            /** @description The items of this page */
            items: components["schemas"]["AcmeOrderOfAccount"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        NewTrust: {
            /** @description Purpose */
            name: string;
            /** @description Identifier of the issuer: `https:`, with a public address unless the installation permits others */
            issuer: string;
            /** @description The only `aud` of the tokens, exact */
            audience: string;
            /** @description The `sub` of the tokens: exact, or a pattern in which `*` matches any characters except `/` and `:`. If absent, only the claims decide */
            subject?: string;
            /**
             * @description Other required claims, exact or as a pattern; a name that begins with `/` is a JSON pointer (RFC 6901). For GitHub Actions, include `repository_id` or `repository_owner_id`
             * @default {}
             */
            claims?: {
                [key: string]: unknown;
            };
            /** @description The keys of an issuer that this server cannot reach (RFC 7517 §5); default: read from the issuer */
            jwks?: {
                [key: string]: unknown;
            };
            /**
             * @description Seconds for which a credential is valid
             * @default 900
             */
            ttlSeconds?: number;
            /**
             * @description Whether a token can be exchanged only once; not for token files that are read repeatedly, as in Kubernetes
             * @default false
             */
            singleUse?: boolean;
        };
        Trust: {
            /**
             * Format: uuid
             * @description Id of the trust
             */
            id: string;
            /**
             * Format: uuid
             * @description Id of the service
             */
            serviceId: string;
            /** @description Purpose */
            name: string;
            /** @description Identifier of the issuer: `https:`, with a public address unless the installation permits others */
            issuer: string;
            /** @description The only `aud` of the tokens, exact */
            audience: string;
            /** @description The `sub` of the tokens: exact, or a pattern in which `*` matches any characters except `/` and `:`. If absent, only the claims decide */
            subject: string | null;
            /** @description Other required claims, exact or as a pattern; a name that begins with `/` is a JSON pointer (RFC 6901). For GitHub Actions, include `repository_id` or `repository_owner_id` */
            claims: {
                [key: string]: unknown;
            };
            /**
             * @description Source of the keys: the issuer, or the trust
             * @enum {string}
             */
            keysFrom: "issuer" | "trust";
            /** @description Seconds for which a credential is valid */
            ttlSeconds: number;
            /** @description Whether a token can be exchanged only once; not for token files that are read repeatedly, as in Kubernetes */
            singleUse: boolean;
            /**
             * Format: uuid
             * @description Id of the user or the service account that created it
             */
            createdBy: string;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When a token was last exchanged under it
             */
            lastUsedAt: string | null;
        };
        TokenToTry: {
            /** @description A workload's token from its own issuer (a signed JWT) */
            token: string;
        };
        TrustTrial: {
            /**
             * Format: uuid
             * @description Id of the trust
             */
            trustId: string;
            /** @description Purpose */
            name: string;
            /** @description Code of the reason why this trust does not accept the token; null: it does */
            code: string | null;
            /** @description The claim that does not match the rules, if that is the reason */
            claim: string | null;
        };
        TokenTrial: {
            /** @description Whether the token would be accepted now, from an address that the service permits */
            accepted: boolean;
            /** @description Code of the rejection, as in the history; null: it would be accepted */
            code: string | null;
            /** @description The decision of each trust with the token's issuer; empty if there is none or the token is malformed */
            trusts: components["schemas"]["TrustTrial"][];
        };
        TrustPage: {
            /** @description The items of this page */
            items: components["schemas"]["Trust"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        RoleMapping: {
            /** @description Exact name of the group; `*` for everyone at the provider */
            group: string;
            /**
             * @description The role; with several groups, the highest one applies
             * @enum {string}
             */
            role: "owner" | "full_access" | "limited_access" | "auditor";
            /**
             * Format: uuid
             * @description Id of the tenant: required for a provider of the installation, rejected for a provider of a tenant
             */
            tenantId?: string;
        };
        NewIdentityProvider: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /** @description Name on the sign-in page */
            name: string;
            /** @description Identifier of the issuer: `https:`, with a public address unless the installation permits others */
            issuer: string;
            /** @description Id of this client at the provider */
            clientId: string;
            /** @description Secret of this client at the provider, stored sealed and never shown; none for a public client */
            clientSecret?: string;
            /**
             * @description Whether people can sign in through it; `false` ends the sessions that it started
             * @default true
             */
            enabled?: boolean;
            /**
             * @description Requested scopes; must include `openid`
             * @default [
             *       "openid",
             *       "email",
             *       "profile"
             *     ]
             */
            scopes?: string[];
            /**
             * @description The claim that lists the groups of a person
             * @default groups
             */
            groupsClaim?: string;
            /**
             * @description Groups that set membership and role at each sign-in; none: by invitation only
             * @default []
             */
            roleMappings?: components["schemas"]["RoleMapping"][];
            /**
             * @description Exact domains of accepted addresses; empty: every domain. Required for a provider of the installation
             * @default []
             */
            emailDomains?: string[];
            /**
             * @description Whether addresses count as verified if the provider does not send `email_verified`
             * @default false
             */
            trustsEmails?: boolean;
        };
        IdentityProvider: {
            /**
             * Format: uuid
             * @description Id of the identity provider
             */
            id: string;
            /** @description Name on the sign-in page */
            name: string;
            /** @description Whether people can sign in through it; `false` ends the sessions that it started */
            enabled: boolean;
            /** @description Identifier of the issuer: `https:`, with a public address unless the installation permits others */
            issuer: string;
            /** @description Id of this client at the provider */
            clientId: string;
            /** @description Whether a client secret is stored */
            hasClientSecret: boolean;
            /** @description Requested scopes; must include `openid` */
            scopes: string[];
            /** @description The claim that lists the groups of a person */
            groupsClaim: string;
            /** @description Groups that set membership and role at each sign-in; none: by invitation only */
            roleMappings: components["schemas"]["RoleMapping"][];
            /** @description Exact domains of accepted addresses; empty: every domain. Required for a provider of the installation */
            emailDomains: string[];
            /** @description Whether addresses count as verified if the provider does not send `email_verified` */
            trustsEmails: boolean;
            /**
             * Format: uuid
             * @description Id of the user who created it
             */
            createdBy: string;
            /** @description Increases with each change; the ETag */
            version: number;
            /**
             * Format: date-time
             * @description When it was created
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updatedAt: string;
        };
        IdentityProviderPage: {
            /** @description The items of this page */
            items: components["schemas"]["IdentityProvider"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        IdentityProviderChange: {
            /**
             * Format: password
             * @description The caller's own password; otherwise 401 `PASSWORD_REQUIRED`
             */
            password?: string;
            /** @description Name on the sign-in page */
            name?: string;
            /** @description Secret of this client at the provider, stored sealed and never shown; none for a public client */
            clientSecret?: string;
            /** @description Whether people can sign in through it; `false` ends the sessions that it started */
            enabled?: boolean;
            /** @description Requested scopes; must include `openid` */
            scopes?: string[];
            /** @description The claim that lists the groups of a person */
            groupsClaim?: string;
            /** @description Groups that set membership and role at each sign-in; none: by invitation only */
            roleMappings?: components["schemas"]["RoleMapping"][];
            /** @description Exact domains of accepted addresses; empty: every domain. Required for a provider of the installation */
            emailDomains?: string[];
            /** @description Whether addresses count as verified if the provider does not send `email_verified` */
            trustsEmails?: boolean;
        };
        IdentityProviderTest: {
            /** @description Identifier of the issuer: `https:`, with a public address unless the installation permits others */
            issuer: string;
            /** @description URL where people sign in */
            authorizationEndpoint: string;
            /** @description URL where codes are redeemed */
            tokenEndpoint: string;
            /** @description Number of keys in the key set */
            keys: number;
            /** @description Whether its responses name the issuer (RFC 9207) */
            namesIssuerInAnswers: boolean;
            /** @description Redirect URI of the console, to register at the provider; it ends with the provider's id */
            redirectUri: string;
        };
        OfferedProvider: {
            /**
             * Format: uuid
             * @description Id of the identity provider
             */
            id: string;
            /** @description Name on the sign-in page */
            name: string;
        };
        OfferedProviders: {
            /** @description The providers; those of the installation first */
            items: components["schemas"]["OfferedProvider"][];
        };
        NewProviderSignIn: {
            /** @description Redirect URI of a program on the person's machine (RFC 8252 §7.3): `http://127.0.0.1` or `http://[::1]` with a port and a path that ends with `/` and the id of the identity provider. Default: the console's page, with a cookie that binds the sign-in to the browser */
            redirectUri?: string;
        };
        BegunProviderSignIn: {
            /** @description The URL for the browser */
            authorizationUrl: string;
            /** @description Send it back with the provider's response. Absent if it is in a cookie */
            signInToken?: string;
            /** @description Seconds until the sign-in must be completed */
            expiresIn: number;
        };
        ProviderSignInCompletion: {
            /**
             * Format: uuid
             * @description Id of the identity provider, from the end of the redirect URI. A response of a different identity provider than that of the sign-in is rejected (RFC 9700 §4.4.2)
             */
            identityProviderId: string;
            /** @description `state` as the provider returned it */
            state: string;
            /** @description The authorization code */
            code?: string;
            /** @description Why there is no code (RFC 6749 §4.1.2.1) */
            error?: string;
            /** @description Issuer of the response (RFC 9207) */
            iss?: string;
            /** @description Token of the sign-in; default: the one in the cookie */
            signInToken?: string;
            /**
             * @description Where the refresh token of the session is returned, as in `POST /v1/auth/login`
             * @default token
             * @enum {string}
             */
            session?: "token" | "cookie";
        };
        ProviderAnswer: {
            /**
             * Format: uuid
             * @description Id of the identity provider, from the end of the redirect URI. A response of a different identity provider than that of the sign-in is rejected (RFC 9700 §4.4.2)
             */
            identityProviderId: string;
            /** @description `state` as the provider returned it */
            state: string;
            /** @description The authorization code */
            code?: string;
            /** @description Why there is no code (RFC 6749 §4.1.2.1) */
            error?: string;
            /** @description Issuer of the response (RFC 9207) */
            iss?: string;
            /** @description Token of the sign-in; default: the one in the cookie */
            signInToken?: string;
        };
        IssuedTokenAnswer: {
            /** @description The token, in the recipient's format */
            token: string;
            /** @enum {string} */
            format: "jwt" | "xima-licensing" | "superoffice-system-user" | "ccai-user" | "webex-connect" | "telesign-app-verify";
            /** @description The key version that signed */
            kid: string;
            /** @description Token ID in the history: its `jti`, its `xid`, or the hash of a token without either */
            tokenId: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            expiresAt: string;
            /** @description The exact body to send with a token that binds it */
            body?: string;
        };
        BatchRequest: {
            /** @description One input per token, each as `POST /v1/sign/{profile}` takes it */
            items: {
                [key: string]: unknown;
            }[];
        };
        BatchAnswer: {
            /** @description In request order: a token, or `error` with the problem document */
            items: {
                [key: string]: unknown;
            }[];
        };
        VerifyRequest: {
            token: string;
            /** @description The body received with the token, for formats that bind it; UTF-8 */
            body?: string;
            /** @description The body in Base64, for bytes that are not UTF-8; replaces `body` */
            bodyBase64?: string;
            /** @description Name of the expected token profile */
            profile: string;
            /**
             * @description Whether acceptance consumes the token's id (`jti`, `xid`), so that it is accepted only once
             * @default false
             */
            consume?: boolean;
        };
        VerifyAnswer: {
            /** @description Whether the token is valid */
            valid: boolean;
            /**
             * @description `OK`, or the first error
             * @enum {string}
             */
            code: "OK" | "MALFORMED_TOKEN" | "ALGORITHM_NOT_ALLOWED" | "UNKNOWN_KID" | "KEY_NOT_USABLE" | "INVALID_SIGNATURE" | "EXPIRED_TOKEN" | "TOKEN_NOT_YET_VALID" | "INVALID_CLAIMS" | "INVALID_JTI" | "DUPLICATE_JTI" | "INVALID_PAYLOAD_HASH" | "INVALID_TIMESTAMP" | "CERTIFICATE_REVOKED" | "CERTIFICATE_EXPIRED";
            /** @description The claims, if the signature is valid */
            claims?: {
                [key: string]: unknown;
            };
            kid?: string;
            /** Format: date-time */
            expiresAt?: string;
            /** @description The vendor's name of the result */
            vendorResult?: string;
        };
        DiagnoseRequest: {
            token: string;
            /** @description The body received with the token, for formats that bind it; UTF-8 */
            body?: string;
            /** @description The body in Base64, for bytes that are not UTF-8; replaces `body` */
            bodyBase64?: string;
            /** @description Name of the expected token profile; absent: the token is the caller’s own JWT */
            profile?: string;
        };
        FindingAnswer: {
            /** @description Stable code */
            cause: string;
            detail: string;
            /** @description Details of the finding */
            facts?: {
                [key: string]: unknown;
            };
        };
        DiagnoseAnswer: {
            /** @description Whether the token would be accepted */
            valid: boolean;
            /**
             * @description The result of `POST /v1/verify`
             * @enum {string}
             */
            code: "OK" | "MALFORMED_TOKEN" | "ALGORITHM_NOT_ALLOWED" | "UNKNOWN_KID" | "KEY_NOT_USABLE" | "INVALID_SIGNATURE" | "EXPIRED_TOKEN" | "TOKEN_NOT_YET_VALID" | "INVALID_CLAIMS" | "INVALID_JTI" | "DUPLICATE_JTI" | "INVALID_PAYLOAD_HASH" | "INVALID_TIMESTAMP" | "CERTIFICATE_REVOKED" | "CERTIFICATE_EXPIRED";
            /** @description All causes found */
            findings: components["schemas"]["FindingAnswer"][];
        };
        WhoamiService: {
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: uuid */
            tenantId: string;
        };
        WhoamiAnswer: {
            service: components["schemas"]["WhoamiService"];
            /**
             * Format: uuid
             * @description The credential of this request
             */
            credentialId: string;
            /** @enum {string} */
            authType: "service_key" | "jwt" | "workload";
            /** @description Granted profiles; `*` means all */
            profiles: string[];
        };
        TokenExchangeRequest: {
            /**
             * @description The grant
             * @enum {string}
             */
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange";
            /** @description The workload's token from its own issuer */
            subject_token: string;
            /**
             * @description Kind of the key store
             * @enum {string}
             */
            subject_token_type: "urn:ietf:params:oauth:token-type:jwt" | "urn:ietf:params:oauth:token-type:id_token" | "urn:ietf:params:oauth:token-type:access_token";
            /**
             * Format: uuid
             * @description Id of the service that the workload acts as
             */
            audience: string;
        };
        TokenExchangeAnswer: {
            /** @description For `Authorization: Bearer` or `X-Service-Key` */
            access_token: string;
            /**
             * @description Kind of the key store
             * @enum {string}
             */
            issued_token_type: "urn:ietf:params:oauth:token-type:access_token";
            /**
             * @description How to send it (RFC 6750)
             * @enum {string}
             */
            token_type: "Bearer";
            /** @description Seconds until it expires */
            expires_in: number;
        };
        OAuthError: {
            /**
             * @description Code of the cause
             * @enum {string}
             */
            error: "invalid_request" | "unsupported_grant_type";
            /** @description Description of the cause */
            error_description: string;
        };
        CallerCredentials: {
            /** @description The `Authorization` header of the request to authenticate */
            authorization?: string;
            /** @description Its `X-Service-Key` header */
            serviceKey?: string;
            /**
             * Format: uuid
             * @description Its `X-Service-Id` header: the service that a workload with its own issuer's token acts as
             */
            serviceId?: string;
            /** @description Source address of the request, for services with `allowedCidrs` */
            sourceAddress?: string;
        };
        EffectiveService: {
            /** Format: uuid */
            id: string;
            name: string;
        };
        CallerVerdict: {
            /** @description Whether the request is accepted */
            active: boolean;
            /** @description `OK`, or the code of the error */
            code: string;
            service?: components["schemas"]["EffectiveService"];
            /** Format: uuid */
            credentialId?: string;
            /** @enum {string} */
            authType?: "service_key" | "jwt" | "workload";
        };
        AdmittedCaller: {
            /** Format: uuid */
            serviceId: string;
            /** Format: uuid */
            tenantId: string;
        };
        TransactionAnswer: {
            /** @description Id of the transaction */
            xid: string;
            /** @description Phone number as it was sent; `null` if the stored value was altered */
            phoneNumber: string | null;
            profile: string;
            /** @description The key version that signed */
            kid: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            expiresAt: string;
            /** @enum {string} */
            status: "live" | "expired";
            /** @description The token, until it expires */
            token?: string;
        };
        TransactionPage: {
            /** @description The items of this page */
            items: components["schemas"]["TransactionAnswer"][];
            /** @description The `cursor` of the next page; null on the last */
            nextCursor: string | null;
        };
        SystemUserTokenAnswer: {
            /** @description The signed system user token, as SuperOffice expects it */
            token: string;
            /** @description Minute of the signature, `yyyyMMddHHmm` in UTC */
            timestamp: string;
            /** @description The key version that signed */
            kid: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            expiresAt: string;
        };
        UserTokenRequest: {
            /** @description User identifier on the platform */
            identifier?: string;
            name?: string;
            /** Format: email */
            email?: string;
            /** @description Whether the user is anonymous; replaces the other three fields */
            anonymous?: boolean;
            /** @description Lifetime, if shorter than the profile’s */
            ttlSeconds?: number;
        };
        UserTokenAnswer: {
            /** @description The token, as the platform's SDK expects it */
            token: string;
        };
        LicenseUpdateAnswer: {
            /** @enum {string} */
            status: "accepted";
            /**
             * Format: uuid
             * @description The entitlement of the customer
             */
            licenseId: string;
            /** @description Revision number: accepted updates of this customer */
            revision: number;
        };
        OwnCertificateRequest: {
            /** @description PKCS#10 request in PEM */
            csr: string;
        };
        OwnCertificateRenewal: {
            /** @description A request with the new key; absent: the same key */
            csr?: string;
        };
        JsonWebKeySet: {
            /** @description The public keys of pending, active and retired versions; oldest first */
            keys: {
                [key: string]: unknown;
            }[];
        };
        IssuerMetadata: {
            /** @description The `iss` of the tokens */
            issuer: string;
            /** @description URL of the JWK Set */
            jwks_uri: string;
            /** @description Required by the standard */
            response_types_supported: "id_token"[];
            /** @description Required by the standard */
            subject_types_supported: "public"[];
            /** @description The algorithms of the published keys */
            id_token_signing_alg_values_supported: ("RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "HS256" | "HS384" | "HS512" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87")[];
        };
        /** @description A problem document (RFC 9457). `code` is stable and meant for programs, `detail` for people. */
        Problem: {
            /** Format: uri */
            type: string;
            title: string;
            status: number;
            detail: string;
            instance: string;
            code: string;
            requestId: string;
            /** @description Invalid members of the input */
            errors?: {
                /** @description JSON pointer into the body, or the name of a parameter */
                pointer: string;
                code: string;
                detail: string;
            }[];
        };
    };
    responses: {
        /** @description A refusal (RFC 9457) */
        Refusal: {
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getLiveness: {
        responses: {
            /** @description The process runs */
            200: {
                content: {
                    "application/json": components["schemas"]["Liveness"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getStart: {
        responses: {
            /** @description The start is complete */
            200: {
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getReadiness: {
        responses: {
            /** @description The server accepts requests */
            200: {
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getMetrics: {
        parameters: {
            header?: {
                /** @description `Bearer` and the value of `CHANCERY_METRICS_TOKEN` */
                Authorization?: string;
            };
        };
        responses: {
            /** @description Text format 0.0.4 of Prometheus */
            200: {
                content: {
                    "text/plain; version=0.0.4": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    logIn: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogIn"];
            };
        };
        responses: {
            /** @description The tokens of the new session, or the request for a second factor */
            200: {
                content: {
                    "application/json": components["schemas"]["AccessToken"] | components["schemas"]["SecondFactorRequest"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    verifyLogIn: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogInVerification"];
            };
        };
        responses: {
            /** @description The tokens of the new session */
            200: {
                content: {
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    renew: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["Renewal"];
            };
        };
        responses: {
            /** @description The next tokens of the session */
            200: {
                content: {
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    endSession: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id of the session */
                sessionId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The session has ended */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    getSelf: {
        responses: {
            /** @description The user, their platform role and their memberships */
            200: {
                content: {
                    "application/json": components["schemas"]["Self"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    logOut: {
        responses: {
            /** @description The session has ended */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changePassword: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description The new password is set */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    askForReset: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetRequest"];
            };
        };
        responses: {
            /** @description The same whether or not the account exists */
            202: {
                content: {
                    "application/json": components["schemas"]["AskedReset"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    completeReset: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPassword"];
            };
        };
        responses: {
            /** @description The new password is set */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    listFactors: {
        responses: {
            /** @description The factors and the number of remaining recovery codes */
            200: {
                content: {
                    "application/json": components["schemas"]["FactorList"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    enrolFactor: {
        parameters: {
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFactor"];
            };
        };
        responses: {
            /** @description The factor with the data to set it up */
            201: {
                content: {
                    "application/json": components["schemas"]["EnrolledFactor"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    confirmFactor: {
        parameters: {
            path: {
                /** @description Id of the factor */
                factorId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FactorConfirmation"];
            };
        };
        responses: {
            /** @description The factor; with the first one, ten recovery codes */
            200: {
                content: {
                    "application/json": components["schemas"]["FactorWithCodes"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteFactor: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id of the factor */
                factorId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The factor is deleted; with the last one, the recovery codes */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    renewRecoveryCodes: {
        parameters: {
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The codes; the previous ones are no longer accepted */
            201: {
                content: {
                    "application/json": components["schemas"]["NewRecoveryCodes"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    stepUp: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["FreshProof"];
            };
        };
        responses: {
            /** @description The token for the header `X-Step-Up` */
            200: {
                content: {
                    "application/json": components["schemas"]["StepUpAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    askForStepUp: {
        responses: {
            /** @description The factors of the account that are accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AskedFactor"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listTenants: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["TenantPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createTenant: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTenant"];
            };
        };
        responses: {
            /** @description The new tenant */
            201: {
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getTenant: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The tenant */
            200: {
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteTenant: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantDeletion"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The tenant is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeTenant: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantChange"];
            };
        };
        responses: {
            /** @description The updated tenant */
            200: {
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    suspendTenant: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The suspended tenant */
            200: {
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    reactivateTenant: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The active tenant */
            200: {
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    inviteOwner: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOwnerInvitation"];
            };
        };
        responses: {
            /** @description The invitation with its token, shown only once */
            202: {
                content: {
                    "application/json": components["schemas"]["InvitationWithToken"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest membership first */
            200: {
                content: {
                    "application/json": components["schemas"]["MemberPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    inviteMember: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMember"];
            };
        };
        responses: {
            /** @description The invitation with its token, shown only once; the same whether or not the address has an account */
            202: {
                content: {
                    "application/json": components["schemas"]["InvitationWithToken"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    removeMember: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the user */
                userId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["MemberRemovalDryRun"];
                };
            };
            /** @description The user is no longer a member */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeMember: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the user */
                userId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemberChange"];
            };
        };
        responses: {
            /** @description The updated member */
            200: {
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    endSessions: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the user */
                userId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The sessions have ended */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    resetMember: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the user */
                userId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The token for the member, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["StartedReset"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    resetMemberFactors: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the user */
                userId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The member can sign in with the password alone; all sessions ended */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    listInvitations: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["InvitationPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    resendInvitation: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the invitation */
                invitationId: string;
            };
        };
        responses: {
            /** @description The invitation with its new token, shown only once */
            202: {
                content: {
                    "application/json": components["schemas"]["InvitationWithToken"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    withdrawInvitation: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the invitation */
                invitationId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The invitation can no longer be accepted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    acceptInvitation: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitationAcceptance"];
            };
        };
        responses: {
            /** @description The new membership */
            201: {
                content: {
                    "application/json": components["schemas"]["AcceptedMembership"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only accounts with this address; several tenants may each have one */
                email?: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["AccountPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    resetUser: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id of the user */
                userId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The token for the account's holder, valid for an hour, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["StartedReset"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    verifyUser: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id of the user */
                userId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The token for that person, valid for a week, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["StartedReset"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    resetUserFactors: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id of the user */
                userId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The account's holder can sign in with the password alone; all sessions ended */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    listApiTokens: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["ApiTokenPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createApiToken: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiToken"];
            };
        };
        responses: {
            /** @description The API token with its secret, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["ApiTokenWithSecret"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    revokeApiToken: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the api token */
                apiTokenId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The API token is rejected on every instance */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    listServiceAccounts: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["ServiceAccountPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createServiceAccount: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewServiceAccount"];
            };
        };
        responses: {
            /** @description The service account */
            201: {
                content: {
                    "application/json": components["schemas"]["ServiceAccount"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteServiceAccount: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service account */
                serviceAccountId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The service account is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    createTokenOfAccount: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service account */
                serviceAccountId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiToken"];
            };
        };
        responses: {
            /** @description The API token with its secret, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["ApiTokenWithSecret"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listServices: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
                /** @description Only those without use since this time; one that was never used counts from its creation */
                unusedSince?: string | unknown | unknown;
                /** @description Only those with this contact address; the newest thousand */
                owner?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["ServicePage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createService: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewService"];
            };
        };
        responses: {
            /** @description The service with its secrets, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["CreatedService"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getService: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        responses: {
            /** @description The service */
            200: {
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteService: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ServiceDeletionDryRun"];
                };
            };
            /** @description The service is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeService: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceChange"];
            };
        };
        responses: {
            /** @description The updated service */
            200: {
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listCredentials: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only those of this type */
                authType?: "service_key" | "jwt";
                /** @description Only those in this state now */
                state?: "active" | "inactive" | "expired" | "compromised" | "deleted";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createCredential: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCredential"];
            };
        };
        responses: {
            /** @description The credential with its secret */
            201: {
                content: {
                    "application/json": components["schemas"]["CredentialWithSecret"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCredential: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        responses: {
            /** @description The credential */
            200: {
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteCredential: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialDryRun"];
                };
            };
            /** @description The credential is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeCredential: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CredentialChange"];
            };
        };
        responses: {
            /** @description The updated credential */
            200: {
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    revealCredential: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        responses: {
            /** @description The secret */
            200: {
                content: {
                    "application/json": components["schemas"]["RevealedSecret"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    discardCredential: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        responses: {
            /** @description The inactive credential; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["Credential"] | components["schemas"]["CredentialDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    reactivateCredential: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        responses: {
            /** @description The active credential */
            200: {
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    regenerateCredential: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Regeneration"];
            };
        };
        responses: {
            /** @description The successor with its secret */
            201: {
                content: {
                    "application/json": components["schemas"]["RegeneratedCredential"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    compromiseCredential: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the credential */
                credentialId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Compromise"];
            };
        };
        responses: {
            /** @description The compromised credential, and its successor if one had to be made; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["CompromisedCredential"] | components["schemas"]["CredentialDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listCredentialsOfTenant: {
        parameters: {
            query?: {
                /** @description Only those of this type */
                authType?: "service_key" | "jwt";
                /** @description Only those of this service */
                serviceId?: string;
                /** @description Only those of services with this contact address; the newest thousand services */
                owner?: string;
                /** @description Only those with this name */
                name?: string;
                /** @description Only those that expire before this time; a date is the start of that day in UTC */
                expiresBefore?: string | unknown | unknown;
                /** @description Only those created before this time; a date is the start of that day in UTC */
                createdBefore?: string | unknown | unknown;
                /** @description Only those without use since this time; one that was never used counts from its creation */
                unusedSince?: string | unknown | unknown;
                /** @description Only those in this state now */
                state?: "active" | "inactive" | "expired" | "compromised" | "deleted";
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    exportCredentials: {
        parameters: {
            query?: {
                /** @description Only those of this type */
                authType?: "service_key" | "jwt";
                /** @description Only those of this service */
                serviceId?: string;
                /** @description Only those of services with this contact address; the newest thousand services */
                owner?: string;
                /** @description Only those with this name */
                name?: string;
                /** @description Only those that expire before this time; a date is the start of that day in UTC */
                expiresBefore?: string | unknown | unknown;
                /** @description Only those created before this time; a date is the start of that day in UTC */
                createdBefore?: string | unknown | unknown;
                /** @description Only those without use since this time; one that was never used counts from its creation */
                unusedSince?: string | unknown | unknown;
                /** @description Only those in this state now */
                state?: "active" | "inactive" | "expired" | "compromised" | "deleted";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description All matching credentials, streamed, oldest first */
            200: {
                content: {
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    rotateCredentials: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCredentialRotation"];
            };
        };
        responses: {
            /** @description With `dryRun: true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialRotationDryRun"];
                };
            };
            /** @description The rotation, which runs from now on */
            202: {
                content: {
                    "application/json": components["schemas"]["CredentialRotation"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listCredentialRotations: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialRotationPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCredentialRotation: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the rotation */
                rotationId: string;
            };
        };
        responses: {
            /** @description The rotation */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialRotation"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listCredentialRotationItems: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only those in this state */
                state?: "pending" | "rotated" | "rejected";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the rotation */
                rotationId: string;
            };
        };
        responses: {
            /** @description One page */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialRotationItemPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    cancelCredentialRotation: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the rotation */
                rotationId: string;
            };
        };
        responses: {
            /** @description The cancelled rotation */
            200: {
                content: {
                    "application/json": components["schemas"]["CredentialRotation"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    checkLeak: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LeakRequest"];
            };
        };
        responses: {
            /** @description The result */
            200: {
                content: {
                    "application/json": components["schemas"]["LeakAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listKeys: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
                /** @description Only those in this state now; destroyed keys are listed only if selected */
                state?: "active" | "deleted" | "destroyed";
                /** @description Only those of this algorithm */
                algorithm?: "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "HS256" | "HS384" | "HS512" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87";
                /** @description Only those whose next version is due before this time; a date is the start of that day in UTC */
                rotatesBefore?: string | unknown | unknown;
                /** @description Only those without use since this time; one that was never used counts from its creation */
                unusedSince?: string | unknown | unknown;
                /** @description Only those with this contact address; the newest thousand */
                owner?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    generateKey: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description The new key */
            201: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getKey: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        responses: {
            /** @description The key with its versions */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteKey: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForcedStepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDryRun"];
                };
            };
            /** @description The key is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeKey: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyChange"];
            };
        };
        responses: {
            /** @description The updated key */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listKeyUsers: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        responses: {
            /** @description Its users */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyUserList"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    rotateKey: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            /** @description The key with its new version; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"] | components["schemas"]["KeyDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    retireKeyVersion: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
                /** @description Key ID (`kid`) of the version */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForcedAction"];
            };
        };
        responses: {
            /** @description The key with its versions; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"] | components["schemas"]["KeyDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    compromiseKeyVersion: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
                /** @description Key ID (`kid`) of the version */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyCompromise"];
            };
        };
        responses: {
            /** @description The key with its versions; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"] | components["schemas"]["KeyDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    restoreKey: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        responses: {
            /** @description The key with its versions */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    importKey: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyToImport"];
            };
        };
        responses: {
            /** @description The imported key */
            201: {
                content: {
                    "application/json": components["schemas"]["KeyDetails"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPublicKey: {
        parameters: {
            query?: {
                /** @description JWK (RFC 7517), PEM (RFC 7468), or the XML of .NET (RSA only) */
                format?: "pem" | "jwk" | "rsa-xml";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
                /** @description Key ID (`kid`) of the version */
                kid: string;
            };
        };
        responses: {
            /** @description The public key in the requested format */
            200: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    exportPrivateKey: {
        parameters: {
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
                /** @description Key ID (`kid`) of the version */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyExportRequest"];
            };
        };
        responses: {
            /** @description The key file */
            200: {
                content: {
                    "application/json": components["schemas"]["ExportedKey"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    requestKeyCertificate: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyRequest"];
            };
        };
        responses: {
            /** @description The request, signed by the active version */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyRequestAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    storeKeyCertificate: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyCertificateRequest"];
            };
        };
        responses: {
            /** @description The certificate */
            201: {
                content: {
                    "application/json": components["schemas"]["KeyCertificate"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listKeyCertificates: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the key */
                keyId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyCertificatePage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listKeyStores: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description All available key stores */
            200: {
                content: {
                    "application/json": components["schemas"]["KeyStoreList"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listCertificateAuthorities: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthorityPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createCertificateAuthority: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCertificateAuthority"];
            };
        };
        responses: {
            /** @description The new authority; the first one is the default */
            201: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthority"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCertificateAuthority: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        responses: {
            /** @description The authority */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthority"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteCertificateAuthority: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The authority is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeCertificateAuthority: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactsChange"];
            };
        };
        responses: {
            /** @description The updated authority */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthority"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCertificateAuthorityChain: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        responses: {
            /** @description PEM, each certificate followed by that of its issuer */
            200: {
                content: {
                    "application/x-pem-file": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    storeCertificateAuthorityCertificate: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuthorityCertificate"];
            };
        };
        responses: {
            /** @description The active authority; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthority"] | components["schemas"]["AuthorityCertificateDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCertificateAuthorityStatus: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        responses: {
            /** @description The state */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthorityStatus"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    revokeCertificateAuthority: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the ca */
                caId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuthorityRevocation"];
            };
        };
        responses: {
            /** @description The revoked authority; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateAuthority"] | components["schemas"]["AuthorityRevocationDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listCertificates: {
        parameters: {
            query?: {
                /** @description The effective state */
                state?: "issuing" | "active" | "held" | "revoked" | "expired";
                /** @description Only those issued by this authority */
                caId?: string;
                /** @description Only those of this service */
                serviceId?: string;
                /** @description Certificate ID (`kid`) */
                kid?: string;
                /** @description Beginning of the common name, or of the whole subject if it contains `=` */
                subject?: string;
                /** @description A complete alternative name */
                san?: string;
                /** @description Hexadecimal, with or without colons */
                serialNumber?: string;
                /** @description Only those with this contact address; the newest thousand */
                owner?: string;
                /** @description Only those that expire before this time */
                expiresBefore?: string;
                /** @description Only those that expire after this time */
                expiresAfter?: string;
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificatePage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    issueCertificate: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCertificate"];
            };
        };
        responses: {
            /** @description The certificate */
            201: {
                content: {
                    "application/json": components["schemas"]["NewlyIssuedCertificate"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    exportCertificates: {
        parameters: {
            query?: {
                /** @description The effective state */
                state?: "issuing" | "active" | "held" | "revoked" | "expired";
                /** @description Only those issued by this authority */
                caId?: string;
                /** @description Only those of this service */
                serviceId?: string;
                /** @description Certificate ID (`kid`) */
                kid?: string;
                /** @description Beginning of the common name, or of the whole subject if it contains `=` */
                subject?: string;
                /** @description A complete alternative name */
                san?: string;
                /** @description Hexadecimal, with or without colons */
                serialNumber?: string;
                /** @description Only those with this contact address; the newest thousand */
                owner?: string;
                /** @description Only those that expire before this time */
                expiresBefore?: string;
                /** @description Only those that expire after this time */
                expiresAfter?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description All matching credentials, streamed, oldest first */
            200: {
                content: {
                    "application/x-ndjson": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCertificate: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        responses: {
            /** @description The certificate */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateWithChain"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeCertificate: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactsChange"];
            };
        };
        responses: {
            /** @description The updated certificate */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateWithChain"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    downloadCertificate: {
        parameters: {
            query?: {
                /** @description PEM or DER of the certificate alone, or PKCS#7 with its issuers (DER) */
                format?: "pem" | "der" | "pkcs7";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        responses: {
            /** @description The certificate in the requested format */
            200: {
                content: {
                    "application/x-pem-file": string;
                    "application/pkix-cert": string;
                    "application/pkcs7-mime; smime-type=certs-only": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    renewCertificate: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CertificateRenewal"];
            };
        };
        responses: {
            /** @description The successor */
            201: {
                content: {
                    "application/json": components["schemas"]["NewlyIssuedCertificate"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    revokeCertificate: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Revocation"];
            };
        };
        responses: {
            /** @description The revoked certificate; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateWithChain"] | components["schemas"]["RevocationDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    holdCertificate: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        responses: {
            /** @description The certificate on hold */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateWithChain"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    releaseCertificate: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        responses: {
            /** @description The active certificate */
            200: {
                content: {
                    "application/json": components["schemas"]["CertificateWithChain"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    bundleCertificate: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BundleRequest"];
            };
        };
        responses: {
            /** @description PKCS#12 (RFC 7292) */
            200: {
                content: {
                    "application/x-pkcs12": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listTokenProfiles: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
                /** @description Only those that sign with this key */
                keyId?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenProfilePage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createTokenProfile: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenProfileRequest"];
            };
        };
        responses: {
            /** @description The profile */
            201: {
                content: {
                    "application/json": components["schemas"]["TokenProfileAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getTokenProfile: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Name of the token profile */
                name: string;
            };
        };
        responses: {
            /** @description The profile */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenProfileAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteTokenProfile: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Name of the token profile */
                name: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForcedAction"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenProfileDeletionDryRun"];
                };
            };
            /** @description The token profile is deleted */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeTokenProfile: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Name of the token profile */
                name: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenProfileChangeRequest"];
            };
        };
        responses: {
            /** @description The profile */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenProfileAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    storeSystemUserToken: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Name of the token profile */
                name: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SystemUserTokenRequest"];
            };
        };
        responses: {
            /** @description The profile */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenProfileAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    removeSystemUserToken: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Name of the token profile */
                name: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The token is removed; services must send it again */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    searchTransactions: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Id of the transaction */
                xid?: string;
                /** @description The number, with or without `+` */
                phone?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["FoundTransactionPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listLicenses: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["LicensePage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getLicense: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the license */
                licenseId: string;
            };
        };
        responses: {
            /** @description The entitlement after the newest update */
            200: {
                content: {
                    "application/json": components["schemas"]["License"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listLicenseRevisions: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the license */
                licenseId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["LicenseRevisionPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCalendarFile: {
        parameters: {
            query?: {
                /** @description An API token with only the permission `expirations:read`; for clients that cannot send `Authorization` */
                token?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description RFC 5545; at most a thousand events, soonest first; with an `ETag` */
            200: {
                content: {
                    "text/calendar": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listExpirations: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only items from this time on; default: all */
                from?: string | unknown | unknown;
                /** @description Only items until this time; default: the next 30 days */
                before?: string | unknown | unknown;
                /** @description Only items of this kind */
                kind?: "API token" | "CRL" | "certificate" | "certificate authority" | "credential" | "deleted key" | "foreign certificate" | "history" | "invitation" | "key rotation" | "key version";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page */
            200: {
                content: {
                    "application/json": components["schemas"]["ExpirationPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAsOf: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description The time; a date is the start of that day in UTC; default: now */
                at?: string | unknown | unknown;
                /** @description Only resources of this kind; required with a `cursor`; default: the first page of each kind */
                kind?: "services" | "credentials" | "trusts" | "keys" | "tokenProfiles" | "certificates" | "members";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description A page of each kind, in order of creation */
            200: {
                content: {
                    "application/json": components["schemas"]["AsOf"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getSigners: {
        parameters: {
            query: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description The time; a date is the start of that day in UTC; default: now */
                at?: string | unknown | unknown;
                /** @description Name of the token profile */
                profile: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description A page of credentials and trusts of services */
            200: {
                content: {
                    "application/json": components["schemas"]["Signers"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listAuditEvents: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only events at or after this time; a date is the start of that day in UTC */
                from?: string | unknown | unknown;
                /** @description Only events before this time; a date is the start of that day in UTC */
                to?: string | unknown | unknown;
                /** @description Only events of this user, service or job, by id */
                actor?: string;
                /** @description Only events of the user with this e-mail address */
                actorEmail?: string;
                /** @description Only events from this source address */
                sourceAddress?: string;
                /** @description Only events of these actions, separated by commas */
                action?: string[];
                /** @description Only events on things of this kind */
                targetType?: string;
                /** @description Only events on the thing with this id */
                targetId?: string;
                /** @description Only events with this outcome */
                outcome?: "success" | "denied" | "failed";
                /** @description Only events about the token with this id */
                tokenId?: string;
                /** @description Only events about the key version or certificate with this kid */
                kid?: string;
                /** @description Only events in which this credential was used or changed */
                credentialId?: string;
                /** @description Only events of the request with this id */
                requestId?: string;
                /** @description Newest or oldest first */
                order?: "desc" | "asc";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, newest first unless `order=asc` */
            200: {
                content: {
                    "application/json": components["schemas"]["AuditEventPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAuditDensity: {
        parameters: {
            query?: {
                /** @description A time on that day, or its date (UTC); default: today */
                day?: string | unknown | unknown;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The counts */
            200: {
                content: {
                    "application/json": components["schemas"]["AuditDensity"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    exportAuditEvents: {
        parameters: {
            query?: {
                /** @description `ndjson` can be verified offline, `csv` is for spreadsheets */
                format?: "ndjson" | "csv";
                /** @description Only events at or after this time; a date is the start of that day in UTC */
                from?: string | unknown | unknown;
                /** @description Only events before this time; a date is the start of that day in UTC */
                to?: string | unknown | unknown;
                /** @description Continues after this event, if an export was interrupted */
                after?: number;
                /** @description Ends with the last checkpoint that a witness has cosigned, which may not be the latest one */
                cosigned?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One event per line. `ndjson` begins with a header that contains the checkpoint, and can be verified with `chancery audit verify`; `csv` is for spreadsheets, with the checkpoint in the header `X-Checkpoint` (Base64) */
            200: {
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCheckpoint: {
        parameters: {
            query?: {
                /** @description The last checkpoint that a witness has cosigned, which may not be the latest one */
                cosigned?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description Name, size and root of the log, and their signatures */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getInclusionProof: {
        parameters: {
            query: {
                /** @description Sequence number of the event */
                sequence: number;
                /** @description Size of the tree; default: the size of the last checkpoint */
                treeSize?: number;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The proof */
            200: {
                content: {
                    "application/json": components["schemas"]["InclusionProof"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getConsistencyProof: {
        parameters: {
            query: {
                /** @description Size of the smaller tree */
                from: number;
                /** @description Size of the larger tree; default: the size of the last checkpoint */
                to?: number;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The proof */
            200: {
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAuditEvent: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Sequence number or id of the event */
                sequence: string;
            };
        };
        responses: {
            /** @description The event; with `Accept: application/octet-stream`, the bytes that were hashed */
            200: {
                content: {
                    "application/json": components["schemas"]["AuditEvent"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getEventProof: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Sequence number or id of the event */
                sequence: string;
            };
        };
        responses: {
            /** @description The proof with its checkpoint: all that a verifier needs apart from the keys */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listPlatformAuditEvents: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only events at or after this time; a date is the start of that day in UTC */
                from?: string | unknown | unknown;
                /** @description Only events before this time; a date is the start of that day in UTC */
                to?: string | unknown | unknown;
                /** @description Only events of this user, service or job, by id */
                actor?: string;
                /** @description Only events of the user with this e-mail address */
                actorEmail?: string;
                /** @description Only events from this source address */
                sourceAddress?: string;
                /** @description Only events of these actions, separated by commas */
                action?: string[];
                /** @description Only events on things of this kind */
                targetType?: string;
                /** @description Only events on the thing with this id */
                targetId?: string;
                /** @description Only events with this outcome */
                outcome?: "success" | "denied" | "failed";
                /** @description Only events about the token with this id */
                tokenId?: string;
                /** @description Only events about the key version or certificate with this kid */
                kid?: string;
                /** @description Only events in which this credential was used or changed */
                credentialId?: string;
                /** @description Only events of the request with this id */
                requestId?: string;
                /** @description Newest or oldest first */
                order?: "desc" | "asc";
            };
        };
        responses: {
            /** @description One page, newest first unless `order=asc` */
            200: {
                content: {
                    "application/json": components["schemas"]["AuditEventPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformAuditDensity: {
        parameters: {
            query?: {
                /** @description A time on that day, or its date (UTC); default: today */
                day?: string | unknown | unknown;
            };
        };
        responses: {
            /** @description The counts */
            200: {
                content: {
                    "application/json": components["schemas"]["AuditDensity"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    exportPlatformAuditEvents: {
        parameters: {
            query?: {
                /** @description `ndjson` can be verified offline, `csv` is for spreadsheets */
                format?: "ndjson" | "csv";
                /** @description Only events at or after this time; a date is the start of that day in UTC */
                from?: string | unknown | unknown;
                /** @description Only events before this time; a date is the start of that day in UTC */
                to?: string | unknown | unknown;
                /** @description Continues after this event, if an export was interrupted */
                after?: number;
                /** @description Ends with the last checkpoint that a witness has cosigned, which may not be the latest one */
                cosigned?: boolean;
            };
        };
        responses: {
            /** @description One event per line. `ndjson` begins with a header that contains the checkpoint, and can be verified with `chancery audit verify`; `csv` is for spreadsheets, with the checkpoint in the header `X-Checkpoint` (Base64) */
            200: {
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformCheckpoint: {
        parameters: {
            query?: {
                /** @description The last checkpoint that a witness has cosigned, which may not be the latest one */
                cosigned?: boolean;
            };
        };
        responses: {
            /** @description Name, size and root of the log, and their signatures */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformAuditEvent: {
        parameters: {
            path: {
                /** @description Sequence number or id of the event */
                sequence: string;
            };
        };
        responses: {
            /** @description The event; with `Accept: application/octet-stream`, the bytes that were hashed */
            200: {
                content: {
                    "application/json": components["schemas"]["AuditEvent"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformEventProof: {
        parameters: {
            path: {
                /** @description Sequence number or id of the event */
                sequence: string;
            };
        };
        responses: {
            /** @description The proof with its checkpoint: all that a verifier needs apart from the keys */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCheckpointLogCheckpoint: {
        responses: {
            /** @description Name, size and root of the log, and their signatures */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCheckpointLogTile: {
        parameters: {
            path: {
                /** @description `<level>/<index>` or `entries/<index>`, with `.p/<width>` if it is partial: `0/x001/234.p/17` */
                path: unknown;
            };
        };
        responses: {
            /** @description Hashes of 32 bytes, or entries that each follow their two-byte length */
            200: {
                content: {
                    "application/octet-stream": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getLogCheckpoint: {
        parameters: {
            query?: {
                /** @description The last checkpoint that a witness has cosigned, which may not be the latest one */
                cosigned?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description Name, size and root of the log, and their signatures */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getLogTile: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description `<level>/<index>` or `entries/<index>`, with `.p/<width>` if it is partial: `0/x001/234.p/17` */
                path: unknown;
            };
        };
        responses: {
            /** @description Hashes of 32 bytes, or entries that each follow their two-byte length */
            200: {
                content: {
                    "application/octet-stream": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformProof: {
        parameters: {
            query?: {
                /** @description Number of entries of the log to consider, for example the size of a stored checkpoint; default: all */
                before?: number;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The proof; its extra data is that checkpoint */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformConsistency: {
        parameters: {
            query: {
                /** @description Size of the smaller tree */
                from: number;
                /** @description Size of the larger tree; default: the size of the last checkpoint */
                to?: number;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The proof */
            200: {
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformLogCheckpoint: {
        parameters: {
            query?: {
                /** @description The last checkpoint that a witness has cosigned, which may not be the latest one */
                cosigned?: boolean;
            };
        };
        responses: {
            /** @description Name, size and root of the log, and their signatures */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformLogTile: {
        parameters: {
            path: {
                /** @description `<level>/<index>` or `entries/<index>`, with `.p/<width>` if it is partial: `0/x001/234.p/17` */
                path: unknown;
            };
        };
        responses: {
            /** @description Hashes of 32 bytes, or entries that each follow their two-byte length */
            200: {
                content: {
                    "application/octet-stream": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    rotateLogKeys: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The keys of the installation's own history, newest last */
            200: {
                content: {
                    "application/json": components["schemas"]["LogKeys"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    compromiseLogKey: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogKeyCompromise"];
            };
        };
        responses: {
            /** @description The keys of the installation's own history */
            200: {
                content: {
                    "application/json": components["schemas"]["LogKeys"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listHistoryMonths: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["HistoryMonthPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    eraseHistoryMonth: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Calendar month in UTC as `YYYY-MM`, or its id */
                month: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The erased month; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["HistoryMonth"] | components["schemas"]["HistoryErasureDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listPlatformHistoryMonths: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["HistoryMonthPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    erasePlatformHistoryMonth: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Calendar month in UTC as `YYYY-MM`, or its id */
                month: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description The erased month; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["HistoryMonth"] | components["schemas"]["HistoryErasureDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getLogKeys: {
        parameters: {
            query?: {
                /** @description Name of a log: the first line of its checkpoints; default: the installation's own log */
                origin?: string;
            };
        };
        responses: {
            /** @description The keys of the log */
            200: {
                content: {
                    "application/json": components["schemas"]["LogKeys"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getScheduler: {
        responses: {
            /** @description State of the scheduler in this process */
            200: {
                content: {
                    "application/json": components["schemas"]["SchedulerState"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    confirmClock: {
        parameters: {
            header?: {
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description State of the scheduler in this process after the confirmation */
            200: {
                content: {
                    "application/json": components["schemas"]["SchedulerState"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["WebhookPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createWebhook: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description The webhook with its secret, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getWebhook: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        responses: {
            /** @description The webhook */
            200: {
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The webhook is deleted; nothing more is sent to it */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeWebhook: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChange"];
            };
        };
        responses: {
            /** @description The updated webhook */
            200: {
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    disableWebhook: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        responses: {
            /** @description The webhook */
            200: {
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    enableWebhook: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        responses: {
            /** @description The webhook */
            200: {
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretRotation"];
            };
        };
        responses: {
            /** @description The webhook with its new secret, shown only once */
            200: {
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only those in this state */
                state?: "pending" | "delivered" | "failed";
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    redeliver: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the webhook */
                webhookId: string;
                /** @description Id of the delivery */
                deliveryId: string;
            };
        };
        responses: {
            /** @description The delivery, pending */
            200: {
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listAcmeBindings: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["AcmeBindingPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createAcmeBinding: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAcmeBinding"];
            };
        };
        responses: {
            /** @description The binding with its key, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["AcmeBindingWithKey"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteAcmeBinding: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the acme binding */
                acmeBindingId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The binding is deleted; no account can use it */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    listAcmeAccounts: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only those of this service */
                serviceId?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["AcmeAccountPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAcmeAccount: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the acme account */
                acmeAccountId: string;
            };
        };
        responses: {
            /** @description The account */
            200: {
                content: {
                    "application/json": components["schemas"]["AcmeAccount"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    revokeAcmeAccount: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the acme account */
                acmeAccountId: string;
            };
        };
        responses: {
            /** @description The revoked account; with `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["AcmeAccount"] | components["schemas"]["ActionDryRun"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listAcmeOrders: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the acme account */
                acmeAccountId: string;
            };
        };
        responses: {
            /** @description One page, newest first */
            200: {
                content: {
                    "application/json": components["schemas"]["AcmeOrderPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listTrusts: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["TrustPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createTrust: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTrust"];
            };
        };
        responses: {
            /** @description The trust; its rules never change */
            201: {
                content: {
                    "application/json": components["schemas"]["Trust"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    tryToken: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenToTry"];
            };
        };
        responses: {
            /** @description The decision, and the trust that made it */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenTrial"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getTrust: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the trust */
                trustId: string;
            };
        };
        responses: {
            /** @description The trust */
            200: {
                content: {
                    "application/json": components["schemas"]["Trust"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteTrust: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the service */
                serviceId: string;
                /** @description Id of the trust */
                trustId: string;
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The trust is deleted; it accepts no more tokens */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    listIdentityProviders: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProviderPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createIdentityProvider: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewIdentityProvider"];
            };
        };
        responses: {
            /** @description The identity provider */
            201: {
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getIdentityProvider: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        responses: {
            /** @description The identity provider */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deleteIdentityProvider: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The identity provider is deleted; sign-ins through it are rejected */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeIdentityProvider: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdentityProviderChange"];
            };
        };
        responses: {
            /** @description The updated identity provider */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    testIdentityProvider: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        responses: {
            /** @description The provider's metadata */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProviderTest"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listPlatformIdentityProviders: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description Only the resource with exactly this name */
                name?: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProviderPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createPlatformIdentityProvider: {
        parameters: {
            header?: {
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewIdentityProvider"];
            };
        };
        responses: {
            /** @description The identity provider */
            201: {
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPlatformIdentityProvider: {
        parameters: {
            path: {
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        responses: {
            /** @description The identity provider */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    deletePlatformIdentityProvider: {
        parameters: {
            query?: {
                /** @description Dry run: report the effect, change nothing */
                dryRun?: boolean;
            };
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepUp"];
            };
        };
        responses: {
            /** @description With `dryRun=true`: the effect */
            200: {
                content: {
                    "application/json": components["schemas"]["ActionDryRun"];
                };
            };
            /** @description The identity provider is deleted; sign-ins through it are rejected */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    changePlatformIdentityProvider: {
        parameters: {
            header?: {
                /** @description The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since */
                "If-Match"?: string;
                /** @description Replaces `password`: the `stepUpToken` of `POST /v1/auth/step-up`, valid for 5 minutes in the same session. Takes precedence if both are sent */
                "X-Step-Up"?: string;
            };
            path: {
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdentityProviderChange"];
            };
        };
        responses: {
            /** @description The updated identity provider */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    testPlatformIdentityProvider: {
        parameters: {
            path: {
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        responses: {
            /** @description The provider's metadata */
            200: {
                content: {
                    "application/json": components["schemas"]["IdentityProviderTest"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listOfferedIdentityProviders: {
        parameters: {
            query?: {
                /** @description Id or slug of a tenant whose providers are also listed */
                tenant?: string;
            };
        };
        responses: {
            /** @description The providers of the installation and, if it exists, of the tenant */
            200: {
                content: {
                    "application/json": components["schemas"]["OfferedProviders"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    beginProviderSignIn: {
        parameters: {
            path: {
                /** @description Id of the identity provider */
                identityProviderId: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProviderSignIn"];
            };
        };
        responses: {
            /** @description The URL for the browser */
            200: {
                content: {
                    "application/json": components["schemas"]["BegunProviderSignIn"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    completeProviderSignIn: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderSignInCompletion"];
            };
        };
        responses: {
            /** @description The tokens of the new session, or the request for a second factor */
            200: {
                content: {
                    "application/json": components["schemas"]["AccessToken"] | components["schemas"]["SecondFactorRequest"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    beginProviderStepUp: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProviderSignIn"];
            };
        };
        responses: {
            /** @description The URL for the browser */
            200: {
                content: {
                    "application/json": components["schemas"]["BegunProviderSignIn"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    completeProviderStepUp: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderAnswer"];
            };
        };
        responses: {
            /** @description The token for the header `X-Step-Up` */
            200: {
                content: {
                    "application/json": components["schemas"]["StepUpAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    signToken: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Name of the token profile */
                profile: string;
            };
        };
        /** @description Token in the format of the profile */
        requestBody: {
            content: {
                "application/json": {
                    subject?: string;
                    audience?: string | string[];
                    claims?: Record<string, never>;
                    ttlSeconds?: number;
                } | {
                    payload?: Record<string, never>;
                    body?: string;
                    payloadHash?: string;
                } | {
                    systemUserToken?: string;
                } | {
                    identifier?: string;
                    name?: string;
                    email?: string;
                    /** @constant */
                    anonymous?: true;
                    ttlSeconds?: number;
                } | {
                    ttlSeconds?: number;
                } | {
                    phoneNumber: string;
                    xid?: string;
                };
            };
        };
        responses: {
            /** @description The token */
            200: {
                content: {
                    "application/json": components["schemas"]["IssuedTokenAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    signTokens: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Name of the token profile */
                profile: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchRequest"];
            };
        };
        responses: {
            /** @description Tokens and errors, in request order */
            200: {
                content: {
                    "application/json": components["schemas"]["BatchAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    verifyToken: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyRequest"];
            };
        };
        responses: {
            /** @description Verification result */
            200: {
                content: {
                    "application/json": components["schemas"]["VerifyAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    diagnoseToken: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiagnoseRequest"];
            };
        };
        responses: {
            /** @description All causes found */
            200: {
                content: {
                    "application/json": components["schemas"]["DiagnoseAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    whoami: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The caller */
            200: {
                content: {
                    "application/json": components["schemas"]["WhoamiAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    exchangeToken: {
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["TokenExchangeRequest"];
            };
        };
        responses: {
            /** @description The credential */
            200: {
                content: {
                    "application/json": components["schemas"]["TokenExchangeAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    authenticateCaller: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallerCredentials"];
            };
        };
        responses: {
            /** @description The service, or the code of the rejection */
            200: {
                content: {
                    "application/json": components["schemas"]["CallerVerdict"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuth: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuthPut: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuthPost: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuthDelete: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuthOptions: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuthHead: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    forwardAuthPatch: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The request is accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["AdmittedCaller"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getPhoneToken: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
                /** @description Id or slug of the tenant, for clients without a credential */
                tenant?: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
            path: {
                /** @description 7 to 15 digits, with or without `+` */
                phone: string;
            };
        };
        responses: {
            /** @description The bare token */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getTransactionToken: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
                /** @description Id or slug of the tenant, for clients without a credential */
                tenant?: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
            path: {
                /** @description 7 to 15 digits, with or without `+` */
                phone: string;
                /** @description Id of the transaction */
                xid: string;
            };
        };
        responses: {
            /** @description The bare token */
            200: {
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getTransaction: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
            path: {
                /** @description Id of the transaction */
                xid: string;
            };
        };
        responses: {
            /** @description The transaction */
            200: {
                content: {
                    "application/json": components["schemas"]["TransactionAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listTransactions: {
        parameters: {
            query: {
                /** @description Items per page */
                limit?: number;
                /** @description The `nextCursor` of the previous page */
                cursor?: string;
                /** @description The number, with or without `+` */
                phone: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description One page, oldest first */
            200: {
                content: {
                    "application/json": components["schemas"]["TransactionPage"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getSystemUserToken: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The signed token; the same in the same minute */
            200: {
                content: {
                    "application/json": components["schemas"]["SystemUserTokenAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getUserToken: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
                /** @description Id or slug of the tenant, if several trust the same issuer for the same audience */
                tenant?: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The token */
            200: {
                content: {
                    "application/json": components["schemas"]["UserTokenAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    createUserToken: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserTokenRequest"];
            };
        };
        responses: {
            /** @description The token */
            200: {
                content: {
                    "application/json": components["schemas"]["UserTokenAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    askForUserToken: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
                /** @description Id or slug of the tenant, if several trust the same issuer for the same audience */
                tenant?: string;
            };
        };
        responses: {
            /** @description What the page may send, if a profile lists its origin */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    getUserTokenAtVendorPath: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
                /** @description Id or slug of the tenant, if several trust the same issuer for the same audience */
                tenant?: string;
            };
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
            };
        };
        responses: {
            /** @description The token */
            200: {
                content: {
                    "application/json": components["schemas"]["UserTokenAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    askForUserTokenAtVendorPath: {
        parameters: {
            query?: {
                /** @description Name of the token profile, if several match */
                profile?: string;
                /** @description Id or slug of the tenant, if several trust the same issuer for the same audience */
                tenant?: string;
            };
        };
        responses: {
            /** @description What the page may send, if a profile lists its origin */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    updateLicense: {
        parameters: {
            header: {
                /** @description `Bearer` and the request token: RS256 with the certified key, `payload_hash` of this exact body */
                Authorization: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description The update was accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["LicenseUpdateAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    updateLicenseAtSandboxPath: {
        parameters: {
            header: {
                /** @description `Bearer` and the request token: RS256 with the certified key, `payload_hash` of this exact body */
                Authorization: string;
            };
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description The update was accepted */
            200: {
                content: {
                    "application/json": components["schemas"]["LicenseUpdateAnswer"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    requestCertificate: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OwnCertificateRequest"];
            };
        };
        responses: {
            /** @description The certificate */
            201: {
                content: {
                    "application/json": components["schemas"]["NewlyIssuedCertificate"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    renewOwnCertificate: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description Certificate ID (`kid`) */
                kid: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OwnCertificateRenewal"];
            };
        };
        responses: {
            /** @description The successor */
            201: {
                content: {
                    "application/json": components["schemas"]["NewlyIssuedCertificate"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getJwks: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The keys; also of a suspended tenant */
            200: {
                content: {
                    "application/json": components["schemas"]["JsonWebKeySet"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getIssuerMetadata: {
        parameters: {
            path: {
                /** @description Id or slug of the tenant */
                tenantId: string;
            };
        };
        responses: {
            /** @description The issuer, the URL of its keys, and their algorithms */
            200: {
                content: {
                    "application/json": components["schemas"]["IssuerMetadata"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAuthorityCertificate: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
            };
        };
        responses: {
            /** @description DER */
            200: {
                content: {
                    "application/pkix-cert": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getCrl: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
            };
        };
        responses: {
            /** @description DER */
            200: {
                content: {
                    "application/pkix-crl": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    askStatus: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
            };
        };
        /** @description OCSPRequest, DER */
        requestBody: {
            content: {
                "application/ocsp-request": string;
            };
        };
        responses: {
            /** @description OCSPResponse, DER */
            200: {
                content: {
                    "application/ocsp-response": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getStatus: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
                /** @description OCSPRequest, DER in Base64, percent-encoded (RFC 6960 appendix A.1) */
                request: string;
            };
        };
        responses: {
            /** @description OCSPResponse, DER */
            200: {
                content: {
                    "application/ocsp-response": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAcmeDirectory: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
            };
        };
        responses: {
            /** @description The addresses of all ACME resources */
            200: {
                content: {
                    "application/json": {
                        newNonce: string;
                        newAccount: string;
                        newOrder: string;
                        revokeCert: string;
                        keyChange: string;
                        renewalInfo: string;
                        meta: {
                            externalAccountRequired: boolean;
                        };
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    newAcmeNonce: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
            };
        };
        responses: {
            /** @description The nonce is in `Replay-Nonce` */
            204: {
            };
            default: components["responses"]["Refusal"];
        };
    };
    newAcmeAccount: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The account that the key already has */
            200: {
                content: {
                    "application/json": {
                        status: string;
                        contact: string[];
                        orders: string;
                    };
                };
            };
            /** @description The new account */
            201: {
                content: {
                    "application/json": {
                        status: string;
                        contact: string[];
                        orders: string;
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeAcmeAccountByKey: {
        parameters: {
            path: {
                /** @description Id of the acme account */
                acmeAccountId: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The account */
            200: {
                content: {
                    "application/json": {
                        status: string;
                        contact: string[];
                        orders: string;
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    listAcmeOrdersByKey: {
        parameters: {
            query?: {
                /** @description The cursor in the link to the next page */
                cursor?: string;
            };
            path: {
                /** @description Id of the ACME account */
                acmeAccountId: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description One page; the next one is in `Link` with `rel="next"` */
            200: {
                content: {
                    "application/json": {
                        orders: string[];
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    changeAcmeAccountKey: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The account */
            200: {
                content: {
                    "application/json": {
                        status: string;
                        contact: string[];
                        orders: string;
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    newAcmeOrder: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The order */
            201: {
                content: {
                    "application/json": {
                        status: string;
                        expires: string;
                        identifiers: {
                            [key: string]: unknown;
                        }[];
                        authorizations: string[];
                        finalize: string;
                        certificate?: string;
                        error?: {
                            type: string;
                            detail: string;
                            subproblems?: {
                                [key: string]: unknown;
                            }[];
                        };
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAcmeOrderByKey: {
        parameters: {
            path: {
                /** @description Id of the acme order */
                acmeOrderId: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The order */
            200: {
                content: {
                    "application/json": {
                        status: string;
                        expires: string;
                        identifiers: {
                            [key: string]: unknown;
                        }[];
                        authorizations: string[];
                        finalize: string;
                        certificate?: string;
                        error?: {
                            type: string;
                            detail: string;
                            subproblems?: {
                                [key: string]: unknown;
                            }[];
                        };
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    finalizeAcmeOrder: {
        parameters: {
            path: {
                /** @description Id of the acme order */
                acmeOrderId: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The order with the address of its certificate */
            200: {
                content: {
                    "application/json": {
                        status: string;
                        expires: string;
                        identifiers: {
                            [key: string]: unknown;
                        }[];
                        authorizations: string[];
                        finalize: string;
                        certificate?: string;
                        error?: {
                            type: string;
                            detail: string;
                            subproblems?: {
                                [key: string]: unknown;
                            }[];
                        };
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAcmeAuthorization: {
        parameters: {
            path: {
                /** @description Id of the acme authorization */
                acmeAuthorizationId: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The authorization */
            200: {
                content: {
                    "application/json": {
                        status: string;
                        expires: string;
                        identifier: {
                            type: string;
                            value: string;
                        };
                        wildcard?: boolean;
                        challenges: {
                            [key: string]: unknown;
                        }[];
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    answerAcmeChallenge: {
        parameters: {
            path: {
                /** @description Id of the acme authorization */
                acmeAuthorizationId: string;
                /** @description Type of the challenge, such as `http-01` */
                challenge: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The challenge */
            200: {
                content: {
                    "application/json": {
                        type: string;
                        status: string;
                        url: string;
                        token: string;
                        validated?: string;
                        error?: {
                            type: string;
                            detail: string;
                            subproblems?: {
                                [key: string]: unknown;
                            }[];
                        };
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAcmeCertificate: {
        parameters: {
            path: {
                /** @description Certificate ID (`kid`) */
                kid: string;
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description PEM, the certificate first */
            200: {
                content: {
                    "application/pem-certificate-chain": string;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    revokeAcmeCertificate: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: unknown;
            };
        };
        /** @description Flattened JWS (RFC 8555 §6.2) */
        requestBody: {
            content: {
                "application/jose+json": {
                    protected: string;
                    payload: string;
                    signature: string;
                };
            };
        };
        responses: {
            /** @description The certificate is revoked */
            200: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    getAcmeRenewalInfo: {
        parameters: {
            path: {
                /** @description Id of the authority */
                caId: string;
                /** @description Unique identifier of the certificate (RFC 9773 §4.1) */
                certificateId: string;
            };
        };
        responses: {
            /** @description The suggested renewal window; for a revoked certificate it is in the past */
            200: {
                content: {
                    "application/json": {
                        suggestedWindow: {
                            start: string;
                            end: string;
                        };
                    };
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    requestAcmeBinding: {
        parameters: {
            header?: {
                /** @description Id of the service that a workload acts as. Required with a token of the workload's own issuer as `Authorization: Bearer`; other credentials identify the service themselves. */
                "X-Service-Id"?: string;
                /** @description Makes the call safe to repeat for 24 hours: the same key and payload return the first response again */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAcmeBinding"];
            };
        };
        responses: {
            /** @description The binding with its key, shown only once */
            201: {
                content: {
                    "application/json": components["schemas"]["AcmeBindingWithKey"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
}
export const choices = {
    SecondFactorRequest: {"methods":["totp","passkey","recovery_code"]},
    LogIn: {"session":["token","cookie"]},
    LogInVerification: {"session":["token","cookie"]},
    MembershipOfUser: {"state":["active","suspended","deleted"],"role":["owner","full_access","limited_access","auditor"],"permissions":["session:self","tenants:list","tenants:manage","users:manage","scheduler:manage","platform-identity-providers:manage","platform-history:manage","platform-audit:read","platform-history:erase","tenant:read","tenant:write","members:read","members:write","members:recover","api-tokens:self","service-accounts:read","service-accounts:write","services:read","services:write","credentials:reveal","keys:read","keys:write","keys:export","certificate-authorities:write","certificates:read","certificates:issue","certificates:write","acme:read","acme:write","token-profiles:read","token-profiles:write","transactions:read","licenses:read","expirations:read","audit:read","history:erase","identity-providers:read","identity-providers:write","webhooks:read","webhooks:write","tokens:sign","tokens:verify","certificates:request","callers:authenticate","service:self"]},
    Self: {"platformRole":["platform_admin",null],"platformPermissions":["session:self","tenants:list","tenants:manage","users:manage","scheduler:manage","platform-identity-providers:manage","platform-history:manage","platform-audit:read","platform-history:erase","tenant:read","tenant:write","members:read","members:write","members:recover","api-tokens:self","service-accounts:read","service-accounts:write","services:read","services:write","credentials:reveal","keys:read","keys:write","keys:export","certificate-authorities:write","certificates:read","certificates:issue","certificates:write","acme:read","acme:write","token-profiles:read","token-profiles:write","transactions:read","licenses:read","expirations:read","audit:read","history:erase","identity-providers:read","identity-providers:write","webhooks:read","webhooks:write","tokens:sign","tokens:verify","certificates:request","callers:authenticate","service:self"]},
    Factor: {"kind":["totp","passkey"]},
    NewFactor: {"kind":["totp","passkey"]},
    AskedFactor: {"methods":["totp","passkey","recovery_code"]},
    Tenant: {"state":["active","suspended","deleted"]},
    Invitation: {"role":["owner","full_access","limited_access","auditor"],"state":["pending","accepted","withdrawn","expired"]},
    NewMember: {"role":["owner","full_access","limited_access","auditor"]},
    Member: {"role":["owner","full_access","limited_access","auditor"]},
    MemberChange: {"role":["owner","full_access","limited_access","auditor"]},
    AcceptedMembership: {"role":["owner","full_access","limited_access","auditor"]},
    NewApiToken: {"permissions":["tenant:read","tenant:write","members:read","service-accounts:read","services:read","services:write","credentials:reveal","keys:read","keys:write","keys:export","certificate-authorities:write","certificates:read","certificates:issue","certificates:write","acme:read","acme:write","token-profiles:read","token-profiles:write","transactions:read","licenses:read","expirations:read","audit:read","identity-providers:read","webhooks:read"]},
    ApiToken: {"ownerType":["user","service_account"],"permissions":["tenant:read","tenant:write","members:read","service-accounts:read","services:read","services:write","credentials:reveal","keys:read","keys:write","keys:export","certificate-authorities:write","certificates:read","certificates:issue","certificates:write","acme:read","acme:write","token-profiles:read","token-profiles:write","transactions:read","licenses:read","expirations:read","audit:read","identity-providers:read","webhooks:read"],"state":["active","revoked","expired"]},
    NewServiceAccount: {"role":["owner","full_access","limited_access","auditor"]},
    ServiceAccount: {"role":["owner","full_access","limited_access","auditor"]},
    CredentialWithSecret: {"authType":["service_key","jwt"],"state":["active","inactive","expired","compromised","deleted"]},
    Credential: {"authType":["service_key","jwt"],"state":["active","inactive","expired","compromised","deleted"],"allowedActions":["reveal","discard","reactivate","regenerate","compromise","update","delete"]},
    NewCredential: {"authType":["service_key","jwt"]},
    CredentialDryRunImpact: {"state":["active","inactive","expired","compromised","deleted"]},
    RegeneratedCredential: {"authType":["service_key","jwt"],"state":["active","inactive","expired","compromised","deleted"]},
    CompromisedCredential: {"authType":["service_key","jwt"],"state":["active","inactive","expired","compromised","deleted"]},
    RotationFilter: {"authType":["service_key","jwt"]},
    AppliedRotationFilter: {"authType":["service_key","jwt"]},
    CredentialRotation: {"state":["running","completed","cancelled"]},
    CredentialRotationItem: {"state":["pending","rotated","rejected"]},
    LeakedCredential: {"authType":["service_key","jwt","workload"],"state":["active","inactive","expired","compromised","deleted"]},
    LeakedApiToken: {"state":["active","revoked","expired"]},
    NewKey: {"algorithm":["RS256","RS384","RS512","PS256","PS384","PS512","ES256","ES384","ES512","EdDSA","HS256","HS384","HS512","ML-DSA-44","ML-DSA-65","ML-DSA-87"]},
    KeyVersion: {"state":["pending","active","retired","destroyed","compromised"]},
    KeyDetails: {"state":["active","deleted","destroyed"],"algorithm":["RS256","RS384","RS512","PS256","PS384","PS512","ES256","ES384","ES512","EdDSA","HS256","HS384","HS512","ML-DSA-44","ML-DSA-65","ML-DSA-87"],"secretEncoding":["text","base64",null],"origin":["generated","imported"]},
    Key: {"state":["active","deleted","destroyed"],"algorithm":["RS256","RS384","RS512","PS256","PS384","PS512","ES256","ES384","ES512","EdDSA","HS256","HS384","HS512","ML-DSA-44","ML-DSA-65","ML-DSA-87"],"secretEncoding":["text","base64",null],"origin":["generated","imported"]},
    KeyToImport: {"algorithm":["RS256","RS384","RS512","PS256","PS384","PS512","ES256","ES384","ES512","EdDSA","HS256","HS384","HS512","ML-DSA-44","ML-DSA-65","ML-DSA-87"],"format":["pem","jwk","rsa-xml","pkcs12","secret","secret-base64"]},
    KeyExportRequest: {"format":["pem","jwk","rsa-xml","pkcs12","secret","secret-base64"]},
    ExportedKey: {"format":["pem","jwk","rsa-xml","pkcs12","secret","secret-base64"]},
    KeyCertificate: {"state":["active","expired"]},
    KeyStore: {"type":["pkcs11","transit","aws-kms","gcp-kms"]},
    ConstrainedName: {"kind":["dns","email","ip"]},
    NamePolicyField: {"subjectAttributes":["commonName","surname","serialNumber","countryName","localityName","stateOrProvinceName","organizationName","organizationalUnitName","givenName","emailAddress","domainComponent"],"sanKinds":["dns","email","uri","ip","directory","other"]},
    IssuingProfileField: {"kid":["uuid","sha1-der","sha256-der"],"extendedKeyUsage":["clientAuth","serverAuth","emailProtection","codeSigning"]},
    NewCertificateAuthority: {"keyAlgorithm":["RSA-2048","RSA-3072","RSA-4096","P-256","P-384","RS256","ES256","ES384"]},
    CertificateAuthority: {"state":["pending","active","revoked","expired"],"origin":["generated","imported"],"keyAlgorithm":["RSA-2048","RSA-3072","RSA-4096","P-256","P-384"],"revocationReason":["unspecified","keyCompromise","cACompromise","affiliationChanged","superseded","cessationOfOperation","certificateHold","privilegeWithdrawn","aACompromise",null]},
    AuthorityRevocation: {"reason":["unspecified","keyCompromise","cACompromise","affiliationChanged","superseded","cessationOfOperation","privilegeWithdrawn","aACompromise"]},
    IgnoredPartField: {"kind":["extension","attribute","keyUsage"]},
    NewlyIssuedCertificate: {"state":["issuing","active","held","revoked","expired"],"revocationReason":["unspecified","keyCompromise","cACompromise","affiliationChanged","superseded","cessationOfOperation","certificateHold","privilegeWithdrawn","aACompromise",null]},
    Certificate: {"state":["issuing","active","held","revoked","expired"],"revocationReason":["unspecified","keyCompromise","cACompromise","affiliationChanged","superseded","cessationOfOperation","certificateHold","privilegeWithdrawn","aACompromise",null]},
    CertificateWithChain: {"state":["issuing","active","held","revoked","expired"],"revocationReason":["unspecified","keyCompromise","cACompromise","affiliationChanged","superseded","cessationOfOperation","certificateHold","privilegeWithdrawn","aACompromise",null]},
    RevocationOutcome: {"state":["issuing","active","held","revoked","expired"]},
    Revocation: {"reason":["unspecified","keyCompromise","cACompromise","affiliationChanged","superseded","cessationOfOperation","privilegeWithdrawn","aACompromise"]},
    TokenProfileRequest: {"version":["v1","v2"],"format":["jwt","xima-licensing","superoffice-system-user","ccai-user","webex-connect","telesign-app-verify"]},
    TokenProfileAnswer: {"format":["jwt","xima-licensing","superoffice-system-user","ccai-user","webex-connect","telesign-app-verify"],"version":["v1","v2",null]},
    TokenProfileChangeRequest: {"version":["v1","v2"]},
    FoundTransaction: {"status":["live","expired"]},
    Expiration: {"kind":["API token","CRL","certificate","certificate authority","credential","deleted key","foreign certificate","history","invitation","key rotation","key version"]},
    TenantAsOf: {"state":["active","suspended","deleted"]},
    ServiceAsOf: {"missing":["too_large","erased","altered"]},
    CredentialAsOf: {"state":["active","inactive","expired","compromised","deleted"],"authType":["service_key","jwt"],"missing":["too_large","erased","altered"]},
    TrustAsOf: {"missing":["too_large","erased","altered"]},
    KeyVersionAsOf: {"state":["pending","active","retired","destroyed","compromised"]},
    KeyAsOf: {"state":["active","deleted","destroyed"],"missing":["too_large","erased","altered"]},
    TokenProfileAsOf: {"format":["jwt","xima-licensing","superoffice-system-user","ccai-user","webex-connect","telesign-app-verify"],"missing":["too_large","erased","altered"]},
    CertificateAsOf: {"state":["issuing","active","held","revoked","expired"],"missing":["too_large","erased","altered"]},
    MemberAsOf: {"missing":["too_large","erased","altered"]},
    Signer: {"authType":["service_key","jwt",null]},
    Signers: {"refusal":["NOT_FOUND","TENANT_SUSPENDED","KEY_NOT_USABLE",null]},
    EventActor: {"type":["user","service","service_account","system"]},
    AuditEvent: {"outcome":["success","denied","failed"]},
    LogKey: {"algorithm":["Ed25519","ML-DSA-44"]},
    HistoryMonth: {"state":["running","kept","erased"]},
    SchedulerState: {"clock":["steady","ahead","behind"]},
    Webhook: {"state":["active","disabled"]},
    Delivery: {"state":["pending","delivered","failed"]},
    AcmeAccount: {"state":["valid","deactivated","revoked"]},
    AcmeOrderOfAccount: {"state":["pending","ready","processing","valid","invalid"]},
    Trust: {"keysFrom":["issuer","trust"]},
    RoleMapping: {"role":["owner","full_access","limited_access","auditor"]},
    ProviderSignInCompletion: {"session":["token","cookie"]},
    IssuedTokenAnswer: {"format":["jwt","xima-licensing","superoffice-system-user","ccai-user","webex-connect","telesign-app-verify"]},
    VerifyAnswer: {"code":["OK","MALFORMED_TOKEN","ALGORITHM_NOT_ALLOWED","UNKNOWN_KID","KEY_NOT_USABLE","INVALID_SIGNATURE","EXPIRED_TOKEN","TOKEN_NOT_YET_VALID","INVALID_CLAIMS","INVALID_JTI","DUPLICATE_JTI","INVALID_PAYLOAD_HASH","INVALID_TIMESTAMP","CERTIFICATE_REVOKED","CERTIFICATE_EXPIRED"]},
    DiagnoseAnswer: {"code":["OK","MALFORMED_TOKEN","ALGORITHM_NOT_ALLOWED","UNKNOWN_KID","KEY_NOT_USABLE","INVALID_SIGNATURE","EXPIRED_TOKEN","TOKEN_NOT_YET_VALID","INVALID_CLAIMS","INVALID_JTI","DUPLICATE_JTI","INVALID_PAYLOAD_HASH","INVALID_TIMESTAMP","CERTIFICATE_REVOKED","CERTIFICATE_EXPIRED"]},
    WhoamiAnswer: {"authType":["service_key","jwt","workload"]},
    TokenExchangeRequest: {"subject_token_type":["urn:ietf:params:oauth:token-type:jwt","urn:ietf:params:oauth:token-type:id_token","urn:ietf:params:oauth:token-type:access_token"]},
    OAuthError: {"error":["invalid_request","unsupported_grant_type"]},
    CallerVerdict: {"authType":["service_key","jwt","workload"]},
    TransactionAnswer: {"status":["live","expired"]},
    IssuerMetadata: {"id_token_signing_alg_values_supported":["RS256","RS384","RS512","PS256","PS384","PS512","ES256","ES384","ES512","EdDSA","HS256","HS384","HS512","ML-DSA-44","ML-DSA-65","ML-DSA-87"]},
} as const;
