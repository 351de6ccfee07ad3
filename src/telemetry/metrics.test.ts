import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

const web = { namespace: 'default', name: 'web' };
const other = { namespace: 'default', name: 'other' };

async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.expose()).text.split('\n');
}

describe('the metrics', () => {
  it('use the names of the ecosystem', async () => {
    const metrics = new Metrics();
    metrics.reconcileStarted('haservice');
    metrics.reconcileStarted('haservice');
    metrics.reconcileEnded('haservice', 'success', 20);
    const queue = metrics.workQueue('haservice');
    queue.added();
    queue.depth(3);
    queue.waited(0.5);
    queue.worked(20);
    queue.retried();
    metrics.client.request('PATCH', '409');
    const lines = await linesOf(metrics);
    for (const line of [
      'controller_runtime_reconcile_total{controller="haservice",result="success"} 1',
      'controller_runtime_reconcile_time_seconds_sum{controller="haservice"} 0.02',
      'controller_runtime_active_workers{controller="haservice"} 1',
      'workqueue_adds_total{name="haservice"} 1',
      'workqueue_depth{name="haservice"} 3',
      'workqueue_queue_duration_seconds_bucket{le="0.001",name="haservice"} 1',
      'workqueue_work_duration_seconds_sum{name="haservice"} 0.02',
      'workqueue_retries_total{name="haservice"} 1',
      'rest_client_requests_total{code="409",method="PATCH"} 1',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('report failovers, heartbeats, hooks and stalls', async () => {
    const metrics = new Metrics();
    metrics.failover(web, 'Crash');
    metrics.failoverPhase('promote', 12);
    metrics.heartbeat.heartbeat('answer');
    metrics.heartbeat.roundTrip(2);
    metrics.heartbeat.stalled(1_500);
    metrics.hookCalled('promote', 'HA_ERR_HOOK_TIMEOUT');
    const lines = await linesOf(metrics);
    for (const line of [
      'haservice_failovers_total{namespace="default",name="web",trigger="Crash"} 1',
      'haservice_failover_duration_seconds_sum{phase="promote"} 0.012',
      'haservice_heartbeats_total{result="answer"} 1',
      'haservice_heartbeat_rtt_seconds_sum 0.002',
      'haservice_operator_stall_seconds_total 1.5',
      'haservice_hook_calls_total{action="promote",result="HA_ERR_HOOK_TIMEOUT"} 1',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('count the members of a service by health, and none if there are none any more', async () => {
    const metrics = new Metrics();
    metrics.setService(web, 4, { Healthy: 2, Dead: 1 });
    metrics.setService(web, 5, { Healthy: 3 });
    const lines = await linesOf(metrics);
    expect(lines).toContain('haservice_epoch{namespace="default",name="web"} 5');
    expect(lines).toContain(
      'haservice_members{namespace="default",name="web",verdict="Healthy"} 3',
    );
    expect(lines).toContain('haservice_members{namespace="default",name="web",verdict="Dead"} 0');
  });

  it('say whether the settings of the operator are valid', async () => {
    const metrics = new Metrics();
    expect(await linesOf(metrics)).toContain('haservice_settings_valid 1');
    metrics.settingsValid(false);
    expect(await linesOf(metrics)).toContain('haservice_settings_valid 0');
  });

  it('count experiments from 0, and go on from there', async () => {
    const metrics = new Metrics();
    const failed =
      'haservice_chaos_experiments_total{namespace="default",name="web",verdict="Failed"}';
    metrics.expectExperiments(web);
    expect(await linesOf(metrics)).toContain(`${failed} 0`);
    metrics.experiment(web, 'Failed', undefined);
    metrics.expectExperiments(web);
    expect(await linesOf(metrics)).toContain(`${failed} 1`);
  });

  it('forget a deleted service, and only that', async () => {
    const metrics = new Metrics();
    for (const service of [web, other]) {
      metrics.setService(service, 1, { Healthy: 3, Terminating: 1 });
      metrics.expectExperiments(service);
      metrics.failover(service, 'Silent');
      metrics.failover(service, 'Switchover');
    }
    metrics.forgetService(web);
    const lines = await linesOf(metrics);
    expect(lines.filter((line) => line.includes('name="web"'))).toEqual([]);
    expect(lines).toContain('haservice_epoch{namespace="default",name="other"} 1');
    expect(lines.filter((line) => line.includes('name="other"')).length).toBe(13);
  });

  it('include those of the process', async () => {
    expect(await linesOf(new Metrics())).toContainEqual(
      expect.stringMatching(/^process_resident_memory_bytes \d/),
    );
  });
});
