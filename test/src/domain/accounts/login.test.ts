import { describe, expect, it } from "vitest";
import {
  isLocked,
  judgeLogin,
  judgeTry,
  LOCK_S,
  MAX_FAILURES,
  type Standing,
  toLockEnd,
} from "../../../../src/domain/accounts/login.ts";

const NOW = 1_800_000_000;
const SOUND: Standing = { state: "active", hasTotp: true, failures: 0, lockedAt: null };
const RIGHT = { isPassword: true, isCode: true };

const answerOf = (standing: Partial<Standing>, given = RIGHT, now = NOW) =>
  judgeLogin({ ...SOUND, ...standing }, given, now).answer;

describe("a login", () => {
  it("takes password and code, both", () => {
    expect(answerOf({})).toBe("granted");
    expect(answerOf({}, { isPassword: true, isCode: false })).toBe("failed");
    expect(answerOf({}, { isPassword: false, isCode: true })).toBe("failed");
  });

  it("takes the password alone as long as there is no second factor", () => {
    expect(answerOf({ hasTotp: false }, { isPassword: true, isCode: false })).toBe("granted");
    expect(answerOf({ hasTotp: false }, { isPassword: false, isCode: false })).toBe("failed");
  });

  it("forgets the wrong tries before", () => {
    expect(judgeLogin({ ...SOUND, failures: 9 }, RIGHT, NOW)).toEqual({
      ...{ answer: "granted", tries: { failures: 0, lockedAt: null }, isCounted: false, isNewLock: false },
    });
  });

  it("to a disabled account fails, and counts for nothing", () => {
    expect(judgeLogin({ ...SOUND, state: "disabled", failures: 3 }, RIGHT, NOW)).toEqual({
      ...{ answer: "failed", tries: { failures: 3, lockedAt: null }, isCounted: false, isNewLock: false },
    });
  });
});

describe("wrong tries", () => {
  const fail = { isPassword: true, isCode: false };

  it("lock at the tenth in a row, wrong codes like wrong passwords", () => {
    let standing = SOUND;
    const locks: boolean[] = [];
    for (let tries = 0; tries < MAX_FAILURES; tries += 1) {
      const { tries: kept, isNewLock, isCounted } = judgeLogin(standing, fail, NOW + tries);
      expect(isCounted).toBe(true);
      locks.push(isNewLock);
      standing = { ...standing, ...kept };
    }
    expect(locks.indexOf(true)).toBe(9);
    expect(standing).toEqual({ ...SOUND, failures: 10, lockedAt: NOW + 9 });
  });

  it("neither count nor lengthen the lock while it holds", () => {
    const locked = { ...SOUND, failures: 10, lockedAt: NOW };
    expect(judgeLogin(locked, fail, NOW + 100)).toEqual({
      ...{ answer: "failed", tries: { failures: 10, lockedAt: NOW }, isCounted: false, isNewLock: false },
    });
  });

  it("begin anew after the lock", () => {
    const { tries } = judgeLogin({ ...SOUND, failures: 10, lockedAt: NOW }, fail, NOW + LOCK_S);
    expect(tries).toEqual({ failures: 1, lockedAt: null });
  });
});

describe("a lock", () => {
  const locked = { failures: 10, lockedAt: NOW };

  it("holds for 30 minutes, to the second", () => {
    expect(isLocked(locked, NOW)).toBe(true);
    expect(isLocked(locked, NOW + 1_799)).toBe(true);
    expect(isLocked(locked, NOW + 1_800)).toBe(false);
    expect(isLocked({ failures: 9, lockedAt: null }, NOW)).toBe(false);
    expect([toLockEnd(locked), toLockEnd(SOUND)]).toEqual([NOW + 1_800, null]);
    expect(answerOf(locked, RIGHT, NOW + 1_800)).toBe("granted");
  });

  it("holds on where the clock is set back", () => {
    expect(isLocked(locked, NOW - 5_000)).toBe(true);
  });

  it("is told to whoever gives a right password and a right code, and to nobody else", () => {
    for (const isPassword of [true, false]) {
      for (const isCode of [true, false]) {
        const answer = answerOf(locked, { isPassword, isCode });
        expect(answer, `${isPassword} ${isCode}`).toBe(isPassword && isCode ? "locked" : "failed");
      }
    }
  });

  it("tells nothing of the password where there is no second factor", () => {
    const given = { isPassword: true, isCode: false };
    expect(answerOf({ ...locked, hasTotp: false }, given)).toBe("failed");
  });
});

describe("a try within a session", () => {
  it("is granted where it is right, and keeps the count", () => {
    expect(judgeTry({ failures: 4, lockedAt: null }, true, NOW)).toMatchObject({
      ...{ answer: "granted", tries: { failures: 4, lockedAt: null } },
    });
  });

  it("counts where it is wrong, up to the lock", () => {
    expect(judgeTry({ failures: 9, lockedAt: null }, false, NOW)).toEqual({
      ...{ answer: "failed", tries: { failures: 10, lockedAt: NOW }, isCounted: true, isNewLock: true },
    });
  });

  it("is held off by a lock, right or wrong", () => {
    for (const isRight of [true, false]) {
      expect(judgeTry({ failures: 10, lockedAt: NOW }, isRight, NOW + 1)).toMatchObject({
        ...{ answer: "locked", isCounted: false },
      });
    }
  });
});
