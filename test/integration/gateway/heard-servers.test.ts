/** What servers say on stderr, in the log of a gateway that logs so much. */
import { expect, it } from 'vitest';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openTestGateway } from './open-gateway.ts';

const SERVERS = {
  talker: { fixture: 'talks-on-stderr', keys: { env: { TALK: '${env:TOOLDEX_TEST_RUN}' } } },
  flood: { fixture: 'floods-stderr' },
};
const SECRET = String(process.env.TOOLDEX_TEST_RUN);
const use = (server: string) => ({ mcp_server_name: server, mcp_tool_name: 'echo', params: { text: 'a' } });

it('#54 is there at debug: with server and instance, masked, without colours and controls', async () => {
  const { call, log } = await openTestGateway(SERVERS, tempDir('heard'), { log: { level: 'debug' } });
  await call('use_tool', use('talker'));
  await expect.poll(() => log).toContainEqual(expect.stringMatching(/^debug talker \(pid \d+\): was called$/));
  const [begins = ''] = log.filter((line) => line.includes('begins with'));
  expect(begins).toMatch(/^debug talker \(pid \d+\): begins with \*\*\* and so on$/);
  expect(log.join('\n')).not.toContain(SECRET);
});

it('#8 is a bounded number of lines of each instance, and says what it left out', async () => {
  const { call, log } = await openTestGateway(SERVERS, tempDir('heard'), { log: { level: 'debug' } });
  await call('use_tool', use('flood'));
  const ofFlood = () => log.filter((line) => line.startsWith('debug flood'));
  await expect.poll(() => ofFlood().at(100)).toMatch(/^debug flood \(pid \d+\): \(\d+ bytes left out\)$/);
  expect((await call('use_tool', use('flood'))).isError).toBe(false);
});

it('is not there otherwise', async () => {
  const { call, log, gateway } = await openTestGateway(SERVERS, tempDir('unheard'));
  await call('use_tool', use('talker'));
  await gateway.close();
  expect(log.filter((line) => line.includes('begins with'))).toEqual([]);
});
