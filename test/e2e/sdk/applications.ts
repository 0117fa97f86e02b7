import type { AddressInfo } from 'node:net';

import { Controller, Get, Inject, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import express, { type NextFunction, type Request, type Response } from 'express';

import { type ChanceryClient, dataOf } from '#sdk';
import { TokenRefused, requireToken, tokenOf } from '#sdk/express';
import { CHANCERY_CLIENT, ChanceryGuard, ChanceryModule, Token, type VerifiedToken } from '#sdk/nest';
import type { TokenVerifierOptions } from '#sdk/verify';

/** An application of others that accepts the tokens of a tenant at `/orders`. */
export interface GuardedApplication {
  readonly url: string;
  close(): Promise<unknown>;
}

@Controller()
class OrdersController {
  constructor(@Inject(CHANCERY_CLIENT) private readonly client: ChanceryClient) {}

  @Get('orders')
  @UseGuards(ChanceryGuard)
  async orders(@Token() { sub }: VerifiedToken) {
    const { status } = await dataOf(this.client.GET('/health/live'));
    return { subject: sub, server: status };
  }
}

export async function startNest(tokens: TokenVerifierOptions, baseUrl: string): Promise<GuardedApplication> {
  @Module({
    imports: [ChanceryModule.forRootAsync({ useFactory: () => ({ tokens, client: { baseUrl } }) })],
    controllers: [OrdersController],
  })
  class Orders {}
  const application = await NestFactory.create<NestFastifyApplication>(Orders, new FastifyAdapter(), { logger: false });
  await application.listen(0, '127.0.0.1');
  return { url: await application.getUrl(), close: () => application.close() };
}

export async function startExpress(tokens: TokenVerifierOptions): Promise<GuardedApplication> {
  const application = express();
  application.get('/orders', requireToken(tokens), (request, response) => {
    response.json({ subject: tokenOf(request).sub, server: 'live' });
  });
  application.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof TokenRefused)) return next(error);
    response.status(error.status).set(error.headers).json({ statusCode: error.status, code: error.code });
  });
  const listening = application.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => listening.close(resolve)),
  };
}
