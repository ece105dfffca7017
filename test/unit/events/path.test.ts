import fc from 'fast-check';
import { parsePath, valueAt } from '../../../nodes/AnchorBrowser/events/path';
import { ODD_KEYS } from '../../fixtures/odd';

describe('parsePath', () => {
	it.each([
		['status', ['status']],
		[' error.type\n', ['error', 'type']],
		['error . type', ['error', 'type']],
		['.error.type', ['error', 'type']],
		['artifacts[0].name', ['artifacts', '0', 'name']],
		['artifacts.0.name', ['artifacts', '0', 'name']],
		['[ 0 ][1]', ['0', '1']],
		['result["a.b"].c', ['result', 'a.b', 'c']],
		["result['a.b']['c']", ['result', 'a.b', 'c']],
		['["a[0]"]', ['a[0]']],
		["result.it's", ['result', "it's"]],
		[`result["it's"]`, ['result', "it's"]],
		["result['it\\'s']", ['result', "it's"]],
		['result["\\"\\\\"]', ['result', '"\\']],
		['result.Total Price', ['result', 'Total Price']],
		['result.Price (EUR, net).x', ['result', 'Price (EUR, net)', 'x']],
		['result.content-type', ['result', 'content-type']],
		['result.größe', ['result', 'größe']],
		['$ref', ['$ref']],
		['.', []],
		['', []],
	])('reads %j', (text, path) => {
		expect(parsePath(text)).toEqual(path);
	});

	it.each([
		...['$json.error.type', '$json["error"]["type"]', "$json['error'].type", '$json.error?.type'],
		...['$json?.error.type', '{{ $json.error.type }}', '{{$json.error.type}}'],
		...['={{ $json.error.type }}', ' ={{ $json.error.type }}\n', '= {{ $json.error.type }}'],
		...['=$json.error.type', '=error.type', '{{ error.type }}'],
		"$('Anchor Browser Trigger').item.json.error.type",
		"{{ $('Anchor Browser Trigger').item.json.error.type }}",
		'{{ $("It\'s mine").first().json.error.type }}',
		"{{ $('It\\'s mine').last().json.error.type }}",
		...["{{ $('Mi\\\nne').last().json.error.type }}", '$input.item.json.error.type'],
		...['$input.first().json.error.type', '$node["Anchor Browser Trigger"].json.error.type'],
	])('takes %s for the field that it means', (text) => {
		expect(parsePath(text)).toEqual(['error', 'type']);
	});

	it.each(['$json', '{{ $json }}', "$('A').item.json"])('takes %s for the item itself', (text) => {
		expect(parsePath(text)).toEqual([]);
	});

	it.each([
		...['error.', 'error..type', 'artifacts[].name', 'artifacts[*].name', 'artifacts[0'],
		...['artifacts[-1]', 'result["a', 'result["a"x]', '"error".type', "'error'"],
		...['error.type == "timeout"', "error.type === 'timeout'", 'error.type.toLowerCase()'],
		...['a || b', '{{ $json.error.type.toLowerCase() }}', '{{ $json.error.type || "" }}'],
		...['{{ $json.duration_ms + 1 }}', '{{ $json.duration_ms / 1000 }}'],
		...['{{ $json.error.type }} {{ $json.status }}', '{{ $json.error.type }}.name'],
		...['error {{ $json.error.type }}', "{{ $('A').all()[0].json.error.type }}"],
		'{{ $json.error type }}',
	])('finds no path in %s', (text) => {
		expect(parsePath(text)).toBeUndefined();
	});

	it('reaches any key in quotes', () => {
		const keys = fc.array(fc.oneof(fc.constantFrom(...ODD_KEYS), fc.string()), { minLength: 1 });
		fc.assert(
			fc.property(keys, fc.constantFrom('"', "'"), (path, quote) => {
				const quoted = path.map((key) => quote + key.replace(/["'\\]/g, '\\$&') + quote);
				expect(parsePath(`$json${quoted.map((key) => `[${key}]`).join('')}`)).toEqual(path);
			}),
		);
	});

	it('never throws', () => {
		fc.assert(fc.property(fc.string(), (text) => void parsePath(text)));
	});
});

describe('valueAt', () => {
	const value = JSON.parse('{"a":[{"b":null}],"__proto__":{"c":1},"t":"x"}') as unknown;

	it.each([
		[[], value],
		[['a', '0'], { b: null }],
		[['a', '0', 'b'], null],
		[['a', 'length'], 1],
		[['__proto__', 'c'], 1],
		[['a', '1'], undefined],
		[['a', '0', 'b', 'c'], undefined],
		[['t', 'length'], undefined],
		[['a', 'map'], undefined],
		[['constructor'], undefined],
	])('at %j', (path, found) => {
		expect(valueAt(value, path)).toEqual(found);
	});

	it('is nothing in nothing', () => {
		expect(valueAt(undefined, ['a'])).toBeUndefined();
	});
});
