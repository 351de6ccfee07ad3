/**
 * Replaces `$(NAME)` by the variable, as the kubelet does in the command and args of a container; `$$` is a dollar sign, and an
 * unknown name stays as it is. Source: Kubernetes' third_party/forked/golang/expansion.
 */
export const expand = (text: string, variables: Readonly<Record<string, string | undefined>>) =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (whole, _rest: string, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );
