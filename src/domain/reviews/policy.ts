/** When what is worth a line in the report; days, unless a line says otherwise. */
export interface ReviewPolicy {
  /** Before an account in force ends: a person should begin, and has to hurry. */
  readonly accountSoonDays: number;
  readonly accountUrgentDays: number;
  /** For how long an account may wait as prepared. */
  readonly unusedDays: number;
  readonly licenceSoonDays: number;
  readonly licenceUrgentDays: number;
  /** Before a review is due, and after. How often one is due is the acquirer's pack's to say (`reviewDays`). */
  readonly reviewSoonDays: number;
  readonly reviewLateDays: number;
  /** For how long a terminal need not be heard of, and when that is no accident any more. */
  readonly silentDays: number;
  readonly silentLateDays: number;
  /** How old an acquirer's answer may be. */
  readonly askedDays: number;
  /** For how long a change may stay as it is: with whoever writes it, with approvers or its hour, on its way. */
  readonly draftDays: number;
  readonly waitingDays: number;
  readonly releasingDays: number;
}

export const DEFAULT_REVIEW_POLICY: ReviewPolicy = {
  accountSoonDays: 60,
  accountUrgentDays: 30,
  unusedDays: 14,
  licenceSoonDays: 60,
  licenceUrgentDays: 30,
  reviewSoonDays: 30,
  reviewLateDays: 90,
  silentDays: 7,
  silentLateDays: 30,
  askedDays: 3,
  draftDays: 30,
  waitingDays: 3,
  releasingDays: 7,
};

export const DAY_S = 86_400;
