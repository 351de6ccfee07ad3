import protobuf from 'protobufjs';
import { memberProto } from '../../api/member-proto.ts';
import type { MemberReport, Order, OrderKind } from '../../api/member-protocol.ts';
import { checkReport } from '../member.ts';

/** The part that is needed of https://github.com/grpc/grpc/blob/master/doc/health-checking.md. */
const healthProto = `
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
`;

let root: protobuf.Root | undefined;

/** Parsed only where it is needed: most agents and many operators never speak gRPC. */
function typeOf(name: string): protobuf.Type {
  if (root === undefined) {
    root = new protobuf.Root();
    protobuf.parse(memberProto, root);
    protobuf.parse(healthProto, root);
  }
  return root.lookupType(name);
}

const memberService = 'haservice.member.v1.Member';
export const statusPath = `/${memberService}/Status`;
export const healthPath = '/grpc.health.v1.Health/Check';

const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();

export const orderPath = (kind: OrderKind): string => `/${memberService}/${capital(kind)}`;

export function encodeOrder(kind: OrderKind, order: Order): Uint8Array {
  const type = typeOf(`haservice.member.v1.${capital(kind)}Request`);
  return type.encode(type.fromObject(order)).finish();
}

/** A report out of a message; where it is none, a short text that says why. */
export function decodeReport(message: Uint8Array): MemberReport | string {
  const type = typeOf('haservice.member.v1.Report');
  let report: Record<string, unknown>;
  try {
    // Written out: what has its default value is not in the message. What is optional stays away.
    report = type.toObject(type.decode(message), {
      defaults: true,
      longs: Number,
      enums: String,
    });
  } catch (error) {
    return String(error);
  }
  const { state } = report;
  const name = typeof state === 'string' ? capital(state.replace('STATE_', '')) : state;
  return checkReport({ ...report, state: name });
}

export const encodeHealthRequest = (service: string): Uint8Array =>
  typeOf('grpc.health.v1.HealthCheckRequest').encode({ service }).finish();

/** SERVING or another, by name; a number where it has none here. @throws Error where it is no such message. */
export function decodeHealth(message: Uint8Array): string {
  const type = typeOf('grpc.health.v1.HealthCheckResponse');
  const { status } = type.toObject(type.decode(message), { defaults: true, enums: String });
  return String(status);
}
