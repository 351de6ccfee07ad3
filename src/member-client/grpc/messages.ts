import protobuf from 'protobufjs';
import { memberProto } from '../../protocol/member-proto.ts';
import type { MemberReport, Order, OrderKind } from '../../protocol/member-protocol.ts';
import { checkReport } from '../report-connection.ts';

let root: protobuf.Root | undefined;

/** Parsed on first use: many operators never speak gRPC. */
function typeOf(name: string): protobuf.Type {
  if (root === undefined) {
    root = new protobuf.Root();
    protobuf.parse(memberProto, root);
  }
  return root.lookupType(`haservice.member.v1.${name}`);
}

const memberService = 'haservice.member.v1.Member';
export const statusPath = `/${memberService}/Status`;

const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();

export const orderPath = (kind: OrderKind): string => `/${memberService}/${capital(kind)}`;

export function encodeOrder(kind: OrderKind, order: Order): Uint8Array {
  const type = typeOf(`${capital(kind)}Request`);
  return type.encode(type.fromObject(order)).finish();
}

/** Decodes a report; if the message is none, returns a short text that says why. */
export function decodeReport(message: Uint8Array): MemberReport | string {
  const type = typeOf('Report');
  let report: Record<string, unknown>;
  try {
    // With defaults: a message leaves out fields that have their default value. Optional fields stay absent.
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
