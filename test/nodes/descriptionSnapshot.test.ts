/**
 * The nodes' whole descriptions, as n8n gets them: what a workflow of an earlier version is opened with. A change that is
 * meant is accepted with `npx jest test/nodes/descriptionSnapshot.test.ts -u`, and seen in the diff.
 */
import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { HotDeployTrigger } from '../../nodes/HotDeployTrigger/HotDeployTrigger.node';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';
import '../support/withoutProcesses';

test.each([
  ['Hot Deploy', new HotDeploy()],
  ['Rollback Extraction Engine', new RollbackExtractionEngine()],
  ['Run Extraction Engine', new RunExtractionEngine()],
  ['Hot Deploy Trigger', new HotDeployTrigger()],
])('%s is described as it was', (_name, { description }) => {
  expect(JSON.parse(JSON.stringify(description))).toMatchSnapshot();
});
