/** CEL rules travel from the schema into the CRD under this key; messages say what to write instead. */
export interface CelRule {
  rule: string;
  message: string;
}

export const cel = (...rules: CelRule[]) => ({ 'x-kubernetes-validations': rules });
