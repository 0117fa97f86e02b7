// The service as it is usually written with Express: middleware that looks the caller up, the key read for each request and
// given to jsonwebtoken as PEM, an event saved by a repository.
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import express, { type NextFunction, type Request, type Response } from 'express';
import jsonwebtoken from 'jsonwebtoken';

import { AuditRow, ServiceRow, SigningKeyRow, hashOf, openStore } from './usual-store.js';

const source = await openStore(process.env['DATABASE_URL']!, process.env['SERVICE_KEY']!);
const app = express();
app.use(express.json());

app.use(async (request: Request, response: Response, next: NextFunction) => {
  const keyHash = hashOf(request.header('x-service-key') ?? '');
  const service = await source.getRepository(ServiceRow).findOneBy({ keyHash });
  if (!service) return void response.status(401).json({ error: 'unauthorized' });
  response.locals['service'] = service;
  next();
});

app.post('/sign/:profile', async (request: Request, response: Response) => {
  const { profile } = request.params as { profile: string };
  const { subject } = request.body as { subject?: unknown };
  if (subject !== undefined && typeof subject !== 'string')
    return void response.status(400).json({ error: 'invalid_subject' });
  const key = await source.getRepository(SigningKeyRow).findOneBy({ profile });
  if (!key) return void response.status(404).json({ error: 'unknown_profile' });
  const tokenId = randomUUID();
  const secret = key.algorithm === 'HS256' ? Buffer.from(key.secret, 'base64') : key.secret;
  const token = jsonwebtoken.sign({ iss: 'https://usual.test', sub: subject, jti: tokenId }, secret, {
    algorithm: key.algorithm as 'HS256',
    keyid: key.id,
    expiresIn: 300,
  });
  const { id: serviceId } = response.locals['service'] as ServiceRow;
  const details = JSON.stringify({ profile, subject });
  const row = { id: randomUUID(), serviceId, action: 'token.issued', tokenId, details };
  await source.getRepository(AuditRow).save({ ...row, createdAt: Date.now() });
  response.json({ token });
});

const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`Peer listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
// Connections to a database server keep a process alive.
process.once('SIGTERM', () => server.close(() => void source.destroy()));
