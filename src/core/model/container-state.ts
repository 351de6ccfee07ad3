/** A container that cannot start, with the words of the kubelet, such as ImagePullBackOff. */
export interface ContainerWait {
  container: string;
  reason: string;
  message: string;
  /** How it ended before. Absent: it has not run yet, or the kubelet does not tell. */
  end?: ContainerEnd;
}

/** The latest end of a process of a container, as the kubelet tells. */
export interface ContainerEnd {
  container: string;
  reason: string;
  exitCode: number;
  /** Of the kubelet or the container runtime; for the reason Error it is the program's own. */
  message?: string;
  finishedAtMs: number;
  /** How often the container has ended. */
  count: number;
  /** Of the container, as in its pod. Absent: it has none. */
  memoryLimit?: string;
}

/** The container that the kubelet is about to create; there is none if all have been started, or one cannot be. */
export interface NextContainer {
  container: string;
  image: string;
  /** Epoch milliseconds since when. */
  sinceMs: number;
  /** Volumes and network are there, so that only the image can be missing. Absent: they are not, or the kubelet does not tell. */
  isSetUp?: true;
}
