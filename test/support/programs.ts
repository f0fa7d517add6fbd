import { fileURLToPath } from "node:url";

// The programs as they are built and shipped, each to be started with Node.

export const TILLSYNC = toPath("tillsync/main.js");
export const TILLSYNC_AGENT = toPath("tillsync-agent.cjs");
export const TILLSYNC_SIGN = toPath("tillsync-sign.cjs");
export const TILLSYNC_TUF = toPath("tillsync-tuf.cjs");

function toPath(name: string): string {
  return fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
}
