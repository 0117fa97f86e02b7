// A bare handler that sends a ready answer to whatever it is asked: what OCSP is compared with.
import fastify from 'fastify';

const answer = Buffer.from(process.env['ANSWER']!, 'base64');
// The question is in the path, and longer than a parameter may be by default.
const server = fastify({ routerOptions: { maxParamLength: 1_000 } });
server.get('/*', (_request, reply) => void reply.type('application/ocsp-response').send(answer));
process.once('SIGTERM', () => void server.close());
process.stdout.write(`Peer listens on ${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
