import type { TerminalView } from "../../src/app/queries/terminals.ts";
import type { ScreenRow } from "./screen.ts";
import type { World } from "./world.ts";

/** The terminals that run, in the order of the cast. */
export function toScreenRows(views: readonly TerminalView[], world: World): readonly ScreenRow[] {
  const byTusn = new Map(views.map((view) => [view.tusn, view]));
  const connected = new Set(world.bus.connected());
  return world.cast.map(({ tusn, merchant, terminalNo }) => {
    const { profile, reported, deployment } = byTusn.get(tusn) ?? {};
    return {
      tusn,
      merchant: profile?.merchant.name ?? merchant.name,
      terminalNo: profile?.acquiring.terminalNo ?? terminalNo,
      settlement: profile === undefined ? "-" : `${profile.binding.bin}**${profile.binding.last4}`,
      sequence: reported?.sequence ?? 0,
      state: deployment === undefined ? "no profile yet" : toState(deployment.state, deployment.code),
      isOnline: connected.has(tusn),
    };
  });
}

function toState(state: string, code: string): string {
  const words = state.replace("_", " ");
  return code === "" ? words : `${words}: ${code}`;
}
