/**
 * The messages of the gRPC health checking protocol, encoded by hand: all of protobufjs would take 2 MB more in every agent.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
import protobuf from 'protobufjs/minimal.js';

const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Wire types of https://protobuf.dev/programming-guides/encoding/, in the low bits of each field's tag. */
const varint = 0;
const text = 2;
const firstField = 1 << 3;

/** HealthCheckRequest { string service = 1; } */
export const encodeHealthRequest = (service: string): Uint8Array =>
  service === ''
    ? new Uint8Array()
    : protobuf.Writer.create()
        .uint32(firstField | text)
        .string(service)
        .finish();

/** HealthCheckResponse { ServingStatus status = 1; }, by name. @throws Error if the bytes are no such message. */
export function decodeHealth(message: Uint8Array): string {
  const reader = protobuf.Reader.create(message);
  let status = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === (firstField | varint)) status = reader.int32();
    else reader.skipType(tag & 7);
  }
  return servingStatuses[status] ?? String(status);
}
