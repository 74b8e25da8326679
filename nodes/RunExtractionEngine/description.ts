import { describeOperations } from '../n8n/nodeDescription';
import { operations } from './operations';

export const { properties, subtitle } = describeOperations(operations);
