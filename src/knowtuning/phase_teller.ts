/** @file Tells a run's events in order, with the place and the time of each phase. */
import { type KnowtuneEvent, PHASE_LABELS, PHASES, type PhaseName } from './events.ts';
import { needsKnowledge } from './knowledge.ts';
import type { KnowtuneInput } from './options.ts';

/** Phases of runs that ask for each fact. */
const KNOWLEDGE_PHASES: readonly PhaseName[] = ['knowledge', 'knowledge-after'];

/** The phases that a run goes through, and what it tells about them. */
export class PhaseTeller {
  readonly phases: readonly PhaseName[];

  constructor(private readonly input: KnowtuneInput) {
    const { systems } = input.options;
    const asked = new Set<PhaseName>(
      input.test.length > 0 ? systems.map((system) => `evaluate-${system}` as const) : [],
    );
    const { knowledge, method } = input.options;
    if (knowledge || needsKnowledge(method)) for (const phase of KNOWLEDGE_PHASES) asked.add(phase);
    this.phases = PHASES.filter(
      (phase) => asked.has(phase) || !(phase.startsWith('evaluate-') || KNOWLEDGE_PHASES.includes(phase)),
    );
  }

  tell(event: KnowtuneEvent): void {
    this.input.onEvent?.(event);
  }

  start(): void {
    this.tell({ type: 'run-started', phases: this.phases });
  }

  async phase<T>(
    phase: PhaseName,
    work: () => Promise<[result: T, counts: Record<string, number>]>,
  ): Promise<T> {
    this.input.signal?.throwIfAborted();
    const number = this.phases.indexOf(phase) + 1;
    this.tell({ type: 'phase-started', phase, label: PHASE_LABELS[phase], number, of: this.phases.length });
    const start = this.input.clock();
    const [result, counts] = await work();
    this.tell({ type: 'phase-finished', phase, seconds: this.input.clock() - start, counts });
    this.tell({ type: 'memory', ...this.input.tuner.memory() });
    return result;
  }
}
