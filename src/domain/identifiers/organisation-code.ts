/**
 * Check character of an organisation code (组织机构代码, GB 11714) over the 8 letters and digits before it; letters
 * count from A = 10. Positions 9 to 17 of a USCC and 7 to 15 of an old tax number are such a code.
 * @returns one digit or X
 */
export function toOrganisationCheck(characters: string): string {
  let sum = 0;
  for (const character of characters) sum = ((sum + Number.parseInt(character, 36)) * 2) % 11;
  return "0123456789X".charAt((11 - sum) % 11);
}
