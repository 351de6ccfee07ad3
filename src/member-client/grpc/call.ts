import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  constants,
} from 'node:http2';
import { maxAnswerBytes } from '../../protocol/member-protocol.ts';

export interface GrpcCall {
  path: string;
  /** Besides what gRPC itself needs. */
  metadata: Record<string, string>;
  message: Uint8Array;
}

export interface GrpcAnswer {
  /** Of gRPC: 0 is OK. */
  status: number;
  /** The message of the status. */
  said: string;
  /** The status by name, and what it said: for a person. */
  text: string;
  /** Only where the status is OK. */
  message: Buffer;
  trailers: IncomingHttpHeaders;
}

export const grpcStatus = {
  ok: 0,
  notFound: 5,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
};

/** By number. https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const statusNames =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  );

/** Of each message: whether it is compressed, and its length in 4 bytes. */
const prefixBytes = 5;

/**
 * Makes one unary call, in plain text of https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. Nothing is told of
 * a call whose connection ends: that is told already.
 *
 * @param done is given a short text where what came is no answer by gRPC.
 */
export function startCall(
  session: ClientHttp2Session,
  call: GrpcCall,
  done: (answer: GrpcAnswer | string) => void,
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': call.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'haservice-operator',
    ...call.metadata,
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders | undefined;
  let given = false;
  const give = (answer: GrpcAnswer | string) => {
    if (given) return;
    given = true;
    done(answer);
  };
  stream.on('response', (received) => (headers = received));
  stream.on('trailers', (received: IncomingHttpHeaders) => (trailers = received));
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxAnswerBytes) return void chunks.push(chunk);
    stream.close(constants.NGHTTP2_CANCEL);
    give('an answer of more than 64 KiB');
  });
  // What it was is told by its close.
  stream.on('error', () => {});
  stream.once('close', () => {
    const { rstCode } = stream;
    if (session.destroyed) return;
    if (rstCode === constants.NGHTTP2_NO_ERROR) {
      give(readAnswer(headers, trailers ?? headers, Buffer.concat(chunks)));
    } else if (!session.closed) {
      give(`a reset of the call, with HTTP/2 error ${rstCode}`);
    }
    // Else the call has crossed the member's goodbye, and the connection ends by it.
  });
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(call.message.length, 1);
  stream.end(Buffer.concat([prefix, call.message]));
  return stream;
}

function readAnswer(
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  trailers: IncomingHttpHeaders,
  body: Buffer,
): GrpcAnswer | string {
  const code = trailers['grpc-status'];
  if (headers[':status'] !== 200 || typeof code !== 'string' || !/^\d{1,3}$/.test(code)) {
    return `HTTP ${headers[':status'] ?? 'without a status'}, and no status of gRPC`;
  }
  const status = Number(code);
  const said = unescape(trailers['grpc-message']);
  const text = `${statusNames[status] ?? `status ${code}`}${said === '' ? '' : `: ${said}`}`;
  if (status !== grpcStatus.ok) return { status, said, text, message: Buffer.alloc(0), trailers };
  if (body[0] !== 0 || body.length < prefixBytes) return 'no message, or a compressed one';
  if (body.readUInt32BE(1) !== body.length - prefixBytes) return 'not one message';
  return { status, said, text, message: body.subarray(prefixBytes), trailers };
}

/** Percent-encoded, 1,024 characters at most of it. */
function unescape(value: string | string[] | undefined): string {
  if (typeof value !== 'string') return '';
  const message = value.slice(0, 1024);
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
