import { readAcquirerSettings } from "../acquirers/settings.ts";
import type { Context } from "../context.ts";
import { openDesk } from "../desk/desk.ts";
import { readProfileDefaults } from "../profile-defaults.ts";
import type { TrustHolder } from "../trust-files.ts";
import type { Acquirers } from "./judge.ts";
import type { ChangeTools } from "./submit.ts";

export interface ToolSources {
  readonly context: Context;
  readonly trust: Pick<TrustHolder, "trust">;
  readonly folder: { readonly path: string };
}

/**
 * The tools of changes over a data folder.
 *
 * @param acquirers those that can be asked, by institution code; the ones that the folder names where absent
 * @throws TillsyncError DATA_FOLDER_INVALID
 */
export function toChangeTools({ context, trust, folder }: ToolSources, acquirers?: Acquirers): ChangeTools {
  const policy = () => trust.trust().policy;
  const known = acquirers ?? new Map(readAcquirerSettings(folder.path).map((settings) => [settings.code, settings]));
  return { desk: openDesk(context, policy), policy, defaults: readProfileDefaults(folder.path), acquirers: known };
}
