import type { Command } from 'commander';

import type { Terminal } from '../terminal.js';
import { addApiTokenCommands, addServiceAccountCommands } from './api-tokens.js';
import { addAuditCommands } from './audit.js';
import { addCertificateCommands } from './certificates.js';
import type { Frame } from './command.js';
import { addCredentialCommands } from './credentials.js';
import { addExpirationCommands } from './expirations.js';
import { addIdentityProviderCommands } from './identity-providers.js';
import { addKeyCommands } from './keys.js';
import { addInvitationCommands, addMemberCommands } from './members.js';
import { addServiceCommands } from './services.js';
import { addSignInCommands } from './sign-in.js';
import { addTokenCommands } from './tokens.js';
import { addTrustCommands } from './trusts.js';
import { addWebhookCommands } from './webhooks.js';

/** The commands of people and pipelines: they call a server, and load nothing of it. */
export function addPeopleCommands(root: Command, terminal: Terminal, answer: Frame['answer']): void {
  const frame: Frame = { root, terminal, answer };
  for (const add of [
    addSignInCommands,
    addServiceCommands,
    addCredentialCommands,
    addTrustCommands,
    addKeyCommands,
    addCertificateCommands,
    addTokenCommands,
    addExpirationCommands,
    addMemberCommands,
    addInvitationCommands,
    addApiTokenCommands,
    addServiceAccountCommands,
    addIdentityProviderCommands,
    addWebhookCommands,
    addAuditCommands,
  ]) {
    add(frame);
  }
}
