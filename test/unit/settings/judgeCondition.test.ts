import { OPERATORS } from '../../../nodes/AnchorBrowser/delivery/conditions';
import { judgeCondition } from '../../../nodes/AnchorBrowser/settings/judgeCondition';

const operator = OPERATORS.find(({ name }) => name === 'dateTime:equals')!;
const areEqual = (leftValue: unknown, rightValue: unknown, timeZone?: string) =>
	judgeCondition({ leftValue, operator, rightValue, ignoreCase: true }, timeZone);

it.each([
	['2026-05-24T15:00:00', 'UTC', '2026-05-24T15:00:00Z'],
	['2026-05-24T15:00', 'America/New_York', '2026-05-24T19:00:00Z'],
	['2026-05-24 15:00:00.5', 'Asia/Kolkata', '2026-05-24T09:30:00.500Z'],
	[' 2026-05-24 ', 'Pacific/Auckland', '2026-05-23T12:00:00Z'],
	['2026-03-08T03:30', 'America/New_York', '2026-03-08T07:30:00Z'],
	['2026-03-08T01:30', 'America/New_York', '2026-03-08T06:30:00Z'],
	['2026-11-01T00:30', 'America/New_York', '2026-11-01T04:30:00Z'],
	['20260524T150000', 'America/New_York', '2026-05-24T19:00:00Z'],
	['2026-05-24T15', 'America/New_York', '2026-05-24T19:00:00Z'],
	['2026-05', 'America/New_York', '2026-05-01T04:00:00Z'],
	['2026-05-24T15:00', 'DEFAULT', new Date(2026, 4, 24, 15).toISOString()],
	['2026-05-24T15:00+02:00', 'Pacific/Auckland', '2026-05-24T13:00:00Z'],
])('takes %j in %s as %s', (written, timeZone, meant) => {
	expect(areEqual(written, meant, timeZone)).toBe(true);
	expect(areEqual(meant, written, timeZone)).toBe(true);
});

it('cannot judge what is no date', () => {
	for (const value of ['2026-13-45', 'soon', '']) expect(() => areEqual(value, value)).toThrow();
});
