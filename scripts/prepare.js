/**
 * Makes a fresh clone ready, so that every npm script works at once: installs the packages that package-lock.json
 * lists and, with `--test`, the system programs that the tests talk to; with `--live`, those of the live suite, too; with
 * `--python`, only the tools for the Python program. Asks nothing and changes nothing when everything is there. Uses Node's
 * own modules only, since it runs before anything else is installed.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
/** Where the tests find uv; the machine's own PATH stays without it. */
const UV_DIRECTORY = path.join(ROOT, 'node_modules/.cache/uv');
/** Where scripts/python.js finds what checks the Python program. */
const PYTHON_TOOLS_DIRECTORY = path.join(ROOT, 'node_modules/.cache/python-tools');
const PYTHON_TOOLS = path.join(ROOT, 'executor/requirements-dev.txt');
/** Where the tests of serve.py find the servers that it hands over. */
const SERVERS_DIRECTORY = path.join(ROOT, 'node_modules/.cache/python-servers');
const SERVERS = path.join(ROOT, 'executor/requirements-servers.txt');
const POLICY_FILE = '/usr/sbin/policy-rc.d';

const PYTHON = { name: 'python3 with venv', packages: ['python3', 'python3-venv'], isThere: hasPythonVenv };

/** What the tests need besides Node: how to see that it is there, and the Debian packages that bring it. */
const PROGRAMS = [
  PYTHON,
  { name: '/usr/sbin/sshd', packages: ['openssh-server'], isThere: () => fs.existsSync('/usr/sbin/sshd') },
  ...['busybox', 'debootstrap', 'git', 'podman', 'rsync', 'runc', 'sudo', 'tar'].map((name) => ({
    name,
    packages: [name],
    isThere: () => isOnPath(name),
  })),
  {
    name: 'descriptions of locales',
    packages: ['locales'],
    isThere: () => fs.existsSync('/usr/share/i18n/charmaps/ISO-8859-1.gz'),
  },
  { name: 'mkfs.xfs', packages: ['xfsprogs'], isThere: () => fs.existsSync('/usr/sbin/mkfs.xfs') },
  {
    name: 'mkfs.btrfs',
    packages: ['btrfs-progs'],
    isThere: () => isOnPath('mkfs.btrfs') || fs.existsSync('/usr/sbin/mkfs.btrfs'),
  },
];
/** A Linux as an ordinary process; Debian has it for these processors. */
if (process.arch === 'x64') {
  PROGRAMS.push({
    name: 'linux.uml',
    packages: ['user-mode-linux', 'systemd'],
    isThere: () => isOnPath('linux.uml'),
  });
}

/** What the live suite needs beyond that. */
const LIVE_PROGRAMS = [
  {
    name: 'chromium',
    packages: ['chromium'],
    isThere: () => isOnPath('chromium') || isOnPath('google-chrome'),
  },
  { name: 'redis-server', packages: ['redis-server'], isThere: () => isOnPath('redis-server') },
  { name: 'PostgreSQL', packages: ['postgresql'], isThere: hasPostgres },
  { name: 'a compiler', packages: ['g++', 'make'], isThere: () => isOnPath('g++') && isOnPath('make') },
];

function isOnPath(name) {
  const directories = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return directories.some((directory) => fs.existsSync(path.join(directory, name)));
}

function hasPythonVenv() {
  return spawnSync('python3', ['-I', '-S', '-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status === 0;
}

/** Debian keeps each version of it in a directory of its own. */
function hasPostgres() {
  const root = '/usr/lib/postgresql';
  const versions = fs.existsSync(root) ? fs.readdirSync(root) : [];
  return versions.some((version) => fs.existsSync(path.join(root, version, 'bin/postgres')));
}

/** Runs a program with its output shown, and tells whether it ended well. */
function run(program, args, environment = {}) {
  const options = {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  };
  return spawnSync(program, args, options).status === 0;
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

function readPackages(file) {
  return JSON.parse(fs.readFileSync(path.join(ROOT, file), 'utf8')).packages;
}

/**
 * Whether node_modules holds what package-lock.json lists. npm writes node_modules/.package-lock.json when an
 * installation is complete; packages for other platforms are marked optional and may be missing.
 */
function packagesAreInstalled() {
  if (!fs.existsSync(path.join(ROOT, 'node_modules/.package-lock.json'))) return false;
  const installed = readPackages('node_modules/.package-lock.json');
  return Object.entries(readPackages('package-lock.json')).every(
    ([directory, { optional, version, integrity }]) =>
      directory === '' ||
      optional ||
      (installed[directory]?.version === version &&
        installed[directory].integrity === integrity &&
        fs.existsSync(path.join(ROOT, directory))),
  );
}

function installPackages() {
  console.log('Installing the packages listed in package-lock.json …');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--include=dev'];
  if (!run('npm', ['ci', ...options])) stop('"npm ci" did not succeed; its output above says why.');
}

/** Keeps Debian from starting the services it installs, unless somebody already decides about that. */
function forbidServices() {
  if (fs.existsSync(POLICY_FILE)) return () => undefined;
  fs.writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  // Without a listener, Ctrl-C would end this script before it has removed the file.
  process.on('SIGINT', () => undefined);
  return () => fs.rmSync(POLICY_FILE);
}

function installPrograms(packages) {
  console.log(`Installing for the tests: ${packages.join(', ')} …`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const allowServices = forbidServices();
  try {
    return (
      run('apt-get', ['update', '-qq'], environment) &&
      run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], environment)
    );
  } finally {
    allowServices();
  }
}

function prepareSystem(programs) {
  const findMissing = () => programs.filter((program) => !program.isThere());
  let missing = findMissing();
  const mayInstall = process.getuid() === 0 && isOnPath('apt-get');
  if (missing.length > 0 && mayInstall) {
    installPrograms(missing.flatMap(({ packages }) => packages));
    missing = findMissing();
  }
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    const packages = missing.flatMap(({ packages }) => packages).join(' ');
    stop(`The tests need ${names}; install them first, on Debian with: sudo apt-get install ${packages}`);
  }
}

/** An interpreter that Debian manages takes no packages: what comes from PyPI gets an environment of its own. */
function makeEnvironment(directory, ...packages) {
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  return (
    run('python3', ['-m', 'venv', '--clear', directory]) && run(path.join(directory, 'bin/python'), install)
  );
}

function prepareUv() {
  if (fs.existsSync(path.join(UV_DIRECTORY, 'bin/uv'))) return;
  console.log('Installing uv for the tests …');
  if (!makeEnvironment(UV_DIRECTORY, 'uv')) stop('uv could not be installed; the output above says why.');
}

/** A copy of the list is left there, last: whether it is the same tells whether all of it is installed. */
function prepareEnvironment(directory, list, what) {
  const installed = path.join(directory, path.basename(list));
  const wanted = fs.readFileSync(list, 'utf8');
  if (fs.existsSync(installed) && fs.readFileSync(installed, 'utf8') === wanted) return;
  console.log(`Installing ${what} …`);
  if (!makeEnvironment(directory, '-r', list)) {
    stop(`What ${path.relative(ROOT, list)} lists could not be installed; the output above says why.`);
  }
  fs.writeFileSync(installed, wanted);
}

function preparePythonTools() {
  prepareEnvironment(PYTHON_TOOLS_DIRECTORY, PYTHON_TOOLS, 'the tools that check the Python program');
  prepareEnvironment(SERVERS_DIRECTORY, SERVERS, 'the servers that the tests hand over');
}

if (!packagesAreInstalled()) installPackages();
if (process.argv.includes('--test')) {
  prepareSystem(process.argv.includes('--live') ? [...PROGRAMS, ...LIVE_PROGRAMS] : PROGRAMS);
  prepareUv();
  preparePythonTools();
} else if (process.argv.includes('--python')) {
  prepareSystem([PYTHON]);
  preparePythonTools();
}
