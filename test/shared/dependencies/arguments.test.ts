import { installArguments } from '../../../nodes/shared/dependencies/install';
import { NO_DEPENDENCIES } from '../../../nodes/shared/dependencies/installOptions';
import { recordedOptions } from '../../../nodes/shared/dependencies/wanted';
import { hostileTexts } from '../../support/hostile';

const OPTIONS = [
  '--index-url=',
  '--extra-index-url=',
  '--find-links=',
  '--constraint=',
  '--requirement=',
] as const;

test('P7: whatever a record or a source says, pip and uv get it as the value of one of our options', () => {
  for (const said of hostileTexts('/canary')) {
    const options = recordedOptions({
      ...NO_DEPENDENCIES,
      indexUrl: said,
      extraIndexUrls: [said],
      findLinks: [said],
      constraints: said,
      noIndex: true,
      requireHashes: true,
    });
    const given = installArguments({ file: said, options });
    const ours = given.map((word) => OPTIONS.find((option) => word === option + said) ?? word);
    expect([...OPTIONS, '--no-index', '--require-hashes']).toEqual(expect.arrayContaining(ours));
  }
});
