/** Deploys in a process of its own, which a test may kill: what is to be deployed comes as a line of JSON. */
import { createInterface } from 'node:readline';

import { type ConversationOptions, deployTo } from './deployment';

/** The arguments of `deployTo`. */
export type Order = [
  basePath: string,
  source: string,
  changes: Parameters<typeof deployTo>[2],
  conversation: ConversationOptions,
];

createInterface(process.stdin).once('line', (line) => {
  void deployTo(...(JSON.parse(line) as Order)).then(
    () => process.exit(0),
    (error: Error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
});
