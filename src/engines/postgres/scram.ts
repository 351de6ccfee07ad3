import type pg from 'pg';
import { HAError } from '../../api/errors.ts';

const scramSteps = [
  'authenticationSASL',
  'authenticationSASLContinue',
  'authenticationSASLFinal',
] as const;

const complaints: Record<string, string> = {
  authenticationCleartextPassword: 'the server asks for the password in clear text',
  authenticationMD5Password: 'the server asks for the password by MD5',
};

/**
 * Makes `pg` answer to SCRAM only. By default it gives the password to any server that asks, in clear text or as an MD5 hash that
 * is easily guessed, and accepts a server that lets it in without having proved that it knows the password, too.
 *
 * @param hasPassword the connection has a password: a server that does not prove that it knows the password is rejected. Without one,
 * a server that asks for it is.
 */
export function answerScramAlone(connection: pg.Connection, hasPassword: boolean): void {
  let isProved = false;
  // Called before the handlers of `pg` for the same message, which find the connection ended then.
  connection.on('message', ({ name }: { name: string }) => {
    if (!name.startsWith('authentication')) return;
    // Afterwards `pg` checks whether the proof is right, and fails if it is not.
    if (name === 'authenticationSASLFinal') isProved = true;
    if (hasPassword && scramSteps.some((step) => step === name)) return;
    if (name === 'authenticationOk' && (isProved || !hasPassword)) return;
    const complaint =
      complaints[name] ?? 'the server accepts any client, without proof that it knows the password';
    connection.stream.destroy();
    // At once: the next message may report success.
    connection.emit(
      'error',
      hasPassword
        ? new HAError('HA_ERR_NOT_SCRAM', complaint)
        : new HAError('HA_ERR_NO_PASSWORD', 'the server asks for a password'),
    );
  });
}

/** For a certificate that cannot be read, `pg` would quote all of it. */
const quotedLength = 200;

/** An error of SCRAM itself: a wrong proof (found by `pg`), or one for another certificate (found by the server). */
export const scramError = (error: unknown): unknown =>
  error instanceof Error && /^(SASL|SCRAM)/.test(error.message)
    ? new HAError('HA_ERR_NOT_SCRAM', error.message.slice(0, quotedLength), { cause: error })
    : error;
