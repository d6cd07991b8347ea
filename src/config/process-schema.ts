/** What a native server may use of this machine, and what a container may be given that is dangerous. */
import * as z from 'zod';
import { count, duration, keys, size } from './schema-values.ts';

/** Inside `limits` of a native server; containers have keys of their own for it. */
export const processLimits = {
  memory: size()
    .optional()
    .meta({
      description: 'Native servers: data memory of each of its processes. One that wants more fails.',
      examples: ['2GiB'],
    }),
  processes: count()
    .optional()
    .meta({
      description: 'Native servers: processes and threads of the whole user, this server included; nothing for root.',
      examples: [200],
    }),
  files: count()
    .optional()
    .meta({ description: 'Native servers: open files of each process.', examples: [1024] }),
  cpu: duration()
    .optional()
    .meta({
      description: 'Native servers: processor time of each process, in whole seconds; then it is killed.',
      examples: ['10m'],
    }),
};

export const sandbox = z
  .enum(['none', 'bubblewrap'])
  .optional()
  .meta({
    description:
      '`bubblewrap` (Linux, needs `bwrap`): the server can write only to its workspace, and sees neither the home folder ' +
      'nor what runs beside it, except what its command line names.',
    default: 'none',
  });

const WORKSPACE =
  'Folder of the server under `workspace_root`, made when it starts; `.` is the root itself. `${workspace}` stands for it ' +
  'in other values, and containers see it at the same path. As `{folder: notes, per: principal}` each user or key has a ' +
  'folder of its own in it.';

export const workspace = z
  .union([
    z.string().min(1),
    keys(
      {
        folder: z
          .string()
          .min(1)
          .meta({ description: 'Folder under `workspace_root`.', examples: ['notes'] }),
        per: z.enum(['server', 'principal']).meta({ description: 'Whose folder it is.' }),
      },
      '{folder: notes, per: principal}',
    ),
  ])
  .optional()
  .meta({ description: WORKSPACE, examples: ['notes'] });

export const installScripts = z.boolean().optional().meta({
  description:
    'Lets the npm packages of the server run their own scripts while they are installed; they can then do what you can.',
  default: false,
});

const allowDangerous = z
  .array(z.enum(['privileged', 'host_network', 'engine_socket', 'host_paths']))
  .optional()
  .meta({
    description:
      'What this container may be given although it endangers the machine: `privileged: true`, `network: host`, a mount of ' +
      "a socket such as the engine's, mounts outside `workspace_root`. Without it they are refused.",
    examples: [['host_paths']],
  });

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export const containerSafety = {
  runtime_class: z
    .string()
    .regex(NAME, { error: 'this is not the name of an OCI runtime — write it like "runsc"' })
    .optional()
    .meta({
      description:
        'OCI runtime that the engine starts it with, such as `runsc` (gVisor) or `kata`; the engine must have it.',
      examples: ['runsc'],
    }),
  privileged: z.boolean().optional().meta({
    description: 'All rights on this machine; needs `allow_dangerous: [privileged]`.',
    default: false,
  }),
  allow_dangerous: allowDangerous,
  registry_auth: keys({
    username: z
      .string()
      .min(1)
      .meta({ description: 'Name at the registry.', examples: ['${env:REGISTRY_USER}'] }),
    password: z
      .string()
      .min(1)
      .meta({ description: 'Password or token, by reference.', examples: ['${env:REGISTRY_TOKEN}'] }),
  })
    .optional()
    .meta({ description: 'Credentials for the registry of the image; without them the pull is anonymous.' }),
};
