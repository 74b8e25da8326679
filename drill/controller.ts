/** The process that carries out a scenario's operation, to be killed on the way: `controller.ts <JSON>`. */
import { type Material, type ScenarioName, SCENARIOS } from './scenarios';

interface Order {
  scenario: ScenarioName;
  base: string;
  material: Material;
  python: string;
}

const { scenario, base, material, python } = JSON.parse(process.argv[2]) as Order;
void SCENARIOS[scenario].run(base, material, { python }).catch(() => process.exit(1));
