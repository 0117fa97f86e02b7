import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { DatabaseModule } from '#database';

import { Contact } from './entities.js';

/** The e-mail addresses that are told about what happens to a thing. */
@Module({ imports: [TypeOrmModule.forFeature([Contact]), DatabaseModule] })
export class ContactsModule {}
