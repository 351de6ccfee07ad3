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
  /** In addition to what gRPC itself needs. */
  metadata: Record<string, string>;
  message: Uint8Array;
}

export interface GrpcAnswer {
  /** gRPC status: 0 is OK. */
  status: number;
  /** Message of the status. */
  statusMessage: string;
  /** Name and message of the status: for people. */
  text: string;
  /** Empty unless the status is OK. */
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

/** Prefix of each message: a flag for compression, and the length in 4 bytes. */
const prefixBytes = 5;

/**
 * Makes one unary call, without TLS, as of https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. If the connection
 * ends, `done` is not called: the connection itself emits that event.
 *
 * @param done gets a short text if the answer is not one of gRPC.
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
  // The 'close' event says what it was.
  stream.on('error', () => {});
  stream.once('close', () => {
    const { rstCode } = stream;
    if (session.destroyed) return;
    if (rstCode === constants.NGHTTP2_NO_ERROR) {
      give(readAnswer(headers, trailers ?? headers, Buffer.concat(chunks)));
    } else if (!session.closed) {
      give(`a reset of the call, with HTTP/2 error ${rstCode}`);
    }
    // Otherwise the call has crossed the member's GOAWAY, and the connection ends.
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
    return `HTTP ${headers[':status'] ?? 'without a status'}, and no gRPC status`;
  }
  const status = Number(code);
  const statusMessage = unescape(trailers['grpc-message']);
  const text = `${statusNames[status] ?? `status ${code}`}${statusMessage === '' ? '' : `: ${statusMessage}`}`;
  if (status !== grpcStatus.ok)
    return { status, statusMessage, text, message: Buffer.alloc(0), trailers };
  if (body[0] !== 0 || body.length < prefixBytes) return 'no message, or a compressed one';
  if (body.readUInt32BE(1) !== body.length - prefixBytes) return 'not one message';
  return { status, statusMessage, text, message: body.subarray(prefixBytes), trailers };
}

/** Percent-encoded; at most 1,024 characters are used. */
function unescape(value: string | string[] | undefined): string {
  if (typeof value !== 'string') return '';
  const message = value.slice(0, 1024);
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
