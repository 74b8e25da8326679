import type { IExecuteFunctions } from 'n8n-workflow';

import { type DeployError, toDeployError } from '../shared/errors';
import type { SwitchResult } from '../shared/release/result';
import type { RolloutStatus } from '../shared/operations/getRollout';
import type { ReplayedRelease } from '../shared/operations/replayReleases';
import { reportDocument } from '../shared/report/document';
import { rolloutDocument } from '../shared/report/rolloutReport';
import { replayDocument } from '../shared/report/replayReport';
import { factsOfResult, factsOfStopped, type ReportFacts, reportName } from '../shared/report/reportFacts';
import { flag, option } from './field';
import type { ItemContext } from './item';

/** Asks for what people read. */
export const report = option(
  flag({
    displayName: 'Report',
    name: 'report',
    default: false,
    description:
      'Whether the item carries an HTML report in the binary field “report”: steps, checks with their output, files and packages changed, what a replay found side by side, how a watched release does; also of what did not go live, when the node’s settings let it go on',
  }),
);

/** The binary property that holds the report, for people to get. */
const REPORT_PROPERTY = 'report';

/** The one that holds it for n8n's own viewer, which opens no file that says it is HTML, but shows it as what it is. */
const VIEW_PROPERTY = 'reportView';

/**
 * Does what switches releases, and adds a report of it to the item where the option Report is on: also of what did not
 * go live, where the node carries on.
 */
export async function reporting(item: ItemContext, work: () => Promise<SwitchResult>): Promise<SwitchResult> {
  const { node } = item;
  if (!report.read(item.read)) return work();
  try {
    const result = await work();
    const unstored = await attach(item, factsOfResult(result, circumstances(node)));
    if (!unstored) return result;
    // What is live stays so, whatever becomes of the paper about it.
    const complaint = `The report could not be stored: ${unstored.message}`;
    return { ...result, complaint: [result.complaint, complaint].filter(Boolean).join(' ') };
  } catch (error) {
    const stopped = toDeployError(error);
    if (node.continueOnFail()) await attach(item, factsOfStopped(stopped, circumstances(node)));
    throw toDeployError(stopped);
  }
}

/** Adds a report of a replay to the item, where the option is on. Resolves with what kept it from being stored, if something did. */
export async function reportReplay(
  item: ItemContext,
  found: ReplayedRelease,
): Promise<DeployError | undefined> {
  if (!report.read(item.read)) return undefined;
  const facts = { ...found, ...circumstances(item.node) };
  return store(item, () => replayDocument(facts), `hot-deploy-replay-${found.release}.html`);
}

/** As that, of a release that is watched. */
export async function reportRollout(
  item: ItemContext,
  found: RolloutStatus,
): Promise<DeployError | undefined> {
  const { rollout, host, basePath } = found;
  if (rollout === null || !report.read(item.read)) return undefined;
  const facts = { rollout, host, basePath, ...circumstances(item.node) };
  return store(item, () => rolloutDocument(facts), `hot-deploy-rollout-${rollout.release}.html`);
}

function attach(item: ItemContext, facts: ReportFacts): Promise<DeployError | undefined> {
  return store(item, () => reportDocument(facts), reportName(facts));
}

/** Resolves with what kept the report from being stored, if something did. */
async function store(
  { node, binary }: ItemContext,
  documentOf: () => string,
  name: string,
): Promise<DeployError | undefined> {
  try {
    const content = Buffer.from(documentOf(), 'utf8');
    const { prepareBinaryData } = node.helpers;
    binary[REPORT_PROPERTY] = await prepareBinaryData(content, name, 'text/html');
    binary[VIEW_PROPERTY] = { ...(await prepareBinaryData(content, name, 'text/plain')), fileType: 'html' };
    return undefined;
  } catch (error) {
    return toDeployError(error);
  }
}

function circumstances(node: IExecuteFunctions): Pick<ReportFacts, 'at' | 'workflow' | 'execution'> {
  const at = new Date().toISOString();
  return { at, workflow: node.getWorkflow().name, execution: node.getExecutionId() };
}
