import { connectSsh } from '../../nodes/shared/connection/ssh';
import type { Channel, Connection } from '../../nodes/shared/connection/connection';
import { type Relay, startRelay, startSshd, type Sshd } from './sshd';
import { withKey } from './sshOptions';

/** A server for all tests of a file, and for each test a relay that can be cut and a connection through it. */
export class RelayedSsh {
  sshd!: Sshd;
  relay!: Relay;
  connection!: Connection;

  static forEachTest(): RelayedSsh {
    const ssh = new RelayedSsh();
    beforeAll(async () => {
      ssh.sshd = await startSshd();
    });
    beforeEach(async () => {
      ssh.relay = await startRelay(ssh.sshd.port);
      ssh.connection = await ssh.connectTo(ssh.relay.port);
    });
    afterEach(async () => {
      await ssh.connection.close();
      await ssh.relay.close();
    });
    afterAll(() => ssh.sshd.stop());
    return ssh;
  }

  connectTo(port: number): Promise<Connection> {
    return connectSsh(withKey(this.sshd, { port }));
  }

  /** Starts a shell script, whose outputs the test reads or drops. */
  start(script: string, ...args: string[]): Promise<Channel> {
    return this.connection.start(['sh', '-c', script, 'sh', ...args]);
  }
}

/** Reads what a program writes, and forgets it. */
export function drop(channel: Channel): Channel {
  channel.stdout.resume();
  channel.stderr.resume();
  return channel;
}
