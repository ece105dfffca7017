import { deliveryAudits } from './deliveryAudits';
import { registrationAudits } from './registrationAudits';
import { realAudits } from '../e2e/registration/realAudits';
import { EVENT_NAMES } from '../support/signedRequests';

describe('the lists of requirements', () => {
	const lists = { deliveryAudits, registrationAudits: [...registrationAudits, ...realAudits] };

	test.each(Object.entries(lists))('%s: each has four characters of its own', (_name, audits) => {
		const ids = audits.map(({ id }) => id);
		expect(ids.filter((id) => !/^[0-9a-f]{4}$/.test(id))).toEqual([]);
		expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
	});

	test.each(Object.entries(lists))('%s: no requirement stands there twice', (_name, audits) => {
		const said = audits.map(({ requirement }) => requirement);
		expect(said.filter((words, index) => said.indexOf(words) !== index)).toEqual([]);
	});

	test('name every event', () => {
		const said = deliveryAudits.map(({ requirement }) => requirement).join('\n');
		expect(EVENT_NAMES.filter((type) => !said.includes(type))).toEqual([]);
	});
});
