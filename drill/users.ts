/** Three users and 5,000 extractions: `npm run drill:users [extractions] [seed]`. */
import { threeUsers } from './threeUsers';

async function main([total = '5000', seed = String(Date.now() % 1e9)]: string[]): Promise<void> {
  console.log(`seed ${seed}`);
  const { tally, operations } = await threeUsers(Number(seed), Number(total));
  for (const [ended, count] of Object.entries(operations).sort()) console.log(`${count}\t${ended}`);
  const { done, failed, mixed } = tally;
  console.log(`${done} extractions, ${failed.length} failed, ${mixed.length} mixed (seed ${seed})`);
  for (const line of [...failed, ...mixed.map((versions) => versions.join(' '))]) console.log(line);
  if (failed.length + mixed.length > 0) process.exitCode = 1;
}

void main(process.argv.slice(2));
