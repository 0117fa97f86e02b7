import { type KeyObject, createSecretKey } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import {
  type EpochMilliseconds,
  INSTALLATION_ID,
  type Json,
  MINUTE,
  coreErrors,
  isWithinLifetime,
  platformScope,
  systemOrigin,
} from '#core';
import { lookupHash, randomSecret, uuidv7 } from '#crypto';
import { Database, IsNull, MoreThanOrEqual, Not, type Tx, type View } from '#database';
import { Vault, installationSealedColumn } from '#vault';

import { Factor, FactorChallenge, RecoveryCode } from './entities.js';
import { factorErrors } from './errors.js';
import type { Circumstances, Holder, Material } from './kinds/factor-kind.js';
import { type FactorKindName, factorKinds } from './kinds/index.js';
import { PASSKEY_TIMEOUT_MILLISECONDS, descriptorsOf, webAuthn } from './kinds/passkey.js';
import { lastStepAt } from './kinds/totp.js';
import { RECOVERY_CODES, newRecoveryCode, normalizeRecoveryCode } from './recovery-code.js';
import { relyingPartyOf } from './relying-party.js';

const RESTORE = platformScope(systemOrigin('restore'));
const PEPPER = 'recovery-code-pepper';
const PEPPER_BYTES = 32;
const CHALLENGE_BYTES = 32;
const FACTORS_MAX = 10;
/** How long an enrolment and a challenge wait for their answer. */
const ANSWER_WITHIN = 5 * MINUTE;
/** Answers to one challenge that may be wrong. */
const WRONG_ANSWERS_MAX = 5;

const sealedMaterials = installationSealedColumn(Factor, {
  purpose: 'second-factor',
  column: 'sealedMaterial',
  idColumn: 'id',
});

/** What a user shows as a second factor. */
export type FactorProof =
  | { readonly kind: FactorKindName; readonly answer: Json }
  | { readonly kind: 'recovery_code'; readonly lookupHash: string };
export type FactorMethod = FactorProof['kind'];

/** A factor that waits for its first proof, with what its holder sets it up by. */
export interface BegunFactor {
  readonly factor: Factor;
  readonly shown: Json;
}

/** New recovery codes on their way into a transaction. */
export interface NewRecoveryCodes {
  readonly codes: readonly string[];
  readonly lookupHashes: readonly string[];
}

/** A question that waits for an answer. */
interface Challenge {
  /** What the user can answer with. */
  readonly methods: readonly FactorMethod[];
  /** For `navigator.credentials.get`, where the user has a passkey. */
  readonly passkeyOptions: Json;
}

/** The second factors of users, as steps of the work of others: who may do it is decided there. */
@Injectable()
export class Factors {
  #pepper: Promise<Buffer> | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly publicUrl: PublicUrl,
  ) {}

  /**
   * What was used after the backup must not be accepted again: recovery codes may have been, and are made again; so are
   * questions and enrolments, and codes of an application for as long as one is accepted. The factors themselves stay: an
   * account without any would be open to a password alone.
   */
  async onRestored({ restoredAt }: { readonly restoredAt: EpochMilliseconds }): Promise<void> {
    await this.database.platform(RESTORE, async (tx) => {
      tx.housekeeping('recovery codes and questions of before a restoration');
      const all = { createdAt: MoreThanOrEqual(0) };
      await tx.installation.delete(RecoveryCode, all);
      await tx.installation.delete(FactorChallenge, all);
      await tx.installation.delete(Factor, { confirmedAt: IsNull() });
      await tx.installation.update(Factor, { kind: 'totp' }, { counter: lastStepAt(restoredAt) });
    });
  }

  /** The confirmed factors of a user, oldest first. */
  async of(view: View, userId: string): Promise<Factor[]> {
    const where = { userId, confirmedAt: Not(IsNull()) };
    return view.installation.find(Factor, where, { order: { id: 'ASC' } });
  }

  async recoveryCodesLeft(view: View, userId: string): Promise<number> {
    return (await view.installation.find(RecoveryCode, { userId, usedAt: IsNull() })).length;
  }

  /** A step: a factor that counts once it is confirmed. @throws FACTOR_LIMIT_REACHED, PASSKEYS_UNAVAILABLE */
  async begin(tx: Tx, holder: Holder, kind: FactorKindName, name: string): Promise<BegunFactor> {
    const { userId } = holder;
    await tx.installation.delete(Factor, { userId, confirmedAt: IsNull() });
    const confirmed = await this.of(tx, userId);
    if (confirmed.length >= FACTORS_MAX) throw factorErrors.FACTOR_LIMIT_REACHED();
    const circumstances = this.circumstances(tx, newChallenge());
    const others = await this.materialsOf(tx, confirmed, kind);
    const { material, shown } = await factorKinds[kind].enrol(holder, others, circumstances);
    const id = uuidv7(tx.now);
    const factor: Factor = {
      id,
      userId,
      kind,
      name,
      sealedMaterial: material && (await this.vault.seal(tx, placeOf(id), material)),
      counter: 0,
      challenge: circumstances.challenge,
      createdAt: tx.now,
      confirmedAt: null,
      lastUsedAt: null,
      expiresAt: tx.now + ANSWER_WITHIN,
    };
    await tx.installation.insert(Factor, factor);
    return { factor, shown };
  }

  /** A step: the first proof of a factor, from which on it counts. @throws NOT_FOUND, FACTOR_INVALID */
  async confirm(tx: Tx, userId: string, factorId: string, answer: Json): Promise<Factor> {
    const factor = await tx.installation.lock(Factor, { id: factorId, userId, confirmedAt: IsNull() });
    if (!isWithinLifetime(factor.expiresAt ?? 0, ANSWER_WITHIN, tx.now)) throw coreErrors.NOT_FOUND();
    const enrolled = factor.sealedMaterial && (await this.vault.open(tx, placeOf(factor.id), factor.sealedMaterial));
    const circumstances = this.circumstances(tx, factor.challenge);
    const confirmed = await factorKinds[factor.kind].confirm(enrolled, answer, circumstances);
    if (!confirmed) throw factorErrors.FACTOR_INVALID();
    const { material, counter } = confirmed;
    const sealedMaterial = factor.sealedMaterial ?? (await this.vault.seal(tx, placeOf(factor.id), material));
    const set = { sealedMaterial, counter, confirmedAt: tx.now, lastUsedAt: tx.now, expiresAt: null };
    await tx.installation.update(Factor, { id: factor.id }, set);
    return { ...factor, ...set };
  }

  /** A step: deletes one factor; with the last one the recovery codes go. @throws NOT_FOUND */
  async remove(tx: Tx, userId: string, factorId: string): Promise<Factor> {
    const factor = await tx.installation.lock(Factor, { id: factorId, userId, confirmedAt: Not(IsNull()) });
    await tx.installation.delete(Factor, { id: factor.id });
    if ((await this.of(tx, userId)).length === 0) await this.clear(tx, userId);
    return factor;
  }

  /** A step: the user has no second factor any more. @returns how many there were */
  async clear(tx: Tx, userId: string): Promise<number> {
    const confirmed = await this.of(tx, userId);
    await tx.installation.delete(Factor, { userId });
    await tx.installation.delete(RecoveryCode, { userId });
    await endChallenges(tx, userId);
    return confirmed.length;
  }

  /** New codes, made before the transaction that stores them. */
  async newRecoveryCodes(): Promise<NewRecoveryCodes> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    return { codes, lookupHashes: await Promise.all(codes.map((code) => this.hashOf(code))) };
  }

  /** A step: these codes, instead of all that the user had. */
  async storeRecoveryCodes(tx: Tx, userId: string, { lookupHashes }: NewRecoveryCodes): Promise<void> {
    await tx.installation.delete(RecoveryCode, { userId });
    for (const hash of lookupHashes) {
      await tx.installation.insert(RecoveryCode, { lookupHash: hash, userId, createdAt: tx.now, usedAt: null });
    }
  }

  /** A recovery code as a proof. Called before a transaction opens: the first call makes or reads the pepper. */
  async recoveryProof(typed: string): Promise<FactorProof> {
    return { kind: 'recovery_code', lookupHash: await this.hashOf(typed) };
  }

  /**
   * A step: asks a user for a second factor; the answer comes with what the key was hashed from.
   * @param identityProviderId what a sign-in came by, where that was no password
   */
  async ask(tx: Tx, userId: string, key: string, identityProviderId: string | null = null): Promise<Challenge> {
    const factors = await this.of(tx, userId);
    const challenge = newChallenge();
    await tx.installation.delete(FactorChallenge, { lookupHash: key });
    await tx.installation.insert(FactorChallenge, {
      lookupHash: key,
      userId,
      challenge,
      failures: 0,
      identityProviderId,
      createdAt: tx.now,
      expiresAt: tx.now + ANSWER_WITHIN,
    });
    const { relyingParty } = this.circumstances(tx, challenge);
    const kinds = [...new Set(factors.map(({ kind }) => kind))].filter((kind) => kind !== 'passkey' || relyingParty);
    const methods: FactorMethod[] = [...kinds, 'recovery_code'];
    if (!relyingParty || !kinds.includes('passkey')) return { methods, passkeyOptions: null };
    const options = await (
      await webAuthn()
    ).generateAuthenticationOptions({
      rpID: relyingParty.id,
      challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
      timeout: PASSKEY_TIMEOUT_MILLISECONDS,
      allowCredentials: descriptorsOf(await this.materialsOf(tx, factors, 'passkey')),
      userVerification: 'required',
    });
    return { methods, passkeyOptions: options as unknown as Json };
  }

  /** The question that still waits for this key; `undefined` where it was answered, or wrongly too often, or has expired. */
  async asked(view: View, key: string): Promise<Pick<FactorChallenge, 'userId' | 'identityProviderId'> | undefined> {
    const row = await view.installation.findOne(FactorChallenge, { lookupHash: key });
    return row && isOpen(row, view) ? row : undefined;
  }

  /**
   * A step: verifies the answer of a user, whose row is locked. A right one ends the question.
   * @param key of the question; only a passkey needs one
   * @returns the method, or `undefined` where the answer is not accepted, which the question counts
   */
  async verify(tx: Tx, userId: string, proof: FactorProof, key: string): Promise<FactorMethod | undefined> {
    const question = await tx.installation.lockIfPresent(FactorChallenge, { lookupHash: key });
    const challenge = question && question.userId === userId && isOpen(question, tx) ? question.challenge : '';
    const accepted =
      proof.kind === 'recovery_code'
        ? await this.useRecoveryCode(tx, userId, proof.lookupHash)
        : await this.verifyFactor(tx, userId, proof, challenge);
    if (accepted) await tx.installation.delete(FactorChallenge, { lookupHash: key });
    else if (question) {
      await tx.installation.update(FactorChallenge, { lookupHash: key }, { failures: question.failures + 1 });
    }
    return accepted ? proof.kind : undefined;
  }

  private async verifyFactor(
    tx: Tx,
    userId: string,
    { kind, answer }: Extract<FactorProof, { answer: Json }>,
    challenge: string,
  ): Promise<boolean> {
    if (kind === 'passkey' && challenge === '') return false;
    const circumstances = this.circumstances(tx, challenge);
    for (const factor of await this.of(tx, userId)) {
      if (factor.kind !== kind) continue;
      const material = await this.materialOf(tx, factor);
      const counter = material && (await factorKinds[kind].verify(material, answer, circumstances));
      if (counter === undefined) continue;
      await tx.installation.update(Factor, { id: factor.id }, { counter, lastUsedAt: tx.now });
      return true;
    }
    return false;
  }

  private async useRecoveryCode(tx: Tx, userId: string, hash: string): Promise<boolean> {
    const used = await tx.installation.update(
      RecoveryCode,
      { lookupHash: hash, userId, usedAt: IsNull() },
      { usedAt: tx.now },
    );
    return used > 0;
  }

  private circumstances({ now }: View, challenge: string): Circumstances {
    return { now, challenge, relyingParty: relyingPartyOf(this.publicUrl.current) };
  }

  private async materialsOf(view: View, factors: readonly Factor[], kind: FactorKindName): Promise<Material[]> {
    const found = await Promise.all(
      factors.filter((factor) => factor.kind === kind).map((factor) => this.materialOf(view, factor)),
    );
    return found.filter((material) => material !== undefined);
  }

  /** `undefined` where the row was altered: the user's other factors continue. */
  private async materialOf(view: View, { id, sealedMaterial, counter }: Factor): Promise<Material | undefined> {
    const material = await this.vault.openUnlessAltered(view, placeOf(id), sealedMaterial!);
    return material && { material, counter };
  }

  private async hashOf(typed: string): Promise<string> {
    this.#pepper ??= this.vault.ensureInstallationSecret(PEPPER, () => randomSecret(PEPPER_BYTES).reveal());
    try {
      const pepper: KeyObject = createSecretKey(await this.#pepper);
      return lookupHash(pepper, normalizeRecoveryCode(typed));
    } catch (error) {
      // A database that did not answer may answer next time.
      this.#pepper = undefined;
      throw error;
    }
  }
}

/** Whether a user has a second factor. */
export const hasFactor = (view: View, userId: string): Promise<boolean> =>
  view.installation.exists(Factor, { userId, confirmedAt: Not(IsNull()) });

/** A step of what ends the sessions of a user: a sign-in that has shown the password already begins again. */
export async function endChallenges(tx: Tx, userId: string): Promise<void> {
  await tx.installation.delete(FactorChallenge, { userId });
}

/** A step: ends the questions to those who came by an identity provider. */
export async function endChallengesOfProvider(tx: Tx, identityProviderId: string): Promise<void> {
  await tx.installation.delete(FactorChallenge, { identityProviderId });
}

const placeOf = (factorId: string) => sealedMaterials.place(INSTALLATION_ID, factorId);

const newChallenge = (): string => randomSecret(CHALLENGE_BYTES).reveal().toString('base64url');

const isOpen = ({ expiresAt, failures }: FactorChallenge, { now }: View): boolean =>
  isWithinLifetime(expiresAt, ANSWER_WITHIN, now) && failures < WRONG_ANSWERS_MAX;
