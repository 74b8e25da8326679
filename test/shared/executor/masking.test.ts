import fc from 'fast-check';

import { evaluate } from '../../support/pythonModule';

interface Sample {
  environment: Record<string, string>;
  pieces: string[];
}

const FEED = `
from hot_deploy.masking import Mask
result = []
for sample in json.load(sys.stdin):
    mask = Mask(sample["environment"])
    fed = [mask.feed(piece.encode("utf-8")) for piece in sample["pieces"]]
    result.append((b"".join(fed) + mask.rest()).decode("utf-8"))
print(json.dumps(result))
`;

/** What is shown of each sample's pieces, joined. */
function shown(samples: Sample[]): string[] {
  return evaluate<string[]>(FEED, samples);
}

describe('masking', () => {
  it('P7: a secret does not show, however the output is cut into pieces, and nothing else is lost', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 12 });
    const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 8 });
    const samples = fc.sample(fc.tuple(secret, fc.array(text, { maxLength: 6 })), { numRuns: 500 });
    const outputs = shown(
      samples.map(([value, pieces]) => ({ environment: { API_KEY: value }, pieces: [...pieces] })),
    );
    outputs.forEach((output, index) => {
      const [value, pieces] = samples[index];
      expect(output).toBe(pieces.join('').replaceAll(value, '***'));
    });
  });

  it.each([
    ['API_KEY', 'hunter22', '***'],
    ['db_password', 'hunter22', '***'],
    ['GITHUB_TOKEN', 'hunter22', '***'],
    ['MODE', 'hunter22', 'hunter22'],
    ['API_KEY', 'abc', 'abc'],
  ])('P7: %s=%s shows as %s', (name, value, expected) => {
    expect(shown([{ environment: { [name]: value }, pieces: [value] }])).toEqual([expected]);
  });
});
