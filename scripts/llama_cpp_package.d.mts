/** What the tests use of npm's node-llama-cpp, which is not among the project's packages. */
export type Token = number & { readonly __token: never };
export interface Grammar {
  readonly grammar: string;
}
export interface GrammarState {
  clone(): GrammarState;
}
export interface EvaluateOptions {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly yieldEogToken: boolean;
  readonly repeatPenalty: { readonly penalty: number; readonly punishTokens: () => Token[] };
  readonly grammarEvaluationState?: GrammarState;
}
export interface Sequence {
  readonly nextTokenIndex: number;
  compareContextTokens(tokens: readonly Token[]): { readonly firstDifferentIndex: number };
  eraseContextTokenRanges(ranges: readonly { readonly start: number; readonly end: number }[]): Promise<void>;
  evaluate(tokens: readonly Token[], options: EvaluateOptions): AsyncIterable<Token>;
}
export interface Model {
  readonly fileInfo: { readonly metadata: { readonly tokenizer: { readonly chat_template: string } } };
  tokenize(text: string, specialTokens: boolean): Token[];
  detokenize(tokens: readonly Token[]): string;
  createContext(options: {
    readonly contextSize: number;
    readonly sequences: number;
    readonly threads: number;
  }): Promise<{ getSequence(): Sequence }>;
}
export interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<Model>;
  createGrammarForJsonSchema(schema: object): Promise<Grammar>;
  getGrammarFor(type: 'json'): Promise<Grammar>;
  dispose(): Promise<void>;
}
export function loadLlamaCpp(): Promise<{
  readonly llama: Llama;
  readonly LlamaGrammarEvaluationState: new (options: {
    readonly model: Model;
    readonly grammar: Grammar;
  }) => GrammarState;
}>;
