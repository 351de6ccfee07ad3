import type { Explanation } from './errors.ts';

/** What the operator finds wrong with a service: each word is a reason of the condition Degraded. */
export const serviceProblems = {
  SpecInvalid: {
    meaning: 'the spec is invalid: nothing is changed',
    whatToDo: 'correct the field that the message names',
    needsPerson: true,
  },
  StatusRefused: {
    meaning:
      'the API server refuses the status, so that it gets old and no failover can be decided; it is written again every half minute',
    whatToDo:
      'apply the CRD that came with this operator; look at the member whose field the message names',
    needsPerson: true,
  },
  ServiceNameConflict: {
    meaning: 'a Service has a name that this HAService needs, and belongs to another object',
    whatToDo:
      'do what the message says: rename the newer HAService; delete that Service only if nobody controls it',
    needsPerson: true,
  },
  NameTaken: {
    meaning: 'an object has a name that this HAService needs, and belongs to another object',
    whatToDo:
      'do what the message says: rename the newer HAService; delete that object only if nobody controls it',
    needsPerson: true,
  },
  ForeignPod: {
    meaning:
      'a pod has a name or labels of this HAService, and belongs to another object: it takes no traffic',
    whatToDo:
      'delete, rename or relabel that pod; one that a controller makes again, there: the message says which',
    needsPerson: true,
  },
  PortNotFound: {
    meaning: 'a `targetPort` is the name of no container port',
    whatToDo: 'name that port in `spec.template`, or write a number',
    needsPerson: true,
  },
  TemplateRefused: {
    meaning:
      'the API server finds the object that is to be written invalid, or would, as the spec has a quantity that is none, such as 1GB',
    whatToDo: 'correct the field of the spec that the message names',
    needsPerson: true,
  },
  WriteRefused: {
    meaning: 'the API server does not allow a write: quota, pod security or RBAC',
    whatToDo:
      'raise the quota, correct `spec.template` or, for the init container `haservice-agent`, `spec.agent.resources`, or apply the role of this version of the operator (`kubectl apply -f manifests/rbac.yaml`): the message says which',
    keepsDown: true,
  },
  WriteFailed: {
    meaning: 'a write to the API server failed, and is tried again',
    whatToDo: 'nothing, if it ends soon; else what the message says',
  },
  WriteNotKept: {
    meaning:
      'an admission webhook, or another program, changes what the operator writes, so that the operator writes it only every half minute',
    whatToDo: 'let it leave the fields alone that the message names',
  },
  VolumeNotGrown: {
    meaning:
      'a volume cannot get the size that `spec.volumeClaimTemplates` asks for: its StorageClass does not allow that, or the driver has failed',
    whatToDo:
      'write `allowVolumeExpansion: true` in the StorageClass, if the driver can do that, or set the size back; the message says which',
  },
  VolumeLarger: {
    meaning:
      '`spec.volumeClaimTemplates` asks for less than a volume has: volumes never shrink, and that of a new member would be too small for a copy',
    whatToDo: 'write the size that the message names',
  },
  NoSuccessor: {
    meaning:
      'no member can take over if the primary fails: `failover.neverPrimary` forbids all others to lead',
    whatToDo:
      'raise `replicas`, give members nodes in other zones, or let one of them lead by the command in the message',
  },
  NamespaceTerminating: {
    meaning: 'the namespace is being deleted, and this HAService with it',
    whatToDo: 'nothing',
  },
  AgentImageUnknown: {
    meaning: 'the operator does not know its own image, which the agent for the pods comes from',
    whatToDo:
      'run the operator in a pod with `POD_NAME` and `POD_NAMESPACE`, or set `AGENT_IMAGE` for it',
    needsPerson: true,
  },
  CommandMissing: {
    meaning:
      'the agent starts the program, and its container (`engine.container`, or the first one) has no `command`',
    whatToDo: 'write the command and args that the image would run',
    needsPerson: true,
  },
  ContainerAmbiguous: {
    meaning:
      'the template has several containers, `engine.container` names none of them, and it is not certain that the first one has the program: the agent would start, lead and fence another one',
    whatToDo:
      'write `engine.container`: the name of the container with the program; if that is the first one, no pod is restarted',
    needsPerson: true,
  },
  ProcessesShared: {
    meaning:
      '`hostPID` or `shareProcessNamespace` is true: a program that outlives the agent could not be stopped when its lease ends',
    whatToDo: 'remove that field, or write `failover.consistency: Eventual`',
    needsPerson: true,
  },
  WritesWait: {
    meaning: 'Strong: too few followers exist for any write to be acknowledged',
    whatToDo: 'bring back a member that the message names',
  },
  ContractBroken: {
    meaning:
      'the annotation that says how a pod was made is not as the operator wrote it, or names no port to probe: the member is reached as the spec says now',
    whatToDo: 'delete the pod that the message names, so that it is made again',
    needsPerson: true,
  },
  AgentUnseen: {
    meaning:
      'a pod was made with the agent, and the settings of the agent are not found in it, as somebody has changed the pod: the member is not asked and takes no part',
    whatToDo:
      'let no admission webhook change the containers of these pods, then delete the pod that the message names',
    needsPerson: true,
  },
  RivalLeads: {
    meaning:
      'a member that is not the primary says that it takes writes; the write Service does not point at it',
    whatToDo: 'nothing, if it ends soon: the member is ordered to stop; else see its log',
  },
  TooHighEpoch: {
    meaning:
      'a member has acknowledged an order of another client, and refuses those of this service',
    whatToDo:
      'protect its port by a network policy, then free it: see [failover.md](failover.md#what-to-read-at-three-in-the-morning)',
    needsPerson: true,
  },
  PromoteFailed: {
    meaning:
      'the hook or order that promotes the primary failed, and is tried again; or it has failed for a standby, and an update waits for a member that can lead',
    whatToDo: 'see the message, and the log of the member',
  },
  DemoteFailed: {
    meaning: 'the hook engine.demote failed, and is tried again',
    whatToDo: 'see the message, and the log of the member',
  },
  FollowFailed: {
    meaning: 'the order to follow the primary failed, and is tried again',
    whatToDo: 'see the message, and the log of the member',
  },
  FenceFailed: {
    meaning: 'the order to fence a member failed, and is tried again',
    whatToDo: 'see the message, and the log of the member',
  },
  TooFewZones: {
    meaning: 'nodes or members span fewer zones than `placement.zones.minZones`',
    whatToDo: 'add nodes in other zones, or lower `minZones`',
  },
  ImagePullFailed: {
    meaning: 'the image of a container cannot be pulled',
    whatToDo:
      'correct the image or its pull secret in `spec.template`; for the init container `haservice-agent`, what the message says',
    needsPerson: true,
  },
  ContainerConfigError: {
    meaning: 'a container needs a Secret or a ConfigMap that does not exist, or lacks a key',
    whatToDo: 'run the `kubectl create` in the message',
    needsPerson: true,
  },
  ContainerNotStarting: {
    meaning: 'a container does not start, or ends again and again',
    whatToDo:
      'the message says how it ended, and with which exit code (137: killed, perhaps for its memory limit); if the program ran, see `kubectl logs -p POD -c CONTAINER`',
    keepsDown: true,
  },
  OOMKilled: {
    meaning: 'a container does not come up, as it needs more memory than it gets',
    whatToDo:
      'raise the limit in the field that the message names: `spec.template`, or `spec.agent.resources`; without a limit, its pod or node has too little',
    keepsDown: true,
  },
  PodNotSetUp: {
    meaning: 'the kubelet cannot set up the volumes or the network of a pod',
    whatToDo:
      'create what the message names, if it does not exist; `kubectl describe pod POD` says what the kubelet waits for',
  },
  Unschedulable: {
    meaning: 'the scheduler finds no node for a member',
    whatToDo: 'do what the message says: the advice follows the words of the scheduler',
  },
  NotHeard: {
    meaning: 'a member runs and has never answered on its port',
    whatToDo: 'check `spec.engine.port`, the program, and network policies',
    keepsFromStarting: true,
  },
  MemberUnhealthy: {
    meaning:
      'a member answers its heartbeats wrongly; the message names the field by which it is asked',
    whatToDo: 'correct that field, or see the log of the member',
    keepsFromStarting: true,
  },
  MemberDead: {
    meaning: 'nothing listens at a member any more, or it has been silent for too long',
    whatToDo: 'see the log of the member, and its node',
    keepsFromStarting: true,
  },
  EveryMemberUnhealthy: {
    meaning: 'every member answers its heartbeats wrongly: failed checks alone empty no Service',
    whatToDo:
      'correct the field that the message names, or take back the last change of `spec.engine`',
    keepsFromStarting: true,
  },
  PortNotServed: {
    meaning:
      'Redis, Postgres: no port of the Services leads to the port on which the program listens',
    whatToDo: 'give one of `spec.ports` the `targetPort` that the message names',
    needsPerson: true,
  },
  MemberNotReady: {
    meaning: 'a member answers its heartbeats, but its pod is not ready: it gets no reads',
    whatToDo: 'see the readinessProbe of the pod: it asks for something that the member lacks',
  },
  MembersMissing: {
    meaning: 'fewer members are healthy than `replicas`',
    whatToDo: 'nothing, if they are starting; else see `status.members` and `kubectl get pods`',
  },
} as const satisfies Record<string, Explanation>;
