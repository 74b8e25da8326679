import { execFileSync } from 'node:child_process';

/**
 * A file of a commit: text or bytes, `{ run }` with the executable bit, `{ link }` a symbolic link, `{ submodule }` a
 * commit of another repository; `null` takes the path away.
 */
export type GitFile =
  string | Buffer | { run: string | Buffer } | { link: string } | { submodule: string } | null;

/** Paths and what they hold. */
export type GitFiles = Record<string, GitFile>;

interface CommitOptions {
  /** Default `main`. */
  branch?: string;
  /** Parent; default the branch's tip, `null` for a commit without one. */
  from?: string | null;
  message?: string;
}

/** Nobody's configuration and always the same identity: the same calls make the same commits on every machine. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.org',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.org',
};
const FIRST_SECOND = 1_700_000_000;

/** A bare repository on this machine. Commits are written as they are: no work tree, filter or line ending is involved. */
export class GitRepository {
  private seconds = FIRST_SECOND;

  private constructor(readonly directory: string) {}

  static create(directory: string, ...options: string[]): GitRepository {
    const repository = new GitRepository(directory);
    const init = ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', ...options, directory];
    execFileSync('git', init, { env: ENVIRONMENT });
    return repository;
  }

  get url(): string {
    return `file://${this.directory}`;
  }

  /** Runs `git` in the repository; gives what it printed, without the last line's end. */
  git(args: readonly string[], input?: string | Buffer): string {
    const dates = { GIT_AUTHOR_DATE: `${this.seconds} +0000`, GIT_COMMITTER_DATE: `${this.seconds} +0000` };
    const printed = execFileSync('git', ['-C', this.directory, ...args], {
      env: { ...ENVIRONMENT, ...dates },
      input: input ?? '',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return printed.toString('utf8').replace(/\n$/, '');
  }

  /** Changes some files of a branch; gives the new commit's id. */
  commit(files: GitFiles, options: CommitOptions = {}): string {
    const { branch = 'main' } = options;
    this.import(Buffer.concat(this.written(files, options)));
    return this.resolve(`refs/heads/${branch}`);
  }

  /** Many commits on a branch in one go. */
  commitAll(changes: Iterable<GitFiles>): string {
    const pieces: Uint8Array[] = [];
    // Later commits of one branch in one stream follow each other by themselves.
    for (const files of changes) pieces.push(...this.written(files, pieces.length > 0 ? { from: null } : {}));
    this.import(Buffer.concat(pieces));
    return this.resolve('refs/heads/main');
  }

  /** An annotated tag when it has a message. */
  tag(name: string, target = 'refs/heads/main', message?: string): void {
    this.git(['tag', ...(message ? ['-a', '-m', message] : []), '--', name, target]);
  }

  resolve(name: string): string {
    return this.git(['rev-parse', '--verify', `${name}^{commit}`]);
  }

  /** Makes a tree object of rows as `git mktree` reads them, whatever their names are, and commits it to `main`. */
  commitTree(rows: ReadonlyArray<{ mode: string; type: 'blob' | 'tree'; id: string; name: string }>): string {
    const tree = this.tree(rows);
    const commit = this.git(['commit-tree', tree, '-m', 'tree']);
    this.git(['update-ref', 'refs/heads/main', commit]);
    return commit;
  }

  /** A tree object, without any of the checks that `git` itself has. */
  tree(rows: ReadonlyArray<{ mode: string; id: string; name: string }>): string {
    const pieces = rows.map(({ mode, id, name }) =>
      Buffer.concat([Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`), Buffer.from(id, 'hex')]),
    );
    return this.git(['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], Buffer.concat(pieces));
  }

  blob(content: string | Buffer): string {
    return this.git(['hash-object', '-w', '--stdin'], content);
  }

  private import(stream: Buffer): void {
    this.git(['fast-import', '--quiet', '--force'], stream);
  }

  private written(
    files: GitFiles,
    { branch = 'main', from, message = 'change' }: CommitOptions,
  ): Uint8Array[] {
    this.seconds += 1;
    const parent = from === undefined ? this.tipOf(branch) : from;
    const head = [
      `commit refs/heads/${branch}`,
      `committer Test <test@example.org> ${this.seconds} +0000`,
      `data ${Buffer.byteLength(message)}`,
      message,
      ...(parent ? [`from ${parent}`] : []),
      '',
    ];
    const pieces: Uint8Array[] = [Buffer.from(head.join('\n'))];
    for (const [path, file] of Object.entries(files)) pieces.push(...rowOf(path, file));
    return [...pieces, Buffer.from('\n')];
  }

  private tipOf(branch: string): string | null {
    try {
      return this.resolve(`refs/heads/${branch}`);
    } catch {
      return null;
    }
  }
}

function rowOf(path: string, file: GitFile): Uint8Array[] {
  const quoted = `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  if (file === null) return [Buffer.from(`D ${quoted}\n`)];
  if (typeof file === 'object' && 'submodule' in file) {
    return [Buffer.from(`M 160000 ${file.submodule} ${quoted}\n`)];
  }
  const [mode, content] = contentOf(file);
  const bytes = Buffer.from(content);
  return [Buffer.from(`M ${mode} inline ${quoted}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')];
}

function contentOf(
  file: string | Buffer | { run: string | Buffer } | { link: string },
): [string, string | Buffer] {
  if (typeof file === 'string' || Buffer.isBuffer(file)) return ['100644', file];
  return 'run' in file ? ['100755', file.run] : ['120000', file.link];
}
