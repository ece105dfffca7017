import { readFlatted } from './flatted';

test('texts inside objects and lists are references to other entries', () => {
	const text = '[{"a":"1","b":"2","n":7,"none":null},"1",["1","3",true],{"deep":"1"}]';
	expect(readFlatted(text)).toEqual({
		a: '1',
		b: ['1', { deep: '1' }, true],
		n: 7,
		none: null,
	});
});

test('a value may contain itself', () => {
	const value = readFlatted('[{"self":"0"}]') as { self: unknown };
	expect(value.self).toBe(value);
});

test('a key may be called __proto__', () => {
	const value = readFlatted('[{"__proto__":"1"},"mine"]') as object;
	expect(Object.keys(value)).toEqual(['__proto__']);
	expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});
