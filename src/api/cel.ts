/** The key of CEL rules in the schema, from which they are copied into the CRD. Their messages say what to write instead. */
export interface CelRule {
  rule: string;
  message: string;
  /** A message that depends on the value. The plain one is for an API server that cannot evaluate this one. */
  messageExpression?: string;
}

export const cel = (...rules: CelRule[]) => ({ 'x-kubernetes-validations': rules });
