import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

import { type Host, runHere } from './host';
import { KEPT_RELEASES } from './ours';
import { timed, type Way } from './way';

const CAPFILE = `require 'capistrano/setup'
require 'capistrano/deploy'
require 'capistrano/scm/git'
install_plugin Capistrano::SCM::Git
`;

/** Everything that differs from run to run comes in the environment: no text of ours becomes Ruby. */
const DEPLOY = `set :application, 'engine'
set :repo_url, ENV.fetch('BENCH_REPOSITORY')
set :branch, 'main'
set :deploy_to, ENV.fetch('BENCH_BASE_PATH')
set :keep_releases, ${KEPT_RELEASES}
set :format, :simpletext
`;

const STAGE = `server '127.0.0.1',
  user: ENV.fetch('BENCH_USER'),
  port: ENV.fetch('BENCH_PORT').to_i,
  roles: %w[app],
  ssh_options: {
    config: false,
    keys: [ENV.fetch('BENCH_KEY')],
    keys_only: true,
    auth_methods: %w[publickey],
    user_known_hosts_file: ENV.fetch('BENCH_KNOWN_HOSTS'),
  }
`;

/** Capistrano 3, as it is set up by default, deploying from a Git repository on the engine's side. */
export class Capistrano implements Way {
  readonly name = 'Capistrano';

  private constructor(
    private readonly host: Host,
    readonly basePath: string,
    private readonly source: string,
    private readonly project: string,
  ) {}

  /** Resolves with undefined where no `cap` is on the path. */
  static async prepare(
    host: Host,
    basePath: string,
    source: string,
    project: string,
  ): Promise<Capistrano | undefined> {
    if (!(await isOnPath('cap'))) return undefined;
    const files = { Capfile: CAPFILE, 'config/deploy.rb': DEPLOY, 'config/deploy/production.rb': STAGE };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(project, path)), { recursive: true });
      await writeFile(join(project, path), content);
    }
    const way = new Capistrano(host, basePath, source, project);
    await way.git('init', '--quiet', '--initial-branch=main');
    return way;
  }

  /** Commits what the source holds now, which is not measured, and deploys the commit. */
  async deploy(): Promise<number> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message=Change');
    const environment = { ...this.host.environment, ...this.environment };
    return timed(() => runHere('cap', ['production', 'deploy'], this.project, environment));
  }

  private get repository(): string {
    return join(this.project, 'repository.git');
  }

  private get environment(): Record<string, string> {
    return { BENCH_REPOSITORY: this.repository, BENCH_BASE_PATH: this.basePath };
  }

  private async git(...args: string[]): Promise<void> {
    const author = ['-c', 'user.name=Benchmark', '-c', 'user.email=bench@example.org'];
    await runHere('git', [...author, `--git-dir=${this.repository}`, `--work-tree=${this.source}`, ...args]);
  }
}

async function isOnPath(program: string): Promise<boolean> {
  const tried = (process.env.PATH ?? '').split(delimiter).map(async (directory) => {
    await access(join(directory, program), constants.X_OK);
  });
  return Promise.any(tried).then(
    () => true,
    () => false,
  );
}
