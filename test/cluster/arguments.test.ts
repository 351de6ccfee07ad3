import { expect, test } from 'vitest';
import { amount, component, nodeCount, podRef } from './arguments.ts';

test('a number of nodes', () => {
  expect(nodeCount('6')).toBe(6);
  for (const text of ['0', '10', '1.5', '-1', 'six', '']) {
    expect(() => nodeCount(text)).toThrow('give a whole number from 1 to 9');
  }
});

test('an amount', () => {
  expect(amount('0')).toBe(0);
  expect(amount('12.5')).toBe(12.5);
  for (const text of ['-1', 'much', '', ' ', '5%']) {
    expect(() => amount(text)).toThrow('give a number that is not negative');
  }
});

test('a component of the control plane', () => {
  expect(component('kube-apiserver')).toBe('kube-apiserver');
  expect(() => component('apiserver')).toThrow('give one of etcd, kube-apiserver, ');
});

test('a pod by its name, or with its namespace in front', () => {
  expect(podRef('db-0', 'default')).toEqual({ namespace: 'default', name: 'db-0' });
  expect(podRef('shop/db-0', 'default')).toEqual({ namespace: 'shop', name: 'db-0' });
});
