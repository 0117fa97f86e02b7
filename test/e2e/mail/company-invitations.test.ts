import { describe, expect, it } from 'vitest';

import { systemClock } from '#core';
import { MailDeliveries } from '#mail';

import { startScriptedProvider } from '../../support/identity-provider.js';
import { startMailServer } from '../../support/mail-server.js';
import { PASSWORD, createTenant, startTestServer } from '../../support/server.js';
import { REACHABLE, callOf, createProvider, person, signInScripted } from '../admin/company.js';

describe('a tenant without passwords', () => {
  it('a tenant without passwords takes in a person who was invited by e-mail, by its provider', async () => {
    const [mailServer, scripted] = [await startMailServer(), await startScriptedProvider()];
    const smtp = {
      CHANCERY_SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
      CHANCERY_MAIL_FROM: 'chancery@example.com',
      CHANCERY_PUBLIC_URL: 'https://chancery.test',
    };
    const mailing = await startTestServer({ clock: systemClock, environment: { ...REACHABLE, ...smtp } });
    const tenant = await createTenant(mailing);
    const roleMappings = [{ group: 'owners', role: 'owner' }];
    const providerId = await createProvider(mailing, tenant, scripted.issuer, { roleMappings });
    const boss = callOf(await signInScripted(mailing, scripted, providerId, person({ groups: ['owners'] })));
    await mailing.patch(tenant.path, { settings: { passwordSignIn: 'none' } }, boss);
    const ada = person();
    await mailing.post(`${tenant.path}/members`, { email: ada.email, role: 'auditor' }, boss);
    await mailing.server.app.get(MailDeliveries).sendDue();
    const [token] = /cinv_\w+/.exec(mailServer.received.at(-1)!.text)!;
    const account = { token, name: 'Ada', password: PASSWORD };
    expect((await mailing.post('/v1/invitations/accept', account)).status).toBe(201);
    const call = callOf(await signInScripted(mailing, scripted, providerId, ada));
    expect((await mailing.get(tenant.path, call)).status).toBe(200);
    await mailing.close();
    await Promise.all([mailServer.close(), scripted.close()]);
  });
});
