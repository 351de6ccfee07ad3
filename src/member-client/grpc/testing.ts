import {
  type ServiceDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
  type sendUnaryData,
  type status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** The published file, as a third-party program loads it. */
const published = new URL('../../../proto/haservice/member/v1/member.proto', import.meta.url);
const definitions = loadSync(published.pathname, { longs: Number, enums: String });
const memberDefinition = definitions['haservice.member.v1.Member'] as ServiceDefinition;

/** Written by hand, independent of the operator's own definition. */
const healthDefinition: ServiceDefinition = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (service: string) =>
      Buffer.from(`\n${String.fromCharCode(service.length)}${service}`),
    requestDeserialize: (bytes: Buffer) => ({ service: bytes.subarray(2).toString() }),
    responseSerialize: (value: number) => Buffer.from([8, value]),
    responseDeserialize: (bytes: Buffer) => bytes[1],
  },
};

export type Call = ServerUnaryCall<unknown, unknown>;
export type Reply = sendUnaryData<unknown>;
export type Handler = (call: Call, reply: Reply) => void;

export interface TestGrpcServer {
  port: number;
  /** Closes all connections and stops listening. */
  stop: () => void;
}

/** A server of the official library, in this process. */
export async function serveGrpc(handlers: {
  /** The Health service. */
  check?: Handler;
  /** The Member service: Status, Promote, ... */
  member?: Record<string, Handler>;
}): Promise<TestGrpcServer> {
  const server = new Server();
  const { check, member } = handlers;
  if (check !== undefined) server.addService(healthDefinition, { check });
  if (member !== undefined) {
    server.addService(memberDefinition, member as UntypedServiceImplementation);
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, stop: () => server.forceShutdown() };
}

/** Ends a call with a status other than OK, and with trailers. */
export function fail(
  reply: Reply,
  code: status,
  details: string,
  trailers: Record<string, string | Buffer> = {},
): void {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  reply({ code, details, metadata });
}

/** A report encoded by the published file, for the trailer haservice-report-bin. */
export const encodeReport = (report: object): Buffer =>
  memberDefinition['Status']?.responseSerialize(report) ?? Buffer.alloc(0);

/** A program for startProcess: it is always healthy. */
export const healthyProgram = `require('node:http2').createServer().on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
})`;
