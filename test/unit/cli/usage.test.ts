/** What the command line says of itself, and of words that it does not know. */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../helpers/command.ts';

const tooldex = (...argv: string[]) => runCommand(argv, {});

describe('help', () => {
  it('lists all commands by what they are for', async () => {
    const { code, stdout } = await tooldex('--help');
    const headings = stdout.match(/^\S.*:$/gm);
    expect({ code, headings }).toEqual({
      code: 0,
      headings: ['Options:', 'Serve:', 'Find and call tools:', 'Servers:', 'Configuration:', 'Approval:', 'Others:'],
    });
  });

  it('says first what is the command’s own', async () => {
    const { stdout } = await tooldex('check', '--help');
    expect(stdout.match(/^\S.*:$/gm)).toEqual(['Options:', 'Where it acts:', 'Of every command:']);
  });
});

describe('words that are not understood', () => {
  it.each(['check', 'serve', 'stdio', 'list', 'reload'])(
    '%s looks at no file that is not named with --config',
    async (command) => {
      const { code, stderr } = await tooldex(command, 'a', 'my.yaml');
      expect({ code, stderr }).toEqual({
        code: 64,
        stderr: expect.stringMatching(/^error: too many arguments.*\nhint: name a configuration file with --config\n$/),
      });
    },
  );

  it('a word too many is an error everywhere', async () => {
    const { code, stderr } = await tooldex('key', 'revoke', 'ci', 'other');
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: expect.stringMatching(/^error: too many arguments for 'revoke'.*\n$/),
    });
  });

  it('a command that is unknown has a nearest one', async () => {
    expect(await tooldex('chek')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('did you mean "tooldex check"'),
    });
  });
});
