/**
 * The member protocol over gRPC, as the text of proto/haservice/member/v1/member.proto, which `npm run generate` writes. The
 * fields are those of member-protocol.ts. It is here as text so that the bundled operator has it within itself.
 */
export const memberProto = `// The member protocol of HAService over gRPC: for programs that want to be led.
// docs/engines.md tells what each order asks for.
//
// Made by \`npm run generate\` from src/api. Do not edit.

syntax = "proto3";

package haservice.member.v1;

// The operator calls the port of the pods that engine.port names, in plaintext (h2c), with the metadata
//
//   haservice-epoch  the epoch that the operator is in
//   haservice-lease  a grant of time, "<nonce> <milliseconds>", where there is one
//
// and understands these answers:
//
//   OK                   Status: well. An order: done, or under way; the report, and those to come, say how far.
//   UNAVAILABLE          Status: not well. The trailer haservice-report-bin holds the Report, whose problem says why.
//   FAILED_PRECONDITION  An order: refused. The trailer haservice-refusal says why in one word: StaleEpoch (it has acknowledged
//                        a higher epoch), WrongMember, Empty, Foreign, Invalid or Failed; the status message says it to
//                        people. haservice-report-bin may hold the Report.
//
// Anything else is a wrong answer. Every order may come again, and then changes nothing.
service Member {
  rpc Status(StatusRequest) returns (Report);
  // Take writes. May come again with another sync.
  rpc Promote(PromoteRequest) returns (Report);
  // Take no writes and follow the leader; where need be, become a copy of it first.
  rpc Follow(FollowRequest) returns (Report);
  // Take no writes, follow nobody. The answer comes when both have surely ended.
  rpc Fence(FenceRequest) returns (Report);
  // As Fence: for a member that is no leader any more, whoever is.
  rpc Demote(DemoteRequest) returns (Report);
}

message StatusRequest {}

message PromoteRequest {
  // Name and UID of the pod that it is for; any other refuses: WrongMember. So in all orders.
  string member = 1;
  optional string uid = 2;
  // At most 1000000000; a higher one is refused: Invalid. So in all orders.
  uint64 epoch = 3;
  string reason = 4;
  // Where it is Empty, begin a new data set.
  bool init = 5;
  optional Sync sync = 6;
  // With init: of the Report in which it was Empty. A process that did not issue it refuses: WrongMember.
  optional string nonce = 7;
  // Lead even if what it holds is older than what it has once held; without it, such a member refuses.
  optional bool accept_old = 8;
}

message FollowRequest {
  string member = 1;
  optional string uid = 2;
  uint64 epoch = 3;
  string reason = 4;
  Leader leader = 5;
  // Offset at which the leader's term began: until it is reached, positions are told in the old term.
  optional uint64 start = 6;
}

message FenceRequest {
  string member = 1;
  optional string uid = 2;
  uint64 epoch = 3;
  string reason = 4;
}

message DemoteRequest {
  string member = 1;
  optional string uid = 2;
  uint64 epoch = 3;
  string reason = 4;
}

message Leader {
  string member = 1;
  // IP address.
  string host = 2;
  // Of the program.
  uint32 port = 3;
}

// Which members' acknowledgements the leader asks for, and of how many, before it acknowledges a write.
message Sync {
  repeated string members = 1;
  uint32 acks = 2;
  // Counts the sets of an epoch: a member that was told a higher one in that epoch refuses a lower one, with StaleEpoch.
  optional uint32 revision = 3;
}

// How far a log has come. Positions are compared by term first, then by offset.
message Position {
  // Epoch of the leader whose log it is.
  uint64 term = 1;
  // Bytes, or whatever else grows with each write. Below 2^53.
  uint64 offset = 2;
  // Names the log in which the offset counts: of two members that name the same, the one with the greater offset holds all that
  // the other holds, whatever terms they have been told. Absent: the term alone says.
  optional string history = 3;
}

message Report {
  enum State {
    STATE_UNSPECIFIED = 0;
    // Has never held data, or has lost it.
    STATE_EMPTY = 1;
    // The program is coming up; nothing is known yet.
    STATE_STARTING = 2;
    // Is being made a copy of the leader: what it holds counts for nothing.
    STATE_CLONING = 3;
    // Holds data, follows nobody, takes no writes.
    STATE_DETACHED = 4;
    STATE_FOLLOWING = 5;
    // Takes writes.
    STATE_LEADING = 6;
  }

  // UID of the pod, so that an address which has passed to another pod is noticed.
  optional string uid = 1;
  State state = 2;
  // The highest epoch that it has acknowledged, at most 1000000000. Kept on its volume; older orders are refused.
  uint64 epoch = 3;
  // The last epoch in which it led; 0: it never did.
  uint64 led_epoch = 4;
  // Whom it follows, by name: in Following and Cloning.
  optional string leader = 5;
  // Following: whether the stream from the leader stands.
  optional bool linked = 6;
  // Absent where it cannot be compared.
  optional Position position = 7;
  // Following: milliseconds since it was last known to hold all that the leader has; 0 while it does.
  optional uint64 lag_ms = 8;
  // Leading: what is in force now.
  optional Sync sync = 9;
  // Names the data set: copies of it have the same.
  optional string identity = 10;
  // What it held that no other had, when it was last made a copy of a leader that had gone on without it.
  optional Loss loss = 11;
  // What is wrong, where something is.
  optional Problem problem = 12;
  // Given anew in each report: a grant of time counts from the report whose nonce it names.
  optional string nonce = 13;
  // False: what a restart of it finds, or has found, may be older than what it holds, or has held, in memory.
  optional bool durable = 14;
}

message Loss {
  // Epoch of the leader that it was made to follow.
  uint64 epoch = 1;
  optional uint64 bytes = 2;
  optional uint64 transactions = 3;
  // For a person: what is known, and where the discarded data lies.
  string message = 4;
}

message Problem {
  // One word, for programs.
  string reason = 1;
  // What a person can do.
  string message = 2;
}
`;
