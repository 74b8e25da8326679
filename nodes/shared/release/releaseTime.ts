/**
 * The first part of a new release's id: UTC time such as `20261123-171501`. The engine's side adds the first 7 digits
 * of the content's digest. An id names and does not order: order is the record's sequence number.
 */
export function releaseTime(now = new Date()): string {
  return now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}
