import { describe, expect, it } from "vitest";
import { createPauses } from "../../agent/pause.ts";
import { ManualTimers } from "../support/manual-timers.ts";

describe("a pause", () => {
  it("lasts a part of its bound that chance draws", async () => {
    const timers = new ManualTimers();
    const draws = [0, 0.25, 0.999];
    const { pause } = createPauses(timers.startTimer, () => draws.shift() ?? 0);
    const paused = [pause(1_000), pause(1_000), pause(1_000)];
    expect(timers.running()).toEqual([0, 250, 999]);
    timers.elapse(999);
    await Promise.all(paused);
    expect(timers.running()).toEqual([]);
  });

  it("ends early with all others when the agent ends", async () => {
    const timers = new ManualTimers();
    const { pause, endAll } = createPauses(timers.startTimer, () => 0.5);
    const paused = [pause(1_000), pause(2_000)];
    endAll();
    await Promise.all(paused);
    expect(timers.running()).toEqual([]);
  });
});
