import type { Acquiring, Binding, Merchant, Parameters, Profile } from "../../proto/profile.ts";

/** What a release changes, field by field within a group; a binding only as a whole. */
export interface ProfilePatch {
  /** A terminal never changes its merchant this way: that is a flow of its own. */
  readonly merchant?: Partial<Omit<Merchant, "number">>;
  readonly binding?: Binding;
  readonly acquiring?: Partial<Acquiring>;
  readonly parameters?: Partial<Parameters>;
}

/** What the records know of a terminal that holds no profile yet. */
export interface ProfileRecords {
  readonly merchant: Merchant;
  readonly binding: Binding;
  readonly acquirer: string;
  readonly terminalNo: string;
}

/** What the records do not know: the route to the acquirer and the limits of the test transaction. */
export interface ProfileDefaults {
  readonly acquiring: Omit<Acquiring, "acquirer" | "terminalNo">;
  readonly parameters: Parameters;
}

/** The profile after the one a terminal holds. */
export function toNextProfile(held: Profile, patch: ProfilePatch): Profile {
  return toPatched({ ...held, number: held.number + 1 }, patch);
}

/** Profile number 1. */
export function toFirstProfile(records: ProfileRecords, defaults: ProfileDefaults, patch: ProfilePatch): Profile {
  const { merchant, binding, acquirer, terminalNo } = records;
  const { parameters } = defaults;
  const acquiring = { ...defaults.acquiring, acquirer, terminalNo };
  return toPatched({ number: 1, merchant, binding, acquiring, parameters }, patch);
}

function toPatched(profile: Profile, patch: ProfilePatch): Profile {
  return {
    number: profile.number,
    merchant: { ...profile.merchant, ...patch.merchant, number: profile.merchant.number },
    binding: patch.binding ?? profile.binding,
    acquiring: { ...profile.acquiring, ...patch.acquiring },
    parameters: { ...profile.parameters, ...patch.parameters },
  };
}
