/**
 * Puts variables in the place of `$(NAME)`, as the kubelet does in the command and args of a container; `$$` is a dollar, and
 * a name that is not known stays as it is. Source: Kubernetes' third_party/forked/golang/expansion.
 */
export const expand = (text: string, variables: Readonly<Record<string, string | undefined>>) =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (whole, _rest: string, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );
