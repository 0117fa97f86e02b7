export { MailDeliveries } from './mail-deliveries.service.js';
export { MailModule } from './mail.module.js';
export { Mails } from './mails.js';
export { MailRelay } from './relay.js';
export { mailProblems, mailSettings } from './settings.js';
export { inLine } from './text.js';
