/**
 * Check character of ISO 7064 MOD 11,10 (hybrid system) over digits. It tells every change of one digit.
 * @returns one digit
 */
export function toMod1110(digits: string): string {
  let product = 10;
  for (const digit of digits) {
    const sum = (product + Number(digit)) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return String((11 - product) % 10);
}

/**
 * Check character of ISO 7064 MOD 11-2 (pure system) over digits. It tells every change of one digit.
 * @returns one digit or X
 */
export function toMod112(digits: string): string {
  let sum = 0;
  for (const digit of digits) sum = ((sum + Number(digit)) * 2) % 11;
  return "0123456789X".charAt((12 - sum) % 11);
}
