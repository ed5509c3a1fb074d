/** @file The audit of the project that is being worked on: its findings by question, until that question changes. */
import { type Audit, auditProject } from '../knowtuning/audit/audit.ts';
import { FINDING_KINDS, type Finding, type FindingKind, type Severity } from '../knowtuning/audit/finding.ts';
import type { Project, ProjectQuestion } from '../knowtuning/project.ts';
import type { StudioAudit } from './studio_protocol.ts';

export class StudioFindings {
  /** By the question as it was looked at: an edited one is another object. */
  #found = new WeakMap<ProjectQuestion, readonly Finding[]>();

  of(question: ProjectQuestion): readonly Finding[] {
    return this.#found.get(question) ?? [];
  }

  /** Audits what will be trained on. */
  async audit(project: Project): Promise<StudioAudit> {
    // What is edited meanwhile is another object, about which nothing was found.
    const looked = [...project.questions];
    const audit = await auditProject({ project: { ...project, questions: looked }, pause: otherCalls });
    const byId = new Map<string, Finding[]>();
    for (const finding of audit.findings) {
      if (finding.id === null) continue;
      const own = byId.get(finding.id);
      if (own) own.push(finding);
      else byId.set(finding.id, [finding]);
    }
    this.#found = new WeakMap(project.questions.map((question) => [question, byId.get(question.id) ?? []]));
    return summary(audit);
  }
}

/** Lets calls of the page be answered. */
const otherCalls = () => new Promise<void>((resolve) => setTimeout(resolve));

const GRAVITY: readonly Severity[] = ['error', 'warning', 'note'];

/** The gravest first. */
function summary({ findings, pairs, unmarkedPairs }: Audit): StudioAudit {
  const severity = new Map<FindingKind, Severity>();
  for (const finding of findings) {
    const known = severity.get(finding.kind);
    if (!known || GRAVITY.indexOf(finding.severity) < GRAVITY.indexOf(known))
      severity.set(finding.kind, finding.severity);
  }
  const counts = FINDING_KINDS.filter((kind) => severity.has(kind)).map((kind) => ({
    kind,
    severity: severity.get(kind)!,
    count: findings.filter((finding) => finding.kind === kind && finding.id !== null).length,
  }));
  return {
    pairs,
    unmarkedPairs,
    counts: counts
      .filter(({ count }) => count > 0)
      .sort((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity)),
    ofSet: findings.filter(({ id }) => id === null),
  };
}
