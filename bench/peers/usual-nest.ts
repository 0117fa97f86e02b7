// The service as it is usually written with Nest: a guard that looks the caller up, class-validator, the key read for each
// request and given to jsonwebtoken as PEM, an event saved by a repository.
import { randomUUID } from 'node:crypto';

import {
  Body,
  CanActivate,
  Controller,
  type ExecutionContext,
  HttpCode,
  Inject,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import jsonwebtoken from 'jsonwebtoken';
import { DataSource } from 'typeorm';

import { AuditRow, ServiceRow, SigningKeyRow, hashOf, openStore } from './usual-store.js';

interface Request {
  readonly headers: Readonly<Record<string, string | undefined>>;
  service?: ServiceRow;
}

class SignRequest {
  @IsOptional()
  @IsString()
  @MaxLength(200)
  subject?: string;
}

@Injectable()
class ServiceKeyGuard implements CanActivate {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const keyHash = hashOf(request.headers['x-service-key'] ?? '');
    const service = await this.source.getRepository(ServiceRow).findOneBy({ keyHash });
    if (!service) throw new UnauthorizedException();
    request.service = service;
    return true;
  }
}

@Injectable()
class SigningService {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  async sign(service: ServiceRow, profile: string, { subject }: SignRequest): Promise<{ token: string }> {
    const key = await this.source.getRepository(SigningKeyRow).findOneBy({ profile });
    if (!key) throw new NotFoundException();
    const tokenId = randomUUID();
    const secret = key.algorithm === 'HS256' ? Buffer.from(key.secret, 'base64') : key.secret;
    const token = jsonwebtoken.sign({ iss: 'https://usual.test', sub: subject, jti: tokenId }, secret, {
      algorithm: key.algorithm as 'HS256',
      keyid: key.id,
      expiresIn: 300,
    });
    const details = JSON.stringify({ profile, subject });
    const row = { id: randomUUID(), serviceId: service.id, action: 'token.issued', tokenId, details };
    await this.source.getRepository(AuditRow).save({ ...row, createdAt: Date.now() });
    return { token };
  }
}

@Controller('sign')
@UseGuards(ServiceKeyGuard)
class SignController {
  constructor(@Inject(SigningService) private readonly signing: SigningService) {}

  @Post(':profile')
  @HttpCode(200)
  sign(@Param('profile') profile: string, @Body() body: SignRequest, @Req() request: Request) {
    return this.signing.sign(request.service!, profile, body);
  }
}

const source = await openStore(process.env['DATABASE_URL']!, process.env['SERVICE_KEY']!);

@Module({
  controllers: [SignController],
  providers: [SigningService, ServiceKeyGuard, { provide: DataSource, useValue: source }],
})
class UsualModule {}

const app = await NestFactory.create<NestFastifyApplication>(UsualModule, new FastifyAdapter(), { logger: false });
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
await app.listen(0, '127.0.0.1');
// Connections to a database server keep a process alive.
process.once('SIGTERM', () => void app.close().then(() => source.destroy()));
process.stdout.write(`Peer listens on ${await app.getUrl()}\n`);
