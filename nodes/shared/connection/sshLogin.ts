import type { AuthenticationType, AuthHandlerMiddleware, ParsedKey, Prompt } from 'ssh2';

import type { DeployError } from '../errors';
import { keyRefused, methodNotOffered, passwordRefused, secondFactor, type Target } from './sshMessages';

/** Gives up; called at most once with the reason. */
type Refuse = (reason: DeployError) => void;

/** ssh2 gives `null` for what the server has not said yet; its types leave that out. */
type Offered = AuthenticationType[] | null;

/** Logs in with one private key, and tells a refused key from a server that wants something else. */
export function keyLogin(target: Target, key: ParsedKey, refuse: Refuse): AuthHandlerMiddleware {
  let tried = false;
  return (offered: Offered, partial, next) => {
    if (!tried) {
      tried = true;
      next({ type: 'publickey', username: target.username, key });
    } else if (partial) {
      refuse(secondFactor(target, offered?.join(', ') ?? ''));
    } else if (offered && !offered.includes('publickey')) {
      refuse(methodNotOffered(target, 'privateKey', offered));
    } else {
      refuse(keyRefused(target));
    }
  };
}

/**
 * Answers the one prompt of keyboard-interactive that is for the password. The same prompt again means that the
 * password was wrong; any other one can't be answered. A prompt that echoes is not for a password.
 */
function passwordPrompt(target: Target, password: Buffer, refuse: Refuse) {
  let answered: string | undefined;
  return (
    _name: string,
    _instructions: string,
    _lang: string,
    prompts: Prompt[],
    finish: (answers: string[]) => void,
  ): void => {
    const [first] = prompts;
    // ssh2 answers a request without prompts itself.
    if (!first) return finish([]);
    if (answered === first.prompt) {
      refuse(passwordRefused(target, 'keyboard-interactive'));
    } else if (answered !== undefined || prompts.length > 1 || first.echo) {
      refuse(secondFactor(target, prompts.map((each) => each.prompt).join(' ')));
    } else {
      answered = first.prompt;
      finish([password.toString()]);
    }
  };
}

/**
 * Logs in with a password by the one way that the server offers for it, so that a wrong password counts as one attempt.
 * Asking with the method `none` first makes the server list its ways (RFC 4252, section 5.2).
 */
export function passwordLogin(target: Target, password: Buffer, refuse: Refuse): AuthHandlerMiddleware {
  const { username } = target;
  const prompt = passwordPrompt(target, password, refuse);
  let tried: 'none' | 'password' | 'keyboard-interactive' | undefined;
  return (offered: Offered, partial, next) => {
    if (tried === undefined) {
      tried = 'none';
      next({ type: 'none', username });
    } else if (partial) {
      refuse(secondFactor(target, offered?.join(', ') ?? ''));
    } else if (tried !== 'none') {
      refuse(passwordRefused(target, tried));
    } else if (offered?.includes('password')) {
      tried = 'password';
      // ssh2 takes bytes, too, and keeps them: these can be cleared.
      next({ type: 'password', username, password: password as unknown as string });
    } else if (offered?.includes('keyboard-interactive')) {
      tried = 'keyboard-interactive';
      next({ type: 'keyboard-interactive', username, prompt });
    } else {
      refuse(methodNotOffered(target, 'password', offered ?? []));
    }
  };
}
