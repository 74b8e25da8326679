/** A share from 0 to 1, for people: with three digits that count, and never as nothing or all. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.01) return 'less than 0.01 %';
  const digits = value < 10 ? 2 : 1;
  return `${Number(value.toFixed(digits))} %`;
}
