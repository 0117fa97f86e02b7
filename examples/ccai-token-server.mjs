// The token endpoint that the SDK of Google CCAI Platform calls: the document's Express sample on Node alone. Who the
// user is comes from the session; the company secret stays in Chancery. CHANCERY_URL, SERVICE_KEY, PORT (0: any)
import { createServer } from 'node:http';

/** In place of `your_session_middleware`: the user who is signed in, if there is one. */
const userOf = (request) =>
  request.headers.cookie === 'session=ada'
    ? { id: 'user-42', name: 'Ada Lovelace', email: 'ada@example.com' }
    : undefined;

const server = createServer(async (request, response) => {
  if (request.method !== 'GET' || request.url !== '/auth/token') {
    response.writeHead(404).end();
    return;
  }
  const user = userOf(request);
  const answer = await fetch(`${process.env.CHANCERY_URL}/v1/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Service-Key': process.env.SERVICE_KEY },
    body: JSON.stringify(user ? { identifier: user.id, name: user.name, email: user.email } : { anonymous: true }),
  });
  response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(await answer.text());
});

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/auth/token\n`);
});
