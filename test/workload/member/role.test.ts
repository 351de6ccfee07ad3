import { expect, test } from 'vitest';
import { RoleKeeper } from './role.ts';

test('a member without hooks takes writes', () => {
  expect(new RoleKeeper('none')).toMatchObject({ role: 'none', epoch: 0, takesWrites: true });
});

test('a standby takes writes from its promotion to its demotion', () => {
  const keeper = new RoleKeeper('standby');
  expect(keeper.takesWrites).toBe(false);
  expect(keeper.become('primary', 3).status).toBe(200);
  expect(keeper.become('primary', 3).status).toBe(200);
  expect(keeper).toMatchObject({ role: 'primary', epoch: 3, takesWrites: true });
  expect(keeper.become('standby', 4).status).toBe(200);
  expect(keeper.takesWrites).toBe(false);
});

test.each([2, -1, 1.5, Number.NaN])('epoch %s after 3 changes nothing', (epoch) => {
  const keeper = new RoleKeeper('standby');
  keeper.become('standby', 3);
  expect(keeper.become('primary', epoch).status).toBe(epoch === 2 ? 409 : 400);
  expect(keeper).toMatchObject({ role: 'standby', epoch: 3 });
});
