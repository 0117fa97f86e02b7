import { expect } from 'vitest';

import { DomainError, type TenantScope } from '#core';
import type { EffectiveCredential } from '#service-keys';

import { CredentialModel, type ModelCredential, type Outcome } from './credential-model.js';
import type { Fixture } from './fixture.js';

export type Command =
  | { readonly name: 'create' | 'update'; readonly index: number; readonly lifetime: number | null }
  | { readonly name: 'regenerate' | 'rotate'; readonly index: number; readonly overlap: number }
  | { readonly name: 'discard' | 'reactivate' | 'compromise' | 'delete' | 'use'; readonly index: number }
  | { readonly name: 'advance'; readonly milliseconds: number }
  | { readonly name: 'schedule' };

/** The product beside the model: every command goes to both, and what comes back must be the same. */
export class Comparison {
  /** Ids of the credentials, in the order of the model's labels. */
  private readonly ids: string[] = [];
  private readonly secrets = new Map<string, string>();

  private constructor(
    private readonly fixture: Fixture,
    private readonly scope: TenantScope,
    private readonly serviceId: string,
    private readonly model: CredentialModel,
  ) {}

  static async start(fixture: Fixture, scope: TenantScope, limit: number, name: string): Promise<Comparison> {
    const { service, serviceKey } = await fixture.services.create(scope, { name });
    const comparison = new Comparison(fixture, scope, service.id, new CredentialModel(fixture.clock.now(), limit));
    comparison.ids.push(serviceKey.credential.id);
    comparison.secrets.set(serviceKey.credential.id, serviceKey.secret.reveal());
    return comparison;
  }

  async run(command: Command): Promise<void> {
    if (command.name === 'advance') {
      this.fixture.clock.advance(command.milliseconds);
      this.model.now = this.fixture.clock.now();
      return;
    }
    if (command.name === 'schedule') return this.schedule();
    const target = this.model.all[command.index % this.model.all.length]!;
    if (command.name === 'use') {
      await this.compareUse(target);
      return;
    }
    const now = this.fixture.clock.now();
    const expected = this.predict(command, target);
    const actual = await this.perform(command, this.ids[target.label]!, now);
    expect({ command: command.name, code: actual }).toEqual({ command: command.name, code: expected.code });
    await this.compareStates(expected.born);
  }

  async finish(): Promise<void> {
    await this.schedule();
    expect(this.model.violations()).toEqual([]);
    // A service that is done with must not keep the scheduler of the next run busy.
    await this.fixture.services.delete(this.scope, this.serviceId, this.fixture.password);
  }

  private async schedule(): Promise<void> {
    const born = this.model.schedule();
    await this.fixture.expiry.recordDue(500);
    while ((await this.fixture.succession.recordDue(200)) > 0);
    while ((await this.fixture.cleanup.recordDue(200)) > 0);
    await this.compareStates(born);
  }

  private predict(command: Command, target: ModelCredential): Outcome {
    switch (command.name) {
      case 'create':
        return this.model.create(command.lifetime);
      case 'update':
        return this.model.update(target, command.lifetime);
      case 'regenerate':
        return this.model.regenerate(target, command.overlap);
      case 'rotate':
        return this.model.rotate(target, command.overlap);
      case 'discard':
      case 'reactivate':
      case 'compromise':
      case 'delete':
        return this.model[command.name](target);
      default:
        throw new Error(`${command.name} is not predicted`);
    }
  }

  private async perform(command: Command, id: string, now: number): Promise<string> {
    const { credentials, password } = this.fixture;
    const { scope, serviceId } = this;
    const at = (lifetime: number | null): number | null => (lifetime === null ? null : now + lifetime);
    try {
      switch (command.name) {
        case 'create':
          await credentials.create(scope, serviceId, { authType: 'service_key', expiresAt: at(command.lifetime) });
          break;
        case 'update':
          await credentials.update(scope, serviceId, id, { expiresAt: at(command.lifetime) });
          break;
        case 'regenerate':
          await credentials.regenerate(scope, serviceId, id, { overlapSeconds: command.overlap / 1_000 });
          break;
        case 'rotate':
          await credentials.regenerate(scope, serviceId, id, {
            overlapSeconds: command.overlap / 1_000,
            deleteInactive: true,
            password,
          });
          break;
        case 'discard':
          await credentials.discard(scope, serviceId, id);
          break;
        case 'reactivate':
          await credentials.reactivate(scope, serviceId, id);
          break;
        case 'compromise':
          await credentials.compromise(scope, serviceId, id, undefined);
          break;
        case 'delete':
          await credentials.delete(scope, serviceId, id, password);
          break;
        default:
          throw new Error(`${command.name} is not performed`);
      }
      return 'OK';
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      throw error;
    }
  }

  private async list(): Promise<EffectiveCredential[]> {
    const { items } = await this.fixture.inventory.listOfService(
      this.scope,
      this.serviceId,
      { authType: 'service_key' },
      { limit: 200 },
    );
    return items;
  }

  private async compareStates(born: number): Promise<void> {
    const actual = await this.list();
    const fresh = actual.filter(({ credential }) => !this.ids.includes(credential.id));
    expect(fresh.length).toBe(born);
    // Those that the scheduler bears in one run differ only in their expiry: both sides by that, then by age.
    const newest = this.model.all.slice(this.ids.length).map(({ label }) => label);
    const byExpiry = fresh.toSorted((a, b) => (a.credential.expiresAt ?? 0) - (b.credential.expiresAt ?? 0));
    const labels = newest.toSorted((a, b) => (this.model.all[a]!.expiresAt ?? 0) - (this.model.all[b]!.expiresAt ?? 0));
    labels.forEach((label, i) => (this.ids[label] = byExpiry[i]!.credential.id));

    const states = new Map(actual.map(({ credential, state }) => [credential.id, state]));
    expect(this.ids.map((id) => states.get(id))).toEqual(this.model.all.map((c) => this.model.state(c)));
    const expiries = new Map(actual.map(({ credential }) => [credential.id, credential.expiresAt]));
    expect(this.ids.map((id) => expiries.get(id))).toEqual(this.model.all.map((c) => c.expiresAt));
  }

  private async compareUse(target: ModelCredential): Promise<void> {
    const id = this.ids[target.label]!;
    const expected = this.model.use(target);
    const serviceKey = await this.secretOf(id, expected);
    if (serviceKey === undefined) return;
    const facts = { serviceKey, sourceAddress: null };
    const code = await this.fixture.authenticator.authenticate(facts, this.scope).then(
      () => 'OK',
      (error: unknown) => (error as DomainError).code,
    );
    expect({ use: target.label, code }).toEqual({ use: target.label, code: expected });
    if (code === 'OK') target.used = true;
    if (code === 'CREDENTIAL_INACTIVE') target.refusedAt = this.model.now;
    await this.fixture.usage.flush();
    await this.fixture.refusedUses.flush();
  }

  /** The secret, as long as it can be shown; remembered, because an ended credential is still presented. */
  private async secretOf(id: string, expected: string): Promise<string | undefined> {
    if (!this.secrets.has(id) && ['OK', 'CREDENTIAL_INACTIVE'].includes(expected)) {
      const secret = await this.fixture.credentials.reveal(this.scope, this.serviceId, id);
      this.secrets.set(id, secret.reveal());
    }
    return this.secrets.get(id);
  }
}
