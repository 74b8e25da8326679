import type { INodeProperties } from 'n8n-workflow';

/** The checks of a deployment or rollback. */
export const checkFields: INodeProperties = {
  displayName: 'Checks',
  name: 'checks',
  type: 'fixedCollection',
  typeOptions: { multipleValues: true, sortable: true },
  placeholder: 'Add Check',
  default: {},
  description:
    'What must hold for a release to go live. That Python files compile and JSON files are well-formed is checked in any case.',
  options: [
    {
      displayName: 'Check',
      name: 'check',
      values: [
        {
          displayName: 'Type',
          name: 'type',
          type: 'options',
          options: [
            { name: 'Command', value: 'command', description: 'A program ends with exit code 0' },
            { name: 'Files Compile', value: 'compile', description: 'Every Python file compiles' },
            { name: 'JSON Is Well-Formed', value: 'json', description: 'Every JSON file parses' },
            { name: 'Python Code', value: 'python', description: 'Code runs without an exception' },
          ],
          default: 'python',
          description: 'What is looked at',
        },
        {
          displayName: 'Name',
          name: 'name',
          type: 'string',
          default: '',
          placeholder: 'Extractor has six blocks',
          description: 'How messages and outputs call it',
        },
        {
          displayName: 'Code',
          name: 'code',
          type: 'string',
          typeOptions: { rows: 6 },
          default: '',
          placeholder:
            "from extractor import EvidenceExtractor\nEvidenceExtractor('config/default_config.json')",
          description:
            'Runs with the release’s interpreter, in the release’s directory, with src importable; passes when it ends without an exception',
          displayOptions: { show: { type: ['python'] } },
        },
        {
          displayName: 'Command',
          name: 'command',
          type: 'string',
          default: '',
          placeholder: 'python run.py extract sample.pdf',
          description:
            'Program and arguments, run without a shell in the release’s directory; python is the release’s interpreter. Passes with exit code 0.',
          displayOptions: { show: { type: ['command'] } },
        },
        {
          displayName: 'When',
          name: 'when',
          type: 'options',
          options: [
            { name: 'After the Switch', value: 'after', description: 'Not passing takes the switch back' },
            { name: 'Before and After', value: 'both', description: 'Both before and after the switch' },
            {
              name: 'Before the Switch',
              value: 'before',
              description: 'Not passing keeps it from happening',
            },
          ],
          default: 'both',
          description: 'When it runs',
        },
        {
          displayName: 'Timeout (Seconds)',
          name: 'timeoutSeconds',
          type: 'number',
          default: 0,
          typeOptions: { minValue: 0 },
          description:
            'After this it is ended and has not passed; 0 takes the Command Timeout of the options, 60 when not set',
          displayOptions: { show: { type: ['python', 'command'] } },
        },
        {
          displayName: 'Environment',
          name: 'environment',
          type: 'string',
          typeOptions: { rows: 2 },
          default: '',
          placeholder: 'ANTHROPIC_API_KEY=test-key',
          description: 'Variables added for this check, one NAME=value a line',
          displayOptions: { show: { type: ['python', 'command'] } },
        },
      ],
    },
  ],
};
