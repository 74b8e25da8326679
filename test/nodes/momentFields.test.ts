/** What a switch waits for, as the fields have it. */
import { within } from '../../nodes/n8n/field';
import { readMoment } from '../../nodes/n8n/momentFields';

const read = (options: object) => readMoment(within({ options }), () => 'Asia/Tokyo');

test('untouched, it waits for nothing', () => {
  expect(read({})).toEqual({ quietSeconds: 0, whenNotQuiet: 'goOn' });
});

test('seconds, and what happens after them', () => {
  expect(read({ waitForQuietSeconds: '90', whenNotQuiet: 'giveUp' })).toEqual({
    quietSeconds: 90,
    whenNotQuiet: 'giveUp',
  });
});

test.each([
  ['02:00-05:00', 120, 300],
  [' 2:00 – 5:30 ', 120, 330],
  ['22:00-02:00', 1320, 120],
  ['22:00-24:00', 1320, 0],
  ['00:00-23:59', 0, 1439],
])('the window %s, by the workflow’s clocks or others', (deploymentWindow, from, to) => {
  expect(read({ deploymentWindow }).window).toEqual({ from, to, zone: 'Asia/Tokyo' });
  const windowTimeZone = ' Europe/Berlin ';
  expect(read({ deploymentWindow, windowTimeZone }).window).toEqual({ from, to, zone: 'Europe/Berlin' });
});

const TWO = 'Give two times of day, such as 02:00-05:00.';
test.each([
  [{ deploymentWindow: '2-5' }, `Deployment Window is "2-5". ${TWO}`],
  [{ deploymentWindow: '02:00' }, `Deployment Window is "02:00". ${TWO}`],
  [{ deploymentWindow: '02:00-24:01' }, `Deployment Window is "02:00-24:01". ${TWO}`],
  [{ deploymentWindow: '02:60-03:00' }, `Deployment Window is "02:60-03:00". ${TWO}`],
  [{ deploymentWindow: '25:00-03:00' }, `Deployment Window is "25:00-03:00". ${TWO}`],
  [{ deploymentWindow: '02:00-05:00\nx' }, `Deployment Window is "02:00-05:00\\nx". ${TWO}`],
  [
    { deploymentWindow: '02:00-2:00' },
    'Deployment Window is "02:00-2:00", which begins when it ends. Leave it empty',
  ],
  [
    { deploymentWindow: '00:00-24:00' },
    'Deployment Window is "00:00-24:00", which begins when it ends. Leave it empty',
  ],
  [
    { deploymentWindow: '02:00-05:00', windowTimeZone: 'Berlin' },
    'Window Time Zone is "Berlin", which is no time zone that n8n knows. Give a name such as Europe/Berlin',
  ],
  [{ waitForQuietSeconds: -1 }, 'Wait for Quiet (Seconds) is -1. Give a number that is 0 or more.'],
  [{ whenNotQuiet: 'hope' }, 'When Not Quiet is "hope". Choose one of: goOn, giveUp.'],
])('%j is refused by a sentence that names the field and what to do', (options, sentence) => {
  expect(() => read(options)).toThrow(expect.objectContaining({ code: 'INPUT' }));
  expect(() => read(options)).toThrow(sentence);
});
