/** Clients that ask a service from where it runs, such as a container without a network: a program there, told by lines. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What it is asked for is a line, and so is its answer. Each request has a connection of its own. */
const PROGRAM = `
import collections, json, socket, sys, threading, time

address = ('127.0.0.1', int(sys.argv[1]))
counts, threads, over = collections.Counter(), [], threading.Event()
lock = threading.Lock()

def begin(method='GET', length=0):
    connection = socket.create_connection(address, 30)
    head = '%s / HTTP/1.1\\r\\nHost: engine\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n'
    connection.sendall((head % (method, length)).encode())
    return connection

def answer(connection):
    with connection:
        received = b''
        while True:
            read = connection.recv(65536)
            if not read:
                break
            received += read
    head, _, body = received.partition(b'\\r\\n\\r\\n')
    if not head.startswith(b'HTTP/1.1 200') or b'content-length: %d' % len(body) not in head.lower():
        raise ConnectionError('cut: %r' % received)
    return body.decode()

def client():
    while not over.is_set():
        try:
            said = answer(begin())
        except OSError as raised:
            said = repr(raised)
        with lock:
            counts[said] += 1
        over.wait(0.01)

def first(seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return answer(begin())
        except OSError as raised:
            if time.monotonic() > end:
                return repr(raised)
            time.sleep(0.05)

for line in sys.stdin:
    word, said = line.strip(), None
    if word == 'first':
        said = first()
    elif word == 'start':
        threads += [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
    elif word == 'hold':
        held = begin('POST', 1)
    elif word == 'go on':
        try:
            held.sendall(b'x')
            said = answer(held)
        except OSError as raised:
            said = repr(raised)
    elif word == 'stop':
        over.set()
        for thread in threads:
            thread.join()
        said = counts
    print(json.dumps(said), flush=True)
`;

export class AskingInside {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  /** `prefix`: what runs a program where the service runs. */
  constructor(prefix: readonly string[] = [], port = 8000) {
    const [program = '', ...words] = [...prefix, '/usr/bin/python3', '-c', PROGRAM, String(port)];
    this.child = spawn(program, words);
    this.child.stderr.pipe(process.stderr);
    this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  /** What the first answer is, which is waited for. */
  first = () => this.tell<string>('first');
  /** Four clients begin to ask. */
  start = () => this.tell<null>('start');
  /** A request of which the end is missing. */
  hold = () => this.tell<null>('hold');
  /** Its end, and what is answered then. */
  goOn = () => this.tell<string>('go on');

  /** Ends it; how often each answer came. */
  async stop(): Promise<Record<string, number>> {
    const counts = await this.tell<Record<string, number>>('stop');
    const ended = once(this.child, 'close');
    this.child.stdin.end();
    await ended;
    return counts;
  }

  private async tell<T>(word: string): Promise<T> {
    this.child.stdin.write(`${word}\n`);
    const { value: line, done } = await this.lines.next();
    if (done) throw new Error(`The program that asks has ended at “${word}”.`);
    return JSON.parse(line) as T;
  }
}
