import type { Behaviour } from "./behaviour.ts";
import type { Registry, RegistryQuestion } from "./registry.ts";

// How the registry process is started, and what its parent may tell it to do. JSON throughout.

/** How the process is started: its one argument. Paths of files. */
export interface RegistryConfig {
  /** `[{"tusn":…,"snKey":32 hexadecimal digits,"certificateNo":…,"revoked":true}]`, the last two where wanted. */
  readonly terminals: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM of the server's key and certificate; plain HTTP where absent. */
  readonly key?: string;
  readonly certificate?: string;
  /** What has to come as bearer token. */
  readonly token?: string;
}

export type Command =
  | { readonly type: "script"; readonly behaviours: readonly Behaviour[] }
  | { readonly type: "questions" };

/** Carries out a command; gives the questions so far where it asks for them, and none elsewhere. */
export function applyCommand(registry: Registry, command: Command): readonly RegistryQuestion[] {
  if (command.type === "questions") return registry.questions();
  registry.script(command.behaviours);
  return [];
}
