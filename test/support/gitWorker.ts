/** Opens a Git source in a process of its own, which a test may kill. Its options are the one argument, as JSON. */
import { openGit } from '../../nodes/shared/git/commitSource';

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2]) as Parameters<typeof openGit>[0];
  const source = await openGit({ ...options, allowFile: () => undefined });
  try {
    await source.open(undefined);
  } finally {
    await source.close();
  }
}

main().catch(() => {
  process.exitCode = 1;
});
