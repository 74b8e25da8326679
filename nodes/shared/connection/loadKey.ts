import { createPrivateKey, type KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { utils, type ParsedKey } from 'ssh2';

import { DeployError, toDeployError } from '../errors';
import { encodeEd25519 } from './openSshKey';
import { normalisePrivateKey } from './privateKey';

/**
 * Runs in a thread of its own: OpenSSH derives the key of an encrypted private key with bcrypt, which takes ssh2 some
 * 400 ms of uninterrupted JavaScript. Given as text because a worker's file would have to be compiled first in tests.
 */
const DECRYPT = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { utils } = require(workerData.library);
  const key = utils.parseKey(workerData.text, workerData.passphrase);
  parentPort.postMessage(key instanceof Error ? null : key.getPrivatePEM());
`;

/** Says why a key can't be used, without anything of the key or the parser's own words about it. */
function refuse(advice: string): DeployError {
  return new DeployError('CONNECTION', `"Private Key" ${advice}.`);
}

function wrongPassphrase(): DeployError {
  return new DeployError(
    'CONNECTION',
    '"Passphrase" does not open the private key; enter the passphrase this key was made with.',
  );
}

function unusable(): DeployError {
  return refuse('is damaged or of a kind that SSH can not use here: make one with ssh-keygen -t ed25519');
}

function isOpenSsh(text: string): boolean {
  return text.startsWith('-----BEGIN OPENSSH ');
}

function isEncrypted(text: string): boolean {
  if (!isOpenSsh(text)) return /BEGIN ENCRYPTED |DEK-Info:/.test(text);
  const data = Buffer.from(text.replace(/-----.*-----|\s/g, ''), 'base64');
  // After the magic of 15 bytes comes the cipher's name, with its length in front.
  return data.length > 23 && data.toString('latin1', 19, 23) !== 'none';
}

function decryptOpenSsh(text: string, passphrase: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(DECRYPT, {
      eval: true,
      workerData: { library: require.resolve('ssh2'), text, passphrase },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => resolve(null));
  });
}

/** Writes a key in one of the older shapes that ssh2 reads; it doesn't read PKCS#8. */
function exportForSsh(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString();
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString();
  if (key.asymmetricKeyType === 'ed25519') return encodeEd25519(key);
  throw unusable();
}

function convertPem(text: string, passphrase: string | undefined): string {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, ...(isEncrypted(text) && { passphrase }) });
  } catch {
    throw toDeployError(isEncrypted(text) ? wrongPassphrase() : unusable());
  }
  return exportForSsh(key);
}

/**
 * Reads a private key as pasted into the credential: OpenSSH, PKCS#1, SEC1 or PKCS#8; ed25519, ECDSA or RSA.
 * A passphrase given for a key without one is ignored.
 *
 * @throws INPUT when the text is not a private key
 * @throws CONNECTION when the passphrase is missing or wrong, or the kind of key can't be used
 */
export async function loadPrivateKey(text: string, passphrase?: string): Promise<ParsedKey> {
  let pem = normalisePrivateKey(text);
  const encrypted = isEncrypted(pem);
  if (encrypted && !passphrase) {
    throw refuse('is protected: enter its passphrase into "Passphrase"');
  }
  if (encrypted && passphrase && isOpenSsh(pem)) {
    const decrypted = await decryptOpenSsh(pem, passphrase);
    if (decrypted === null) throw wrongPassphrase();
    pem = decrypted;
  }
  if (!isOpenSsh(pem)) pem = convertPem(pem, passphrase);
  const key = utils.parseKey(pem);
  if (key instanceof Error || !key.isPrivateKey()) throw unusable();
  return key;
}
