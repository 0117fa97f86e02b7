import type { Command } from 'commander';

import type { Terminal } from '../terminal.js';
import { addAuditCommands } from './audit.js';
import { addCertificateCommands } from './certificates.js';
import type { Frame } from './command.js';
import { addCredentialCommands } from './credentials.js';
import { addKeyCommands } from './keys.js';
import { addServiceCommands } from './services.js';
import { addSignInCommands } from './sign-in.js';
import { addTokenCommands } from './tokens.js';

/** The commands of people and pipelines: they call a server, and load nothing of it. */
export function addPeopleCommands(root: Command, terminal: Terminal, answer: Frame['answer']): void {
  const frame: Frame = { root, terminal, answer };
  for (const add of [
    addSignInCommands,
    addServiceCommands,
    addCredentialCommands,
    addKeyCommands,
    addCertificateCommands,
    addTokenCommands,
    addAuditCommands,
  ]) {
    add(frame);
  }
}
