import type pg from 'pg';
import { HAError } from '../../api/errors.ts';

const scramSteps = [
  'authenticationSASL',
  'authenticationSASLContinue',
  'authenticationSASLFinal',
] as const;

const complaints: Record<string, string> = {
  authenticationCleartextPassword: 'it asks for the password in clear',
  authenticationMD5Password: 'it asks for the password by MD5',
};

/**
 * Has `pg` answer to SCRAM alone. Left to itself it gives the password to whoever asks for it, in clear or as an MD5 hash that is
 * soon guessed; and it is content with a server that lets it in without having proved that it knows the password, too.
 *
 * @param mustProve the connection has a password: a server that does not show that it knows it is not the one
 */
export function answerScramAlone(connection: pg.Connection, mustProve: boolean): void {
  let isProved = false;
  // This comes before what `pg` does about the same message, which finds the connection ended then.
  connection.on('message', ({ name }: { name: string }) => {
    // That the proof is right `pg` checks after this, and fails where it is not.
    if (name === 'authenticationSASLFinal') isProved = true;
    if (scramSteps.some((step) => step === name) || !name.startsWith('authentication')) return;
    if (name === 'authenticationOk' && (isProved || !mustProve)) return;
    const complaint = complaints[name] ?? 'it lets anybody in, and need not know the password';
    connection.stream.destroy();
    // At once: the next message may say that all is well.
    connection.emit('error', new HAError('HA_ERR_NOT_SCRAM', complaint));
  });
}

/** Of a certificate that cannot be read `pg` would quote all. */
const quotedLength = 200;

/** Where SCRAM itself has failed: by a proof that is not right (says `pg`), or one for another certificate (says the server). */
export const scramError = (error: unknown): unknown =>
  error instanceof Error && /^(SASL|SCRAM)/.test(error.message)
    ? new HAError('HA_ERR_NOT_SCRAM', error.message.slice(0, quotedLength), { cause: error })
    : error;
