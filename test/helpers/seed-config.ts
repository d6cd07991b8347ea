/** The configuration that the product began with; it has to load, and run, as it stands. */

export const SEED = `
workspace_root: /workspaces
tools_root: /tools
tools:
  fs:
    runtime: container
    mode: launcher
    image: mcp/filesystem
    args: ["/workspaces"]
  git:
    runtime: native
    mode: launcher
    cmd: "npx"
    args: ["-y", "@modelcontextprotocol/server-git", "/workspaces"]
  my-script:
    runtime: native
    mode: daemon
    cmd: "/tools/meu-script.sh"
`;
