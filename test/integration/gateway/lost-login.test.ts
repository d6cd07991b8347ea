/** A remote server that no longer takes our credentials: what is known of it stays, and it is back as soon as it takes them. */
import { expect, it } from 'vitest';
import { greeter } from '../../helpers/greeter.ts';
import { listen } from '../../helpers/listen.ts';
import { openTestGateway } from './open-gateway.ts';

/** Answers 401 while it is locked. */
async function lockable() {
  const lock = { isOn: false, refused: 0 };
  const answer = greeter();
  const url = await listen((request, response) => {
    if (!lock.isOn) return answer(request, response);
    lock.refused++;
    request.resume();
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
  });
  return { lock, url: url.href };
}

it('#31 #32 a refused login deletes no tools and marks nothing dead for good; the server is back without help', async () => {
  const { lock, url } = await lockable();
  const headers = { Authorization: 'Bearer old' };
  const { gateway, call } = await openTestGateway({}, undefined, { mcpServers: { far: { url, headers } } });
  const { catalog, discovery, pool } = await gateway.open();
  await discovery.list('far');
  expect((await call('use_tool', { tool: 'far:greet', params: { name: 'Ada' } })).text).toContain('Hello, Ada');
  await pool.stop('far', 'to make it log in again');

  lock.isOn = true;
  await expect(discovery.list('far')).rejects.toMatchObject({ message: expect.stringContaining('far') });
  const refused = await call('use_tool', { tool: 'far:greet', params: { name: 'Ada' } });
  expect(refused.isError).toBe(true);
  expect(lock.refused).toBeGreaterThan(0);
  expect(catalog.toolNames('far')).toEqual(['greet']);
  expect((await call('search_mcp_server', { task_description: 'greet a person by name' })).text).toContain('greet');

  lock.isOn = false;
  // At most the back-off of two failed starts is between the server's return and its next call.
  let answer = await call('use_tool', { tool: 'far:greet', params: { name: 'Bob' } });
  while (answer.isError && answer.text.includes('is not started again')) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await call('use_tool', { tool: 'far:greet', params: { name: 'Bob' } });
  }
  expect(answer.text).toContain('Hello, Bob');
});
