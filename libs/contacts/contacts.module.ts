import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { DatabaseModule } from '#database';
import { MailModule } from '#mail';

import { Contact } from './entities.js';
import { Notices } from './notices.js';

/** The e-mail addresses that are told about what happens to a thing, and what they are told. */
@Module({
  imports: [TypeOrmModule.forFeature([Contact]), DatabaseModule, MailModule],
  providers: [Notices],
  exports: [Notices],
})
export class ContactsModule {}
